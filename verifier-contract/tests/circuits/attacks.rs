//! What a prover, a fulfiller or a registrant may try, each with the error that stops it.
//!
//! The tiny circuit accepts any public inputs, so a proof of another statement is as good as a proof of that one: what is
//! tested is that the contract computes its own.

use crate::chain::{Asked, CONSUMER, Chain, STRANGER, claim, error_name, program_words, with_word, word};
use crate::tiny::Forge;
use crate::tiny::circuit::{PARAMETERS, TinyCircuitStatement, circuit};
use alloy::primitives::{B256, Bytes, U256, keccak256};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::Field;
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::circuit::{CircuitWrapProof, key_points};
use trine_contract::calldata::points;
use trine_program::circuit::Circuit;
use trine_verifier::Origin;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::{Shape, Statement};
use trine_verifier::digest::field_word;
use trine_verifier::opening::ClosingPoints;

/// Words of a proof before its points.
const POINTS: usize = 8;

fn asked(bootstrappings: usize, inputs: usize, outputs: usize) -> (Chain, Circuit, Asked) {
    let mut chain = Chain::new(true);
    let circuit = circuit(bootstrappings, inputs, outputs);
    let asked = chain.ask(&circuit);
    (chain, circuit, asked)
}

fn raised(proof: &Bytes, index: usize) -> Bytes {
    with_word(proof, index, word(proof, index).wrapping_add(U256::from(1)))
}

fn swapped(proof: &Bytes, a: usize, b: usize) -> Bytes {
    let mut changed = proof.clone();
    for (to, from) in [(a, b), (a + 1, b + 1), (b, a), (b + 1, a + 1)] {
        changed = with_word(&changed, to, word(proof, from));
    }
    changed
}

#[test]
fn commitments_are_bound_before_they_are_folded() {
    let (mut chain, _, asked) = asked(8, 2, 1);
    let honest = chain.fulfilment(&asked);
    let shape = asked.statement.inputs(&PARAMETERS).unwrap().shape;
    let columns = shape.first_round().len();
    let rotation = POINTS + 2 * columns;
    let folds = rotation + 2 * shape.second_round().len();
    let quotient = folds + 2 * (shape.levels() - 1);
    let challenges = quotient + 6;
    let mut expect = |what: &str, proof: Bytes| {
        let call = Coprocessor::fulfilCircuitCall { proof, ..honest.clone() };
        assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch", "{what}");
    };
    expect("two columns change places", swapped(&honest.proof, POINTS, POINTS + 2));
    expect("a column and v change places", swapped(&honest.proof, rotation - 2, rotation));
    expect("v and a fold change places", swapped(&honest.proof, rotation, folds));
    expect("two folds change places", swapped(&honest.proof, folds, folds + 2));
    expect("Q and R change places", swapped(&honest.proof, quotient, quotient + 2));
    expect("R and W change places", swapped(&honest.proof, quotient + 2, quotient + 4));
    for (index, challenge) in ["rho", "r", "q", "z", "R(z)"].into_iter().enumerate() {
        expect(challenge, raised(&honest.proof, challenges + index));
    }
    assert!(chain.fulfil(&honest).is_ok());
}

/// Each equation of the opening alone: the forger knows tau and breaks the one and not the other.
#[test]
fn each_equation_of_the_opening_is_checked() {
    let forgeries: [(&str, Forge); 2] = [
        ("PE.K1", |closing, tau, x| {
            let shift = G1Affine::generator();
            closing.remainder = (closing.remainder + shift).into_affine();
            closing.witness = (closing.witness + shift * (tau - x.z).inverse().unwrap()).into_affine();
        }),
        ("PE.K2", |closing, tau, x| {
            // What is left when the quotient is nothing: the whole batch, whatever its values are.
            let u = x.r.pow([16]);
            let whole = closing.remainder + closing.quotient * ((tau.pow([16]) - u) * (tau - u));
            let infinity = G1Affine::zero();
            *closing =
                ClosingPoints { quotient: infinity, remainder: whole.into_affine(), witness: infinity };
        }),
    ];
    for (what, forge) in forgeries {
        let (mut chain, _, asked) = asked(4, 2, 1);
        chain.setup.forge = Some(forge);
        let call = chain.fulfilment(&asked);
        assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch", "{what}");
        chain.setup.forge = None;
        let call = chain.fulfilment(&asked);
        assert!(chain.fulfil(&call).is_ok());
    }
}

