//! Several jobs in one statement: each is checked as the first is, all of them are evaluated as one circuit.

use crate::case::*;
use tonic::Code;
use trine_program::{Declaration, LinearProgram};
use trine_proto::prover::v1 as pb;
use trine_prover::service::circuits::statement::statement;
use trine_prover::service::refusal::Refusal;
use trine_prover::service::wire;
use trine_verifier::bootstrapping::batch::MAX_JOBS;
use trine_verifier::bootstrapping::statement::StatementError;
use trine_verifier::{Bytes32, Class, Origin};

const SECOND: Bytes32 = [0x14; 32];

/// That a circuit gives `output`, as the answer to a request.
fn covered(first: &pb::Statement, request_id: Bytes32, text: String, output: &[u64]) -> pb::CoveredJob {
    let domain = domain(first);
    let input = Origin::Input { registrant: [5; 20], consumer: [6; 20] };
    let origin = Origin::Output { request_id, job: 0, segment: 0, index: 0 };
    pb::CoveredJob {
        request_id: request_id.to_vec(),
        salt: vec![9; 32],
        program_text: text.into_bytes(),
        inputs: vec![named(&domain, &input_words(), input)],
        outputs: vec![named(&domain, output, origin)],
        segment: 0,
    }
}

/// Two jobs: outputs as they are stated, and as they are sent.
fn two_jobs(stated: [&[u64]; 2], sent: [&[u64]; 2]) -> Case {
    let mut whole = case(&circuit(1), stated[0]);
    let text = circuit_adding(2, 2).to_text();
    whole.message.further_jobs = vec![covered(&whole.message, SECOND, text, stated[1])];
    let words = sent.iter().flat_map(|output| [input_words(), output.to_vec()].concat());
    whole.words = words.flat_map(u64::to_le_bytes).collect();
    whole
}

/// The outputs of both.
fn outputs() -> [Vec<u64>; 2] {
    let outputs = [evaluated(&circuit(1)), evaluated(&circuit_adding(2, 2))];
    assert_ne!(outputs[0], outputs[1], "they can be taken for each other");
    outputs
}

