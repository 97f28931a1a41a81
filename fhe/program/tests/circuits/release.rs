//! The release policy of circuits: each test is an attack that nothing but its check stops.

use crate::builders::MODEL;
use trine_program::circuit::form::Place;
use trine_program::circuit::release::{Job, MAX_JOBS};
use trine_program::circuit::{InputSource, Leaf, NoiseModel, ReleaseViolation, Violation, releasable};
use trine_program::value::{Declaration, KeyKind, ValueType};
use trine_program::{Circuit, ProgramId};

const STEP: &str = "576460752303423488";
const HALF_STEP: &str = "288230376151711744";
/// The identity on two bits, looked up: what a released output has to come from.
const IDENTITY: &str = "trine circuit 1
input nibbles compute 1 degree 3
output nibbles compute 1 degree 3
table 1 0 576460752303423488 1152921504606846976 1729382256910270464 0 0 0 0 0 0 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0
row 0 + 1*b0.0
";

/// The double of its input, not bootstrapped.
fn doubling(input: u8, output: u8) -> String {
    format!(
        "trine circuit 1
input nibbles compute 1 degree {input}
output nibbles compute 1 degree {output}
row 0 + 2*i0.0
"
    )
}

fn leaf(degree: u8, noise_level: u8) -> InputSource {
    let declaration =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree };
    InputSource::Leaf(Leaf { declaration, noise_level })
}

fn job(text: &str, input: InputSource) -> Job<'_> {
    let program_id = Circuit::from_text(text.as_bytes()).unwrap().id();
    Job { program_id, text: text.as_bytes(), inputs: vec![input] }
}

/// Each job reads output 0 of the one before it, the first one a leaf.
fn chain<'a>(first: InputSource, texts: &[&'a str]) -> Vec<Job<'a>> {
    let before = |index: usize| match index.checked_sub(1) {
        None => first,
        Some(job) => InputSource::Output { job, output: 0 },
    };
    texts.iter().enumerate().map(|(index, text)| job(text, before(index))).collect()
}