#[test]
fn halves_of_two_proofs() {
    let (mut chain, _, asked) = asked(4, 2, 1);
    let [first, second] = [0, 1].map(|_| chain.fulfilment(&asked));
    let shape = asked.statement.inputs(&PARAMETERS).unwrap().shape;
    let hash = chain.setup.deployable_for_circuits().verifier_hash();
    let read = |call: &Coprocessor::fulfilCircuitCall| {
        CircuitWrapProof::from_bytes(&shape, &hash, &call.proof).unwrap()
    };
    let [a, b] = [read(&first), read(&second)];
    let groth16 = CircuitWrapProof { groth16: a.groth16.clone(), ..b.clone() };
    let challenges = CircuitWrapProof { challenges: a.challenges, ..b.clone() };
    let group = CircuitWrapProof { group: a.group.clone(), ..b.clone() };
    for mixed in [groth16, challenges, group] {
        let proof = mixed.to_bytes(&shape, &hash).unwrap().into();
        let call = Coprocessor::fulfilCircuitCall { proof, ..first.clone() };
        assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");
    }
}

#[test]
fn a_proof_of_another_statement() {
    type Change = fn(&mut Statement);
    let changes: [(&str, Change); 10] = [
        ("chain", |s| s.domain.chain_id += 1),
        ("contract", |s| s.domain.coprocessor[0] ^= 1),
        ("verifying key", |s| s.domain.verifier_hash[31] ^= 1),
        ("reference string", |s| s.domain.srs_digest[0] ^= 1),
        ("parameter set", |s| s.domain.parameter_set_id[0] ^= 1),
        ("request", |s| s.jobs[0].request_id[0] ^= 1),
        ("salt", |s| s.jobs[0].salt[0] ^= 1),
        ("segment", |s| s.jobs[0].segment = 1),
        ("input handle", |s| s.jobs[0].inputs[0].handle[0] ^= 1),
        ("output handle", |s| s.jobs[0].outputs[0].handle[0] ^= 1),
    ];
    for (what, change) in changes {
        let (mut chain, _, mut asked) = asked(3, 2, 1);
        change(&mut asked.statement);
        let call = chain.fulfilment(&asked);
        assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch", "{what}");
    }
}

#[test]
fn another_verifier() {
    let (mut chain, _, asked) = asked(3, 2, 1);
    let honest = chain.fulfilment(&asked);
    let mut bytes = honest.proof.to_vec();
    bytes[0] ^= 1;
    for proof in [bytes, vec![], vec![0; 3]] {
        let call = Coprocessor::fulfilCircuitCall { proof: proof.into(), ..honest.clone() };
        assert_eq!(error_name(chain.fulfil(&call)), "UnknownVerifier");
    }
}

#[test]
fn another_key() {
    let (mut chain, _, mut asked) = asked(3, 2, 1);
    let mut honest = chain.fulfilment(&asked);
    let other = chain.setup.key_commitments(true);
    chain.register_key(&other);
    let call = Coprocessor::fulfilCircuitCall { keyPoints: key_points(&other), ..honest.clone() };
    assert_eq!(error_name(chain.fulfil(&call)), "KeyPointsMismatch");
    let mut swapped = honest.clone();
    swapped.keyPoints.swap(0, 8);
    assert_eq!(error_name(chain.fulfil(&swapped)), "KeyPointsMismatch");
    honest.keyPoints.pop();
    assert_eq!(error_name(chain.fulfil(&honest)), "KeyPointCount");

    // Proven for the other key, its digest in the statement; the points beside it are the registered ones.
    let own = asked.statement.keys.clone();
    asked.statement.domain.key_digest = other.digest(&PARAMETERS);
    asked.statement.keys = other;
    let mut call = chain.fulfilment(&asked);
    call.keyPoints = key_points(&own);
    assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");
}

#[test]
fn a_key_of_another_scheme_runs_no_circuit() {
    let mut chain = Chain::new(true);
    let circuit = circuit(3, 1, 1);
    let reference = chain.register_circuit(&circuit);
    let key: B256 = B256::repeat_byte(7);
    let scheme = keccak256("trine.key.blake3.v1");
    let register = Coprocessor::registerKeyCall { keyDigest: key, scheme };
    chain.evm.send(STRANGER, chain.coprocessor, &register).unwrap();
    let call = Coprocessor::requestCall { programRef: reference, keyDigest: key, inputs: vec![B256::ZERO] };
    let refused = chain.evm.send(CONSUMER, chain.coprocessor, &call).map(|(_, receipt)| receipt);
    assert_eq!(error_name(refused), "KeySchemeMissing");
}