async fn refused(client: &mut Client, case: &Case) -> (String, String) {
    let parts = std::iter::once(header(case.message.clone())).chain(chunks(&case.words)).collect();
    let error = prove(client, parts).await.unwrap_err();
    free(client).await;
    (name(&error).to_string(), error.message().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_are_evaluated_together_and_each_output_is_its_own_jobs() {
    let mut client = start(Some(holding())).await;
    let [first, second] = &outputs();
    let own: [&[u64]; 2] = [first, second];
    let swapped: [&[u64]; 2] = [second, first];
    let honest = two_jobs(own, own);
    let stated = statement(&honest.message, &PARAMETERS).unwrap();
    assert_eq!(stated.jobs.len(), 2);
    assert_eq!(stated.merged().unwrap().bootstrappings().len(), 3);
    // As far as the argument, for which this reference string is too short.
    assert_eq!(refused(&mut client, &honest).await.0, "ARGUMENT");
    // Words that open the commitment of the other job's output.
    let (name, why) = refused(&mut client, &two_jobs(own, swapped)).await;
    assert_eq!(name, "OUTPUT_WORDS", "{why}");
    // Outputs that each open their own commitment, and are the other job's.
    let (name, why) = refused(&mut client, &two_jobs(swapped, swapped)).await;
    assert_eq!(name, "OUTPUT_WORDS", "{why}");
    // The first job is right, the second is not what its circuit gives.
    let (name, why) = refused(&mut client, &two_jobs([first, first], [first, first])).await;
    assert_eq!(name, "OUTPUT_WORDS", "{why}");
    assert!(why.contains("output 1:"), "{why}");
    // The program of the first job in the place of the second one's.
    let mut twice = two_jobs(own, own);
    twice.message.further_jobs[0].program_text = circuit(1).to_text().into_bytes();
    let (name, why) = refused(&mut client, &twice).await;
    assert_eq!(name, "OUTPUT_WORDS", "{why}");
    assert!(why.contains("output 1:"), "{why}");
    // The words of the second job are missing.
    let mut short = two_jobs(own, own);
    short.words.truncate(short.words.len() / 2);
    assert_eq!(refused(&mut client, &short).await.0, "WORDS_SHORT");
}

#[test]
fn every_field_of_a_further_job_is_checked() {
    let [first, second] = &outputs();
    let whole = two_jobs([first, second], [first, second]).message;
    type Change<'a> = &'a dyn Fn(&mut pb::CoveredJob);
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("PROGRAM_TEXT", &|j| j.program_text.push(b' ')),
        ("SEGMENTS", &|j| j.program_text = circuit(17).to_text().into_bytes()),
        ("FIELD_LENGTH", &|j| j.request_id.push(0)),
        ("FIELD_LENGTH", &|j| j.salt.truncate(31)),
        ("FIELD_VALUE", &|j| j.segment = 255),
        ("HANDLE", &|j| j.inputs[0].handle[0] ^= 1),
        ("HANDLE", &|j| j.outputs[0].handle[0] ^= 1),
        ("COMMITMENT", &|j| j.inputs[0].commitment.as_mut().unwrap().point = vec![0; 64]),
        ("DECLARATION", &|j| j.outputs[0].value_type = 1),
        ("ORIGIN", &|j| j.request_id[0] ^= 1),
        // The output's origin is segment 0.
        ("ORIGIN", &|j| j.segment = 1),
    ];
    for (index, (expected, change)) in cases.into_iter().enumerate() {
        let mut message = whole.clone();
        change(&mut message.further_jobs[0]);
        let refusal = statement(&message, &PARAMETERS).unwrap_err();
        assert!(matches!(refusal, Refusal::FurtherJob { place: 1, .. }), "case {index}: {refusal}");
        assert_eq!(refusal.class(), (expected, Code::InvalidArgument), "case {index}: {refusal}");
    }
    // A link of the job's own request that no earlier segment makes.
    let mut message = whole.clone();
    let domain = domain(&whole);
    let own = Origin::Output { request_id: SECOND, job: 0, segment: 3, index: 0 };
    message.further_jobs[0].inputs = vec![named(&domain, &input_words(), own)];
    let refusal = statement(&message, &PARAMETERS).unwrap_err();
    assert_eq!(refusal.class().0, "ORIGIN", "{refusal}");
    // The number of handles is one of all jobs.
    let mut message = whole;
    message.further_jobs[0].inputs.clear();
    let refusal = statement(&message, &PARAMETERS).unwrap_err();
    let wrong = StatementError::HandleCount { job: 1, what: "inputs", got: 0, expected: 1 };
    assert!(matches!(&refusal, Refusal::CircuitStatement(e) if *e == wrong), "{refusal}");
}

#[test]
fn jobs_are_refused_that_no_statement_names_together() {
    let [first, second] = &outputs();
    let whole = two_jobs([first, second], [first, second]).message;
    let refusal = |further: Vec<pb::CoveredJob>| {
        let message = pb::Statement { further_jobs: further, ..whole.clone() };
        statement(&message, &PARAMETERS).unwrap_err()
    };
    let other = whole.further_jobs[0].clone();
    // The same job twice, as the first of them or among the others.
    let again = covered(&whole, REQUEST, circuit(1).to_text(), first);
    for further in [vec![again], vec![other.clone(), other.clone()]] {
        let repeated = refusal(further);
        let is_repeated = |e: &StatementError| matches!(e, StatementError::RepeatedHandle { .. });
        assert!(matches!(&repeated, Refusal::CircuitStatement(e) if is_repeated(e)), "{repeated}");
    }
    // Each of them fits a proof.
    let large = covered(&whole, SECOND, circuit(16).to_text(), second);
    let refused = refusal(vec![large.clone()]);
    assert_eq!(refused.class(), ("BATCH_SIZE", Code::InvalidArgument));
    assert!(refused.to_string().contains("17 bootstrappings"), "{refused}");
    let mut alone = whole.clone();
    (alone.program_text, alone.further_jobs) = (large.program_text, vec![]);
    assert!(statement(&alone, &PARAMETERS).is_ok());
    // One too many, before any of them is read.
    let refused = refusal(vec![pb::CoveredJob::default(); MAX_JOBS]);
    assert_eq!(refused.class(), ("JOBS", Code::InvalidArgument));
    let refused = refusal(vec![pb::CoveredJob::default(); MAX_JOBS - 1]);
    assert!(matches!(refused, Refusal::FurtherJob { place: 1, .. }), "{refused}");
}

#[test]
fn a_linear_program_is_proved_alone() {
    let program = LinearProgram::sum(2, Declaration { degree: 1, ..declaration() }, 2).unwrap();
    let message = pb::Statement {
        program_text: program.to_text().into_bytes(),
        further_jobs: vec![pb::CoveredJob::default()],
        ..Default::default()
    };
    let refused = wire::statement(&message, &Class::REDUCED_TINY).unwrap_err();
    assert!(matches!(refused, Refusal::Value { field: "number of further_jobs", .. }), "{refused}");
}
