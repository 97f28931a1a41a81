//! Frozen vectors: a change of one is a change of contracts, handles and proofs. What keccak gives is computed a second
//! time from words written out by hand; what Poseidon gives was computed from the spec by another implementation.

use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use sha3::{Digest, Keccak256};
use trine_program::{Declaration, KeyKind, LinearProgram, LinearRow, Term, ValueType};
use trine_verifier::digest::{cut, field_word, round, tag};
use trine_verifier::handle::{Commitment, CommitmentError, HandleRecord, Origin};
use trine_verifier::program::{ProgramMatrix, program_digest};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Bytes32, Class, Domain, Job, NamedCommitment, Statement};

fn keccak(words: &[Bytes32]) -> Bytes32 {
    Keccak256::digest(words.as_flattened()).into()
}

fn word(value: u64) -> Bytes32 {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

fn address(byte: u8) -> Bytes32 {
    let mut word = [0; 32];
    word[12..].fill(byte);
    word
}

fn keccak_of(text: &str) -> Bytes32 {
    Keccak256::digest(text.as_bytes()).into()
}

fn generator() -> Commitment {
    Commitment::new(G1Affine::generator()).unwrap()
}

/// Two inputs of one and two blocks, one output of one block, extreme coefficients.
fn program() -> LinearProgram {
    let nibbles = |blocks| Declaration {
        value_type: ValueType::Nibbles,
        key_kind: KeyKind::Compute,
        blocks,
        degree: 1,
    };
    let term = |input, block, coefficient| Term { input, block, coefficient };
    let row = LinearRow { terms: vec![term(0, 0, 127), term(1, 0, -127), term(1, 1, 3)], constant: u64::MAX };
    LinearProgram::new(vec![nibbles(1), nibbles(2)], vec![nibbles(1)], vec![row]).unwrap()
}

fn record(origin: Origin) -> HandleRecord {
    HandleRecord {
        chain_id: 31337,
        coprocessor: [1; 20],
        key_digest: [4; 32],
        key_kind: KeyKind::Casting,
        value_type: ValueType::Nibbles,
        blocks: 3,
        origin,
        commitment_digest: generator().digest(),
    }
}

fn statement() -> Statement {
    let named = |origin| NamedCommitment::new(&record(origin), generator()).unwrap();
    let input = |registrant| named(Origin::Input { registrant, consumer: [11; 20] });
    Statement {
        domain: Domain {
            chain_id: 31337,
            coprocessor: [1; 20],
            verifier_hash: [2; 32],
            srs_digest: [3; 32],
            parameter_set_id: parameter_set_id(),
            key_digest: [4; 32],
        },
        job: Job {
            request_id: [5; 32],
            salt: [6; 32],
            program: program(),
            inputs: vec![input([7; 20]), input([8; 20])],
            outputs: vec![named(Origin::Output { request_id: [5; 32], job: 0, segment: 0, index: 0 })],
        },
    }
}

#[test]
fn tags_are_keccak_of_their_names() {
    for name in ["commitment", "origin_input", "origin_output", "handle", "job", "stmt", "round", "srs"] {
        assert_eq!(tag(name), keccak_of(&format!("trine.v1.{name}")));
    }
    // keccak-256, not SHA3-256: the digest of no bytes is the well-known one.
    let empty: Bytes32 = Keccak256::digest([]).into();
    assert_eq!(hex::encode(empty), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

#[test]
fn the_handle_is_keccak_of_its_words() {
    let [x, y] = generator().xy();
    assert_eq!([x, y], [word(1), word(2)]);
    let commitment_digest = keccak(&[keccak_of("trine.v1.commitment"), word(1), word(2)]);
    assert_eq!(generator().digest(), commitment_digest);
    let input = Origin::Input { registrant: [10; 20], consumer: [11; 20] };
    assert_eq!(input.digest(), keccak(&[keccak_of("trine.v1.origin_input"), address(10), address(11)]));
    let output = Origin::Output { request_id: [12; 32], job: 13, segment: 14, index: 15 };
    let words = [keccak_of("trine.v1.origin_output"), [12; 32], word(13), word(14), word(15)];
    assert_eq!(output.digest(), keccak(&words));
    for origin in [input, output] {
        let words = [
            keccak_of("trine.v1.handle"),
            word(31337),
            address(1),
            [4; 32],
            word(1),
            word(u64::from(ValueType::Nibbles.code())),
            word(3),
            origin.digest(),
            commitment_digest,
        ];
        assert_eq!(record(origin).handle(), keccak(&words));
    }
}

/// A commitment under a handle of another value is bound by no challenge: the proof says nothing of it.
#[test]
fn a_commitment_of_another_record_has_no_name() {
    let other = Commitment::new((generator().point().into_group() * Fr::from(2u64)).into_affine()).unwrap();
    let origin = Origin::Input { registrant: [10; 20], consumer: [11; 20] };
    let named = NamedCommitment::new(&record(origin), generator()).unwrap();
    assert_eq!((named.handle, named.commitment), (record(origin).handle(), generator()));
    let (got, expected) = (other.digest(), generator().digest());
    let refusal = NamedCommitment::new(&record(origin), other);
    assert_eq!(refusal, Err(CommitmentError::OtherRecord { got, expected }));
}

#[test]
fn round_digests_bind_round_count_and_order() {
    let one = G1Affine::generator();
    let two = (one + one).into_affine();
    let (x, y) = two.xy().unwrap();
    let points = [word(1), word(2), field_word(&x), field_word(&y), [0; 32], [0; 32]];
    let words = [&[keccak_of("trine.v1.round"), word(3), word(3)], points.as_slice()].concat();
    let honest = round(3, &[one, two, G1Affine::zero()]);
    assert_eq!(honest, cut(&keccak(&words)));
    for other in [
        round(1, &[one, two, G1Affine::zero()]),
        round(3, &[two, one, G1Affine::zero()]),
        round(3, &[one, two]),
        round(3, &[one, two, G1Affine::zero(), G1Affine::zero()]),
    ] {
        assert_ne!(honest, other);
    }
    assert_eq!(round(2, &[]), Fr::from(0u64));
    // The three top bits are cleared, no others.
    assert_eq!(cut(&[0xff; 32]), cut(&[&[0x1f][..], &[0xff; 31]].concat().try_into().unwrap()));
    assert_ne!(cut(&[0xff; 32]), cut(&[&[0x0f][..], &[0xff; 31]].concat().try_into().unwrap()));
}

#[test]
fn the_statement_is_keccak_of_its_words() {
    let statement = statement();
    let inputs = statement.inputs(&Class::SLICE).unwrap();
    let handles = |named: &[NamedCommitment]| named.iter().map(|n| n.handle).collect::<Vec<_>>();
    let (inputs_of_job, outputs_of_job) = (handles(&statement.job.inputs), handles(&statement.job.outputs));
    let job = keccak(&[
        keccak_of("trine.v1.job"),
        [5; 32],
        Keccak256::digest(statement.job.program.to_text().as_bytes()).into(),
        field_word(&inputs.prog),
        keccak(&inputs_of_job),
        keccak(&outputs_of_job),
        [6; 32],
    ]);
    let words = [
        keccak_of("trine.v1.stmt"),
        word(31337),
        address(1),
        [2; 32],
        [3; 32],
        keccak_of("V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128"),
        [4; 32],
        keccak(&[job]),
    ];
    assert_eq!(inputs.stmt, cut(&keccak(&words)));
}

#[test]
fn layout_words_hold_inputs_then_outputs() {
    let matrix = ProgramMatrix::new(&Class::SLICE, &program()).unwrap();
    let code = u64::from(ValueType::Nibbles.code());
    let (one, two) = (code, code | 1 << 8);
    assert_eq!(matrix.layouts, [Fr::from(one | two << 16 | one << 32), Fr::from(0u64)]);
    assert_eq!(matrix.shape, Fr::from(u64::from(Class::SLICE.id) | 2 << 8 | 1 << 16));
}

/// The degree is declared in the text alone: two programs may share `prog`, never the program id nor `stmt`.
#[test]
fn programs_that_differ_in_degree_alone_differ_in_the_statement() {
    let honest = statement();
    let mut other = honest.clone();
    let outputs = vec![Declaration { degree: 2, ..program().outputs()[0] }];
    other.job.program =
        LinearProgram::new(program().inputs().to_vec(), outputs, program().rows().to_vec()).unwrap();
    let [honest, other] = [honest, other].map(|s| s.inputs(&Class::SLICE).unwrap());
    assert_eq!(honest.prog, other.prog);
    assert_ne!(honest.stmt, other.stmt);
}

/// The values are those of a Python script of some sixty lines, written from spec sections 5 and 6 with its own Grain
/// generator of the constants.
#[test]
fn program_digests_are_frozen() {
    for (class, expected) in [
        (Class::SLICE, "0db5393a029fa630e5b211a936d46ad60150a70af2613499e14f16cbe7c73847"),
        (Class::REDUCED_TINY, "2dee0a0a17fb4ea70ce7609bcebb22237af9370d7585d0fb2446b53b2518e910"),
    ] {
        let digest = program_digest(&class, &program()).unwrap();
        assert_eq!(hex::encode(field_word(&digest)), expected, "class {}", class.id);
    }
}
