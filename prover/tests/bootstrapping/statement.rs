//! A proof is of one statement: every field of it moves the challenges, and malformed ones are refused before.

use crate::attack::{self, verdict, verdict_on};
use crate::case::{Case, LOG_POWERS, commit_keys, key, random_keys};
use crate::circuits;
use crate::plain::{Proven, Prover};
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_program::KeyKind;
use trine_program::circuit::{Circuit, Linear, Table, Term, Wire};
use trine_program::policy::DELTA;
use trine_verifier::bootstrapping::statement::{Job, StatementError};
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, round_digests};
use trine_verifier::bootstrapping::{
    Checks, CircuitProof, KeyCommitments, Parameters, Rejection, Shape, Statement, verify, verify_field,
};
use trine_verifier::handle::Commitment;
use trine_verifier::{Domain, Origin, Transcript};

fn honest() -> (Case, Proven) {
    let case = attack::case(Parameters::REDUCED, 21);
    let proven = Prover::honest(&case, &case.evaluate()).prove();
    (case, proven)
}

/// The id of the check that rejects the proof of another statement.
fn rejects(case: &Case, proven: &Proven, change: impl Fn(&mut Statement)) -> &'static str {
    let mut statement = proven.statement.clone();
    change(&mut statement);
    assert!(statement != proven.statement, "nothing is changed");
    verdict_on(case, &statement, &proven.proof, &Checks::ALL).expect_err("another statement").id()
}

/// A circuit with other parts, of the same shape.
fn with(circuit: &Circuit, change: impl Fn(&mut Vec<Table>, &mut Vec<Linear>)) -> Circuit {
    let (mut tables, mut rows) = (circuit.tables().to_vec(), circuit.rows().to_vec());
    change(&mut tables, &mut rows);
    let (inputs, outputs) = (circuit.inputs().to_vec(), circuit.outputs().to_vec());
    Circuit::new(inputs, outputs, tables, circuit.bootstrappings().to_vec(), rows).unwrap()
}

/// Id of the check that fails, and what is changed.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Statement));

#[test]
fn every_field_of_the_statement_is_bound() {
    let (case, proven) = honest();
    assert_eq!(verdict(&case, &proven, &Checks::ALL), Ok(()));
    // The manifest: a new field does not compile without a row below.
    let Statement { domain, keys, jobs } = &proven.statement;
    let Domain {
        chain_id: _,
        coprocessor: _,
        verifier_hash: _,
        srs_digest: _,
        parameter_set_id: _,
        key_digest: _,
    } = domain;
    let KeyCommitments { bootstrapping: _, keyswitching: _ } = keys;
    let [Job { request_id: _, salt: _, segment: _, circuit, inputs: _, outputs: _ }] = &jobs[..] else {
        panic!("{} jobs", jobs.len())
    };
    let other_table = with(circuit, |tables, _| tables[1].boxes[3] ^= DELTA);
    let other_row = with(circuit, |_, rows| rows[3].constant ^= DELTA);
    let changes: [Change<'_>; 19] = [
        ("PB.A4", &|s| s.domain.chain_id += 1),
        ("PB.A4", &|s| s.domain.coprocessor[0] ^= 1),
        ("PB.A4", &|s| s.domain.verifier_hash[0] ^= 1),
        ("PB.S1", &|s| s.domain.srs_digest[0] ^= 1),
        ("PB.A4", &|s| s.domain.parameter_set_id[0] ^= 1),
        ("PB.S1", &|s| s.domain.key_digest[0] ^= 1),
        ("PB.S1", &|s| s.keys.bootstrapping.swap(2, 3)),
        ("PB.S1", &|s| s.keys.keyswitching.swap(0, 1)),
        ("PB.A4", &|s| s.jobs[0].request_id[0] ^= 1),
        ("PB.A4", &|s| s.jobs[0].salt[0] ^= 1),
        ("PB.A4", &|s| s.jobs[0].segment += 1),
        ("PB.A4", &|s| s.jobs[0].circuit.clone_from(&other_table)),
        ("PB.A4", &|s| s.jobs[0].circuit.clone_from(&other_row)),
        ("PB.A4", &|s| s.jobs[0].inputs.swap(0, 1)),
        ("PB.A4", &|s| s.jobs[0].outputs.swap(0, 1)),
        ("PB.A4", &|s| s.jobs[0].outputs[0].handle[0] ^= 1),
        ("PB.A4", &|s| s.jobs[0].inputs[1].handle[0] ^= 1),
        // A commitment that its handle does not name: `NamedCommitment::new` refuses it.
        ("PE.K1", &|s| s.jobs[0].outputs[0].commitment = s.jobs[0].outputs[1].commitment),
        ("PE.K1", &|s| s.jobs[0].inputs[0].commitment = s.jobs[0].inputs[1].commitment),
    ];
    for (index, (id, change)) in changes.iter().enumerate() {
        assert_eq!(rejects(&case, &proven, change), *id, "change {index}");
    }
}