/// Of a last job with one output.
fn refused(jobs: &[Job<'_>]) -> ReleaseViolation {
    releasable(jobs, &MODEL, &[true]).unwrap_err()
}

fn changed(from: &str, to: &str) -> String {
    let text = IDENTITY.replacen(from, to, 1);
    assert_ne!(text, IDENTITY);
    text
}

fn violation(text: &str, input: InputSource) -> Violation {
    match refused(&[job(text, input)]) {
        ReleaseViolation::Inadmissible { job: 0, violation } => violation,
        other => panic!("TR.L3, not {other}"),
    }
}

#[test]
fn a_bootstrapped_output_is_released_with_its_record() {
    let jobs = chain(leaf(3, 1), &[IDENTITY, IDENTITY]);
    let records = releasable(&jobs, &MODEL, &[true]).unwrap();
    assert_eq!((records[0].degree, records[0].noise_level), (3, 1));
    assert!((records[0].variance / MODEL.bootstrapping_variance - 1.0).abs() < 1e-12);
    let constant = changed("row 0 + 1*b0.0", &format!("row {STEP}"));
    assert!(releasable(&[job(&constant, leaf(3, 1))], &MODEL, &[true]).is_ok(), "a public constant");
}

/// The released bit would be the sign of the noise: ten thousand of them give the small key.
#[test]
fn a_constant_of_half_a_step_is_refused_tr_l3() {
    for (text, at) in [
        (changed("compute 0 0", &format!("compute 0 {HALF_STEP}")), Place::Bootstrapping(0)),
        (changed("row 0", &format!("row {HALF_STEP}")), Place::Row(0)),
    ] {
        let Violation::ConstantOffGrid { place, constant } = violation(&text, leaf(3, 1)) else {
            panic!("TR.L3")
        };
        assert_eq!((place, constant), (at, 1 << 58));
        assert_eq!(refused(&[job(&text, leaf(3, 1))]).name(), "ConstantOffGrid");
    }
}

#[test]
fn a_table_value_off_the_grid_is_refused_tr_l3() {
    let text = changed(&format!("table 1 0 {STEP}"), &format!("table 1 0 {HALF_STEP}"));
    let expected = Violation::TableOffGrid { table: 0, index: 1, word: 1 << 58 };
    assert_eq!(violation(&text, leaf(3, 1)), expected, "TR.L3");
    assert_eq!(refused(&[job(&text, leaf(3, 1))]).name(), "TableOffGrid");
}

/// The identity of a chosen ciphertext is a decryption oracle, and its noise an equation in the key.
#[test]
fn an_output_that_is_not_bootstrapped_is_refused_tr_l4() {
    for content in ["0 + 1*i0.0", "0 + 2*b0.0", "1729382256910270464 + -1*b0.0", "0 + 1*i0.0 + 1*b0.0"] {
        let text = changed("row 0 + 1*b0.0", &format!("row {content}"));
        let text = text.replacen("output nibbles compute 1 degree 3", "output nibbles compute 1 degree 6", 1);
        let refusal = refused(&[job(&text, leaf(3, 1))]);
        let expected = ReleaseViolation::NotBootstrapped { output: 0, row: 0, content: content.into() };
        assert_eq!(refusal, expected, "TR.L4");
        assert_eq!(refusal.name(), "NotBootstrapped");
    }
}

/// One block from a bootstrapping, then two of which the second is its input as it came.
const PARTLY_BOOTSTRAPPED: &str = "trine circuit 1
input nibbles compute 1 degree 3
output nibbles compute 1 degree 3
output nibbles compute 2 degree 3
table 1 0 576460752303423488 1152921504606846976 1729382256910270464 0 0 0 0 0 0 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0
row 0 + 1*b0.0
row 0 + 1*b0.0
row 0 + 1*i0.0
";

#[test]
fn an_output_that_is_not_bootstrapped_is_named_by_its_place() {
    let jobs = [job(PARTLY_BOOTSTRAPPED, leaf(3, 1))];
    for released in [[true, true], [false, true]] {
        let refusal = releasable(&jobs, &MODEL, &released).unwrap_err();
        assert!(
            matches!(refusal, ReleaseViolation::NotBootstrapped { output: 1, row: 2, .. }),
            "TR.L4: {refusal}"
        );
    }
}

/// Its noise is told to nobody.
#[test]
fn an_output_that_stays_encrypted_need_not_be_bootstrapped_tr_l4() {
    let jobs = [job(PARTLY_BOOTSTRAPPED, leaf(3, 1))];
    let records = releasable(&jobs, &MODEL, &[true, false]).unwrap();
    assert_eq!(records.len(), 1, "of the released output alone");
    assert!((records[0].variance / MODEL.bootstrapping_variance - 1.0).abs() < 1e-12);
    assert_eq!(releasable(&jobs, &MODEL, &[false, false]).unwrap(), []);
}

/// The whole text is admitted, whatever is released of it.
#[test]
fn an_output_that_stays_encrypted_is_admissible_all_the_same_tr_l3() {
    let half = format!("row {HALF_STEP} + 1*i0.0");
    let text = PARTLY_BOOTSTRAPPED.replacen("row 0 + 1*i0.0", &half, 1);
    let refusal = releasable(&[job(&text, leaf(3, 1))], &MODEL, &[true, false]).unwrap_err();
    assert_eq!(refusal.name(), "ConstantOffGrid", "TR.L3");
    let steep = PARTLY_BOOTSTRAPPED.replacen("row 0 + 1*i0.0", "row 0 + 6*i0.0", 1);
    let steep = steep.replacen("compute 2 degree 3", "compute 2 degree 15", 1);
    let refusal = releasable(&[job(&steep, leaf(2, 1))], &MODEL, &[true, false]).unwrap_err();
    assert!(matches!(refusal, ReleaseViolation::Inadmissible { job: 0, .. }), "TR.L3: {refusal}");
}

#[test]
fn each_output_is_marked_as_released_or_not_tr_l4() {
    let jobs = [job(PARTLY_BOOTSTRAPPED, leaf(3, 1))];
    for marks in [&[][..], &[true], &[true, true, true]] {
        let refusal = releasable(&jobs, &MODEL, marks).unwrap_err();
        let expected = ReleaseViolation::OutputCount { got: marks.len(), expected: 2 };
        assert_eq!((refusal.name(), &refusal), ("HandleCount", &expected), "TR.L4");
    }
}

/// Doubled three times over three jobs, then bootstrapped: the last text alone shows a level of 1.
#[test]
fn noise_that_a_chain_of_handles_adds_up_is_refused_tr_l3() {
    let (once, twice) = (doubling(1, 2), doubling(2, 4));
    let read = IDENTITY.replacen("degree 3", "degree 4", 1);
    assert!(releasable(&chain(leaf(1, 1), &[&once, &twice, &read]), &MODEL, &[true]).is_ok(), "level 4");
    let thrice = doubling(4, 8);
    let read = IDENTITY.replacen("degree 3", "degree 8", 1);
    let refusal = refused(&chain(leaf(1, 1), &[&once, &twice, &thrice, &read]));
    let expected = Violation::NoiseLevel { place: Place::Row(0), level: 8 };
    assert_eq!(refusal, ReleaseViolation::Inadmissible { job: 2, violation: expected }, "TR.L3");
    assert_eq!(refusal.name(), "NoiseLevel");
    // The same last job on a leaf that claims to be fresh is one of other handles.
    assert!(releasable(&[job(&read, leaf(8, 1))], &MODEL, &[true]).is_ok());
}

#[test]
fn a_leaf_brings_its_declared_noise_level_tr_l3() {
    assert!(releasable(&chain(leaf(3, 5), &[IDENTITY]), &MODEL, &[true]).is_ok());
    let text = changed("1*i0.0", "2*i0.0").replace("degree 3", "degree 6");
    let expected = Violation::NoiseLevel { place: Place::Bootstrapping(0), level: 6 };
    assert_eq!(violation(&text, leaf(3, 3)), expected, "TR.L3");
    for level in [0, 6, u8::MAX] {
        let got = violation(IDENTITY, leaf(3, level));
        assert!(matches!(got, Violation::InputNoise { handle: 0, level: l, .. } if l == level), "{got}");
    }
}

/// A level says nothing about the parameter set: the variance is bounded as well.
#[test]
fn variance_is_carried_through_handles_tr_l3() {
    let once = doubling(1, 2);
    let jobs = chain(leaf(1, 1), &[&once, IDENTITY]);
    let fresh_variance = MODEL.bootstrapping_variance;
    let wide = NoiseModel { fresh_variance, max_variance: 4.1 * fresh_variance, ..MODEL };
    assert!(releasable(&jobs, &wide, &[true]).is_ok());
    let tight = NoiseModel { max_variance: 3.9 * fresh_variance, ..wide };
    let refusal = releasable(&jobs, &tight, &[true]).unwrap_err();
    assert!(
        matches!(refusal, ReleaseViolation::Inadmissible { job: 0, violation: Violation::Variance { .. } }),
        "{refusal}"
    );
    assert_eq!(refusal.name(), "NoiseTooLarge");
}

/// Carries that a first job leaves would run into the padding bit of a lookup that takes the handle for clean.
#[test]
fn degree_that_a_chain_of_handles_adds_up_is_refused_tr_l3() {
    let doubled = doubling(3, 6);
    let refusal = refused(&chain(leaf(3, 1), &[&doubled, IDENTITY]));
    let expected = Violation::InputDegree { handle: 0, got: 6, declared: 3 };
    assert_eq!(refusal, ReleaseViolation::Inadmissible { job: 1, violation: expected }, "TR.L3");
    assert_eq!(refusal.name(), "InputDegree");

    let understated = doubling(3, 3);
    let refusal = refused(&chain(leaf(3, 1), &[&understated, IDENTITY]));
    let expected = Violation::DegreeUnderstated { row: 0, reached: 6, declared: 3 };
    assert_eq!(refusal, ReleaseViolation::Inadmissible { job: 0, violation: expected });

    let (twice, wide) = (doubling(6, 12), doubling(12, 15));
    let refusal = refused(&chain(leaf(3, 1), &[&doubled, &twice, &wide]));
    // Noise level 4 twice over is refused as well, but first of all here.
    assert!(matches!(refusal, ReleaseViolation::Inadmissible { job: 2, .. }), "{refusal}");

    let full = changed("1*i0.0", "2*i0.0").replacen("degree 3", "degree 8", 1);
    let expected = Violation::Padding { place: Place::Bootstrapping(0), low: 0, high: 16 };
    assert_eq!(violation(&full, leaf(8, 1)), expected);
    assert_eq!(refused(&[job(&full, leaf(8, 1))]).name(), "PlaintextRange");
}

#[test]
fn the_text_is_read_and_not_its_identifier_tr_l1() {
    let other = changed("degree 3\noutput", "degree 2\noutput");
    let mut jobs = [job(IDENTITY, leaf(2, 1))];
    jobs[0].text = other.as_bytes();
    let refusal = refused(&jobs);
    assert!(matches!(refusal, ReleaseViolation::OtherText { job: 0, .. }), "TR.L1, not {refusal}");
    assert_eq!(refusal.name(), "ProgramTextMismatch");
    jobs[0].text = b"trine circuit 1\n";
    assert!(matches!(refused(&jobs), ReleaseViolation::Text { job: 0, .. }));
    jobs[0].program_id = ProgramId([0; 32]);
    jobs[0].text = b"trine linear 1\n";
    assert_eq!(refused(&jobs).name(), "ProgramMalformed");
}

#[test]
fn an_input_is_a_leaf_or_an_earlier_output_tr_l2() {
    for source in [(0, 0), (1, 0), (7, 0), (usize::MAX, 0)] {
        let (source_job, output) = source;
        let jobs = [job(IDENTITY, InputSource::Output { job: source_job, output })];
        let expected = ReleaseViolation::UnknownOutput { job: 0, input: 0, source_job, output };
        assert_eq!(refused(&jobs), expected, "TR.L2");
        assert_eq!(expected.name(), "InputSource");
    }
    let jobs = [job(IDENTITY, leaf(3, 1)), job(IDENTITY, InputSource::Output { job: 0, output: 1 })];
    assert!(matches!(refused(&jobs), ReleaseViolation::UnknownOutput { job: 1, output: 1, .. }));
}

#[test]
fn an_output_is_no_value_of_another_type_tr_l2() {
    let bit = "trine circuit 1
input bool compute 1 degree 1
output bool compute 1 degree 1
row 0 + 1*i0.0
";
    let refusal = refused(&chain(leaf(1, 1), &[bit]));
    let ReleaseViolation::Inadmissible { violation: Violation::RecordMismatch { handle: 0, .. }, .. } =
        refusal
    else {
        panic!("TR.L2, not {refusal}")
    };
    let mut jobs = chain(leaf(1, 1), &[IDENTITY, bit]);
    assert_eq!(refused(&jobs).name(), "RecordMismatch");
    jobs[0].inputs.push(leaf(3, 1));
    assert_eq!(refused(&jobs).name(), "HandleCount");
}

/// Admission of one text may take seconds: a request does not choose how many a node reads.
#[test]
fn the_number_of_jobs_is_bounded_tr_l1() {
    assert_eq!(refused(&[]), ReleaseViolation::JobCount { got: 0 }, "TR.L1");
    let texts = vec![IDENTITY; MAX_JOBS + 1];
    assert_eq!(refused(&chain(leaf(3, 1), &texts)), ReleaseViolation::JobCount { got: MAX_JOBS + 1 });
    assert!(releasable(&chain(leaf(3, 1), &texts[1..]), &MODEL, &[true]).is_ok());
}