/// What a committee signed of one key registers no other, and no other bytes of it.
#[test]
fn a_key_that_no_committee_attests() {
    let mut chain = Chain::new(true);
    let (key, content) = (B256::repeat_byte(7), B256::repeat_byte(8));
    let honest = chain.key_registration(key, content);
    let mut send = |call: &Coprocessor::registerCommittedKeyCall| {
        chain.evm.send(STRANGER, chain.coprocessor, call).map(|(_, receipt)| receipt)
    };
    let mut call = honest.clone();
    call.contentDigest = key;
    assert_eq!(error_name(send(&call)), "SignatureMismatch");
    call = honest.clone();
    call.keyDigest = content;
    assert_eq!(error_name(send(&call)), "SignatureMismatch");
    send(&honest).unwrap();
    assert_eq!(error_name(send(&honest)), "KeyAlreadyRegistered");
    call = honest;
    call.contentDigest = key;
    assert_eq!(error_name(send(&call)), "KeyContentMismatch");
    let content_of = Coprocessor::contentOfCall { keyDigest: key };
    assert_eq!(chain.evm.send(STRANGER, chain.coprocessor, &content_of).unwrap().0, content);
}

/// Fewer slots of bootstrappings than the program's claim: fewer rounds would be checked.
#[test]
fn a_smaller_shape() {
    for (bootstrappings, smaller, error) in [(16, 8, "ProofLength"), (4, 2, "PairingMismatch")] {
        let (mut chain, _, asked) = asked(bootstrappings, 2, 1);
        let shape = Shape::of(PARAMETERS, smaller, vec![3; 2], vec![3]).unwrap();
        let proven = TinyCircuitStatement { shape, ..chain.honest(&asked.statement) };
        let call = chain.fulfilment_of(&asked, &proven);
        assert_eq!(error_name(chain.fulfil(&call)), error);
    }
}

/// Each word of the program, and the layouts, in the proof and in the call.
#[test]
fn another_program() {
    let (mut chain, _, asked) = asked(3, 2, 1);
    let honest = chain.fulfilment(&asked);
    for place in 0..honest.words.len() {
        let mut proven = chain.honest(&asked.statement);
        let Words { slots, rows } = &mut proven.words;
        *slots.iter_mut().chain(rows).nth(place).unwrap() += Fr::from(1u64);
        let mut call = chain.fulfilment_of(&asked, &proven);
        assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch", "word {place}");
        call.words[place] += U256::from(1);
        assert_eq!(error_name(chain.fulfil(&call)), "ProgramWordsMismatch", "word {place}");
    }
    let mut proven = chain.honest(&asked.statement);
    proven.layouts[0] += Fr::from(1u64);
    let call = chain.fulfilment_of(&asked, &proven);
    assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");
    chain.fulfil(&honest).unwrap();
}

/// A registrant claims a program of words that no circuit has: the proof would take them for others.
#[test]
fn words_that_are_others_modulo_the_order() {
    let mut chain = Chain::new(true);
    let circuit = circuit(3, 2, 1);
    let order = U256::from_be_bytes(field_word(&-Fr::from(1u64))) + U256::from(1);
    for place in [0, 4] {
        let mut words = program_words(&circuit);
        words[place] += order;
        let mut claim = claim(&circuit);
        claim.program = keccak256(words.iter().flat_map(U256::to_be_bytes::<32>).collect::<Vec<_>>());
        let text = circuit.to_text().into_bytes().into();
        let register = Coprocessor::registerCircuitCall { text, claim };
        let (reference, _) = chain.evm.send(STRANGER, chain.coprocessor, &register).unwrap();
        let inputs: Vec<_> = circuit.inputs().iter().map(|declared| chain.input(declared)).collect();
        let asked = chain.ask_over(reference, &circuit, inputs);
        let call = Coprocessor::fulfilCircuitCall { words, ..chain.fulfilment(&asked) };
        assert_eq!(error_name(chain.fulfil(&call)), "ProgramWordTooLarge", "word {place}");
    }
}

#[test]
fn handles_keep_their_places() {
    let (mut chain, _, mut asked) = asked(3, 3, 2);
    let honest = chain.fulfilment(&asked);
    let mut call = honest.clone();
    call.inputPoints.rotate_left(1);
    assert_eq!(error_name(chain.fulfil(&call)), "InputPointsMismatch");
    let mut call = honest.clone();
    call.outputPoints.swap(0, 1);
    assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");
    for (error, change) in [
        ("InputCount", (|c| c.inputPoints.truncate(2)) as fn(&mut Coprocessor::fulfilCircuitCall)),
        ("OutputCount", |c| c.outputPoints.truncate(1)),
        ("OutputCount", |c| c.outputPoints.push(c.inputPoints[0])),
    ] {
        let mut call = honest.clone();
        change(&mut call);
        assert_eq!(error_name(chain.fulfil(&call)), error);
    }
    // Proven for outputs in the other order, under the handles of this one.
    asked.statement.jobs[0].outputs.swap(0, 1);
    let call = chain.fulfilment(&asked);
    let (a, b) = (call.outputPoints[0], call.outputPoints[1]);
    let call = Coprocessor::fulfilCircuitCall { outputPoints: vec![b, a], ..call };
    assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");
}