#[test]
fn a_key_of_another_owner_is_not_the_registered_one() {
    let (case, proven) = honest();
    let other =
        commit_keys(&case.parameters, &random_keys(&case.parameters, &mut ChaCha20Rng::seed_from_u64(7)));
    let (named, given) = (case.domain.key_digest, other.digest(&case.parameters));
    let mut statement = proven.statement.clone();
    statement.keys = other;
    let refused = verdict_on(&case, &statement, &proven.proof, &Checks::ALL);
    assert_eq!(refused, Err(StatementError::Key { got: given, expected: named }.into()));
    statement.domain.key_digest = given;
    // Well formed now; the proof is not of it, nor is one that is made for it from the other key's words.
    assert_eq!(verdict_on(&case, &statement, &proven.proof, &Checks::ALL).unwrap_err().id(), "PB.A4");
    let trace = case.evaluate();
    let forged = Prover::honest(&case, &trace).prove_statement(statement);
    assert_eq!(verdict(&case, &forged, &Checks::ALL).unwrap_err().id(), "PE.K1");
}

#[test]
fn malformed_statements_are_refused_by_name() {
    let (case, proven) = honest();
    let refused = |change: &dyn Fn(&mut Statement)| {
        let mut statement = proven.statement.clone();
        change(&mut statement);
        match verdict_on(&case, &statement, &proven.proof, &Checks::ALL) {
            Err(Rejection::Statement(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refused(&|s| s.jobs[0].inputs.truncate(1)),
        StatementError::HandleCount { job: 0, what: "inputs", got: 1, expected: 2 }
    );
    assert_eq!(
        refused(&|s| s.jobs[0].outputs.push(proven.statement.jobs[0].outputs[0])),
        StatementError::HandleCount { job: 0, what: "outputs", got: 3, expected: 2 }
    );
    assert_eq!(
        refused(&|s| s.jobs[0].outputs[1] = s.jobs[0].outputs[0]),
        StatementError::RepeatedHandle { index: 1 }
    );
    assert_eq!(
        refused(&|s| s.jobs[0].outputs[0] = s.jobs[0].inputs[1]),
        StatementError::RepeatedHandle { index: 0 }
    );
    let chunks = case.commitments.bootstrapping.len();
    assert_eq!(
        refused(&|s| s.keys.bootstrapping.truncate(1)),
        StatementError::KeyPoints { what: "bootstrapping key", got: 1, expected: chunks }
    );
    assert_eq!(
        refused(&|s| {
            s.keys.keyswitching[1].fill(G1Affine::zero());
            s.domain.key_digest = s.keys.digest(&case.parameters);
        }),
        StatementError::NoCastingKey { index: 0 }
    );
}

/// A digest that dropped what is below a step would be that of two circuits.
#[test]
fn words_off_the_grid_have_no_proof() {
    let (case, proven) = honest();
    let refused = |circuit: Circuit| {
        let mut statement = proven.statement.clone();
        statement.jobs[0].circuit = circuit;
        let refused = verdict_on(&case, &statement, &proven.proof, &Checks::ALL).expect_err("off the grid");
        assert_eq!(refused.id(), "PB.S1");
        refused.to_string().replace("PB.S1: statement: ", "")
    };
    let circuit = &case.circuit;
    let row = with(circuit, |_, rows| rows[3].constant += DELTA / 2);
    assert_eq!(refused(row), "constant of row 3 is 9511602413006487552, not a multiple of 2^59");
    let table = with(circuit, |tables, _| tables[1].boxes[3] = 1);
    assert_eq!(refused(table), "box of bootstrapping 1 is 1, not a multiple of 2^59");
    let mut list = circuit.bootstrappings().to_vec();
    list[1].input.constant = u64::MAX;
    let (tables, rows) = (circuit.tables().to_vec(), circuit.rows().to_vec());
    let handles = [circuit.inputs().to_vec(), circuit.outputs().to_vec()];
    let [inputs, outputs] = handles;
    let input = Circuit::new(inputs, outputs, tables, list, rows).unwrap();
    assert_eq!(refused(input), "constant of bootstrapping 1 is 18446744073709551615, not a multiple of 2^59");
}

/// A smaller P would leave bootstrappings unproven, a larger one moves every row.
#[test]
fn the_number_of_slots_is_the_circuits() {
    let mut random = ChaCha20Rng::seed_from_u64(31);
    let [small, large] =
        [2, 3].map(|count| Case::new(Parameters::REDUCED, circuits::random(count, &mut random), &mut random));
    let [of_small, of_large] = [&small, &large].map(|case| Prover::honest(case, &case.evaluate()).prove());
    for (case, proven, other) in [(&small, &of_small, &of_large), (&large, &of_large, &of_small)] {
        let error = verdict_on(case, &proven.statement, &other.proof, &Checks::ALL).unwrap_err();
        assert_eq!(error.id(), "PB.T2", "{error}");
        let bytes = proven.proof.to_bytes(&case.shape);
        let others = if std::ptr::eq(case, &small) { &large } else { &small };
        assert!(CircuitProof::from_bytes(&others.shape, &bytes).is_err());
    }
}

/// The reference string has more powers than a polynomial has coefficients: a handle can commit to more than it opens.
#[test]
fn coefficients_above_a_chunk_are_refused() {
    let case = attack::case(Parameters::REDUCED, 22);
    let trace = case.evaluate();
    let length = 1 << case.parameters.log_chunk;
    assert!(length < 1 << LOG_POWERS);
    let mut long = trace.outputs[0].clone();
    long.resize(length + 4, Fr::from(0));
    long[length + 3] = Fr::from(1);
    let declaration = &case.circuit.outputs()[0];
    let commitment = Commitment::new(key().commit_fr(&long).unwrap()).unwrap();
    let origin = Origin::Output { request_id: [4; 32], job: 0, segment: 0, index: 0 };
    let mut statement = case.statement(&trace.outputs);
    statement.jobs[0].outputs[0] = case.name(declaration, commitment, origin);
    let proven = Prover::honest(&case, &trace).prove_statement(statement);
    assert_eq!(verdict(&case, &proven, &Checks::ALL).unwrap_err().id(), "PE.K1");
}

#[test]
fn circuits_that_do_not_fit_one_proof_are_refused() {
    let mut random = ChaCha20Rng::seed_from_u64(32);
    let circuit = circuits::random(9, &mut random);
    let error = Shape::new(Parameters::REDUCED, &circuit).unwrap_err();
    assert_eq!(error.to_string(), "circuit has 9 bootstrappings, one proof takes 8: split it into segments");
    let wire = |block| Term { wire: Wire::Input { handle: 0, block }, coefficient: 1 };
    let input = circuits::declaration(KeyKind::Compute, 17);
    let row = Linear { terms: vec![wire(16)], constant: 0 };
    let output = circuits::declaration(KeyKind::Compute, 1);
    let circuit = Circuit::new(vec![input], vec![output], vec![], vec![], vec![row]).unwrap();
    let refused = |circuit: &Circuit| Shape::new(Parameters::REDUCED, circuit).unwrap_err().to_string();
    assert_eq!(refused(&circuit), "a handle has 17 blocks, one polynomial holds 16");
    // So many inputs, and so many outputs of so many blocks.
    let of = |inputs: usize, outputs: usize, blocks: u8| {
        let declared = |count, blocks| vec![circuits::declaration(KeyKind::Compute, blocks); count];
        let rows = vec![Linear::default(); outputs * usize::from(blocks)];
        Circuit::new(declared(inputs, 1), declared(outputs, blocks), vec![], vec![], rows).unwrap()
    };
    assert!(Shape::new(Parameters::REDUCED, &of(4, 3, 1)).is_ok());
    assert_eq!(refused(&of(5, 3, 1)), "circuit has 5 inputs, one proof takes 4");
    assert_eq!(refused(&of(4, 4, 1)), "circuit has 4 outputs, one proof takes 3");
    assert_eq!(refused(&of(4, 1, 5)), "circuit has 5 output blocks, one proof takes 4");
}

/// What is absorbed and drawn, in the order of the message table, as a closed list.
#[test]
fn the_transcript_inventory_is_committed() {
    let (case, proven) = honest();
    let inputs = proven.statement.inputs(&case.parameters).unwrap();
    let rounds = round_digests(&case.shape, &proven.proof.group).unwrap();
    let mut transcript = Transcript::recording(ARGUMENT_TAG);
    let field = &proven.proof.field;
    verify_field(&inputs, &rounds, field, &Checks::ALL, &mut transcript).unwrap();
    assert_eq!(
        proven.transcript.events(),
        transcript.events(),
        "prover and verifier run the same transcript"
    );
    let mut lines: Vec<(String, usize)> = vec![];
    for event in transcript.events() {
        let line = format!("{} {}", if event.challenge { "challenge" } else { "absorb" }, event.label);
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
    let inventory: String = lines.iter().map(|(line, count)| format!("{count} {line}\n")).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/bootstrapping-transcript-labels.txt");
    if std::env::var_os("TRINE_BLESS").is_some() {
        std::fs::write(path, &inventory).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), inventory, "run with TRINE_BLESS=1 to accept");
}

#[test]
fn the_verifier_gives_the_public_inputs_of_its_statement() {
    let (case, proven) = honest();
    let inputs = proven.statement.inputs(&case.parameters).unwrap();
    let public = verify(&case.parameters, key().verifier(), &proven.statement, &proven.proof).unwrap();
    assert_eq!((public.stmt, public.layouts), (inputs.stmt, inputs.layouts));
    assert_eq!(public.program_at_z, inputs.words.at(&case.parameters, &public.opening.z));
    assert_eq!(public.shape, case.shape.word());
    let mut order = vec![public.stmt, public.shape];
    order.extend(public.layouts.iter().chain([&public.program_at_z]).chain(&public.rounds));
    let opening = public.opening;
    order.extend([opening.rho, opening.r, opening.q, opening.z, opening.r_at_z]);
    assert_eq!(public.to_array().to_vec(), order);
}