#[test]
fn an_unproven_value_is_no_input() {
    let (mut chain, _, asked) = asked(2, 1, 1);
    let next = circuit(3, 1, 1);
    let reference = chain.register_circuit(&next);
    let unproven = asked.job().outputs.clone();
    assert_eq!(error_name(chain.request(reference, &unproven)), "UnknownHandle");
    let call = chain.fulfilment(&asked);
    chain.fulfil(&call).unwrap();
    chain.request(reference, &unproven).unwrap();
}

/// The identity of a registered ciphertext: an output with its commitment is another value, and leaves it unproven.
#[test]
fn the_identity_of_an_input() {
    let (mut chain, circuit, mut asked) = asked(2, 1, 1);
    let input = asked.job().inputs[0];
    let honest = chain.fulfilment(&asked);
    let mut call = honest.clone();
    call.outputPoints = points([&input.commitment]);
    assert_eq!(error_name(chain.fulfil(&call)), "PairingMismatch");

    let declared = circuit.outputs()[0];
    let output = chain.output(asked.request_id, 0, &declared, input.commitment);
    asked.statement.jobs[0].outputs = vec![output];
    let call = chain.fulfilment(&asked);
    chain.fulfil(&call).unwrap();
    assert_ne!(output.handle, input.handle);
    let call = Coprocessor::allowReleaseCall { outputs: vec![input.handle.into()] };
    let refused = chain.evm.send(CONSUMER, chain.coprocessor, &call).map(|(_, receipt)| receipt);
    assert_eq!(error_name(refused), "NotProven");
}

#[test]
fn an_output_registered_in_advance() {
    let (mut chain, circuit, asked) = asked(2, 1, 1);
    let declared = circuit.outputs()[0];
    let output = asked.job().outputs[0];
    let call = Coprocessor::registerCiphertextCall {
        consumer: CONSUMER,
        keyDigest: chain.key_digest(),
        keyKind: declared.key_kind.code(),
        valueType: declared.value_type.code(),
        blocks: declared.blocks,
        point: points([&output.commitment])[0],
    };
    let (early, _) = chain.evm.send(STRANGER, chain.coprocessor, &call).unwrap();
    let origin = Origin::Input { registrant: STRANGER.into_array(), consumer: CONSUMER.into_array() };
    assert_eq!(early.0, chain.record(origin, &declared, &output.commitment).handle());
    assert_ne!(early.0, output.handle);
    let call = chain.fulfilment(&asked);
    chain.fulfil(&call).unwrap();
    let call = Coprocessor::allowReleaseCall { outputs: vec![early] };
    let refused = chain.evm.send(CONSUMER, chain.coprocessor, &call).map(|(_, receipt)| receipt);
    assert_eq!(error_name(refused), "NotProven");
}

#[test]
fn a_value_under_another_type() {
    let mut chain = Chain::new(true);
    let circuit = circuit(2, 1, 1);
    let reference = chain.register_circuit(&circuit);
    let mut declared = circuit.inputs()[0];
    declared.blocks += 1;
    let longer = chain.input(&declared);
    assert_eq!(error_name(chain.request(reference, &[longer])), "LayoutMismatch");
    declared.blocks -= 1;
    declared.key_kind = trine_program::KeyKind::Casting;
    let casting = chain.input(&declared);
    assert_eq!(error_name(chain.request(reference, &[casting])), "LayoutMismatch");
}

/// Hostile points cost what checking them costs.
#[test]
fn hostile_points_burn_no_gas() {
    let (mut chain, _, asked) = asked(8, 2, 1);
    let honest = chain.fulfilment(&asked);
    for index in [0, 6, POINTS, POINTS + 24] {
        let call = Coprocessor::fulfilCircuitCall { proof: raised(&honest.proof, index), ..honest.clone() };
        assert_eq!(error_name(chain.fulfil(&call)), "PointNotOnCurve");
    }
    // On the curve of B's coordinates, off its twist.
    let call = Coprocessor::fulfilCircuitCall { proof: raised(&honest.proof, 2), ..honest.clone() };
    assert_eq!(error_name(chain.fulfil(&call)), "PointNotOnCurve");
    let mut call = honest.clone();
    call.outputPoints[0][0] += U256::from(1);
    assert_eq!(error_name(chain.fulfil(&call)), "InvalidCommitment");
}
