//! Each check of a statement about a circuit, and of its words, by a request that breaks it alone.

use crate::case::*;
use pb::prove_request::Part;
use tonic::Code;
use trine_proto::prover::v1 as pb;
use trine_prover::service::circuits::proof::CircuitTask;
use trine_prover::service::circuits::statement::statement;
use trine_prover::service::refusal::Refusal;
use trine_prover::service::worker::Stage;
use trine_verifier::{Commitment, Origin};

/// Bytes of a value of one block as it travels.
const VALUE_BYTES: usize = 8 * 2049;

fn other_words() -> Vec<u64> {
    input_words().into_iter().rev().collect()
}

/// Another list of key points.
fn points(s: &mut pb::Statement, change: fn(&mut Vec<Vec<u8>>)) {
    change(&mut s.key_points.as_mut().unwrap().points);
}

async fn refused(client: &mut Client, parts: Vec<Part>) -> (String, Code) {
    let error = prove(client, parts).await.unwrap_err();
    free(client).await;
    (name(&error).to_string(), error.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_of_a_statement_is_checked() {
    let mut client = start(Some(holding())).await;
    let whole = case(&circuit(1), &other_words());
    type Change<'a> = &'a dyn Fn(&mut pb::Statement);
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("PROGRAM_TEXT", &|s| s.program_text.push(b' ')),
        ("PROGRAM_TEXT", &|s| s.program_text.truncate(16)),
        ("SEGMENTS", &|s| s.program_text = circuit(17).to_text().into_bytes()),
        ("STATEMENT", &|s| drop(s.inputs.pop())),
        ("STATEMENT", &|s| drop(s.outputs.pop())),
        ("HANDLE", &|s| s.inputs[0].handle[0] ^= 1),
        ("HANDLE", &|s| s.outputs[0].handle[31] ^= 1),
        ("HANDLE", &|s| s.domain.as_mut().unwrap().chain_id += 1),
        ("HANDLE", &|s| s.domain.as_mut().unwrap().coprocessor[0] ^= 1),
        ("COMMITMENT", &|s| s.inputs[0].commitment.as_mut().unwrap().point = vec![0; 64]),
        ("COMMITMENT", &|s| s.outputs[0].commitment.as_mut().unwrap().point[63] ^= 1),
        ("FIELD_LENGTH", &|s| s.inputs[0].commitment.as_mut().unwrap().point = vec![0; 63]),
        ("FIELD_LENGTH", &|s| s.salt.truncate(31)),
        ("FIELD_LENGTH", &|s| s.request_id.push(0)),
        ("FIELD_VALUE", &|s| s.inputs[0].key_kind = 0),
        ("FIELD_VALUE", &|s| s.inputs[0].blocks = 1 << 20),
        ("DECLARATION", &|s| s.inputs[0].blocks = 2),
        ("DECLARATION", &|s| s.inputs[0].key_kind = 2),
        ("DECLARATION", &|s| s.outputs[0].value_type = 1),
        ("FIELD_MISSING", &|s| s.outputs[0].origin = None),
        ("FIELD_MISSING", &|s| s.domain = None),
        ("ORIGIN", &|s| s.request_id[0] ^= 1),
        ("ORIGIN", &|s| s.outputs[0].origin = s.inputs[0].origin.clone()),
        // The output's origin is segment 0; no job has so many segments.
        ("ORIGIN", &|s| s.segment = 1),
        ("FIELD_VALUE", &|s| s.segment = 255),
        ("FIELD_MISSING", &|s| s.key_points = None),
        ("FIELD_VALUE", &|s| points(s, |p| drop(p.pop()))),
        ("FIELD_VALUE", &|s| points(s, |p| p.push(vec![0; 64]))),
        ("FIELD_LENGTH", &|s| points(s, |p| p[3].truncate(63))),
        ("KEY_POINTS", &|s| points(s, |p| p[15][63] = 1)),
        // A point of the group that is none of the key's: the generator, then the domain of another key.
        ("KEY_DIGEST", &|s| points(s, |p| (p[0][31], p[0][63]) = (1, 2))),
    ];
    for (index, (expected, change)) in cases.into_iter().enumerate() {
        let mut message = whole.message.clone();
        change(&mut message);
        // What moves a handle is put right again where another check is meant.
        if expected == "ORIGIN" && message.request_id != REQUEST {
            assert_eq!(message.outputs, whole.message.outputs, "the origin names the old request");
        }
        if expected == "ORIGIN" && message.outputs != whole.message.outputs {
            let origin = Origin::Input { registrant: [5; 20], consumer: [6; 20] };
            message.outputs[0] = renamed(&message, &message.outputs[0], origin);
        }
        let parts = std::iter::once(header(message)).chain(chunks(&whole.words)).collect();
        let refusal = refused(&mut client, parts).await;
        assert_eq!(refusal, (expected.to_string(), Code::InvalidArgument), "case {index}");
    }
}

/// A value of the message under another origin, with the handle of that.
fn renamed(message: &pb::Statement, value: &pb::HandleRecord, origin: Origin) -> pb::HandleRecord {
    let domain = domain(message);
    let word = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).unwrap();
    let point = &value.commitment.as_ref().unwrap().point;
    let commitment = Commitment::from_xy(&word(&point[..32]), &word(&point[32..])).unwrap();
    record(&domain, &declaration(), origin, &commitment)
}

/// The statement as segment `segment` of its request, its input a link out of segment `from`.
fn linked(whole: &pb::Statement, segment: u32, from: u32) -> pb::Statement {
    let of = |segment| Origin::Output { request_id: REQUEST, job: 0, segment, index: 0 };
    pb::Statement {
        segment,
        inputs: vec![renamed(whole, &whole.inputs[0], of(from))],
        outputs: vec![renamed(whole, &whole.outputs[0], of(segment))],
        ..whole.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_segment_is_proved_like_a_circuit_over_links_of_earlier_segments() {
    let mut client = start(Some(holding())).await;
    let circuit = circuit(1);
    let whole = case(&circuit, &evaluated(&circuit));
    let parts = |message| std::iter::once(header(message)).chain(chunks(&whole.words)).collect::<Vec<_>>();
    let message = linked(&whole.message, 2, 0);
    let stated = statement(&message, &PARAMETERS).unwrap();
    assert_eq!((stated.jobs[0].segment, &stated.jobs[0].circuit), (2, &circuit));
    assert_ne!(stated.inputs(&PARAMETERS).unwrap().stmt, {
        let first = statement(&whole.message, &PARAMETERS).unwrap();
        first.inputs(&PARAMETERS).unwrap().stmt
    });
    // As far as the argument, for which this reference string is too short.
    assert_eq!(refused(&mut client, parts(message)).await, ("ARGUMENT".to_string(), Code::Internal));
    // A link of the segment itself, or of a later one.
    for (segment, from) in [(0, 0), (2, 2), (2, 3)] {
        let refusal = refused(&mut client, parts(linked(&whole.message, segment, from))).await;
        assert_eq!(refusal, ("ORIGIN".to_string(), Code::InvalidArgument), "{segment} from {from}");
    }
    // Outputs of another request are inputs like others.
    let other = Origin::Output { request_id: [9; 32], job: 0, segment: 7, index: 0 };
    let mut message = linked(&whole.message, 2, 0);
    message.inputs = vec![renamed(&message, &message.inputs[0], other)];
    assert!(statement(&message, &PARAMETERS).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_setup_and_another_key_are_named() {
    let mut client = start(Some(holding())).await;
    let whole = case(&circuit(1), &other_words());
    for change in [
        (|d: &mut pb::Domain| d.verifier_hash[31] ^= 1) as fn(&mut pb::Domain),
        |d| d.srs_digest[0] ^= 1,
        |d| d.parameter_set_id[0] ^= 1,
    ] {
        let mut message = whole.message.clone();
        change(message.domain.as_mut().unwrap());
        let refusal = refused(&mut client, vec![header(message)]).await;
        assert_eq!(refusal, ("DOMAIN".to_string(), Code::FailedPrecondition));
    }
    // The same statement where no key is held: refused before a word is read.
    let mut without_key = start(Some(circuit_worker())).await;
    let refusal = refused(&mut without_key, vec![header(whole.message.clone())]).await;
    assert_eq!(refusal, ("KEY_MISSING".to_string(), Code::FailedPrecondition));
    let mut linear_only = start(None).await;
    let refusal = refused(&mut linear_only, vec![header(whole.message)]).await;
    assert_eq!(refusal, ("NO_CIRCUITS".to_string(), Code::Unimplemented));
    let info = linear_only.get_prover_info(pb::GetProverInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.circuits, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_must_open_their_commitments_and_be_what_the_circuit_gives() {
    let mut client = start(Some(holding())).await;
    let circuit = circuit(1);
    let whole = case(&circuit, &evaluated(&circuit));
    let with = |words: &[u8]| {
        std::iter::once(header(whole.message.clone())).chain(chunks(words)).collect::<Vec<_>>()
    };
    let flipped = |index: usize| {
        let mut words = whole.words.clone();
        words[index] ^= 1;
        with(&words)
    };
    let longer = [whole.words.as_slice(), &[0]].concat();
    for (expected, parts) in [
        ("WORDS", flipped(0)),
        ("OUTPUT_WORDS", flipped(VALUE_BYTES)),
        ("WORDS_SHORT", with(&whole.words[..2 * VALUE_BYTES - 8])),
        ("CHUNK", with(&longer)),
        ("MESSAGE_ORDER", vec![header(whole.message.clone()), header(whole.message.clone())]),
    ] {
        let refusal = refused(&mut client, parts).await;
        assert_eq!(refusal, (expected.to_string(), Code::InvalidArgument));
    }
    // Words that open the statement's own commitment and are not the circuit's output.
    let lie = case(&circuit, &other_words());
    let parts = std::iter::once(header(lie.message)).chain(chunks(&lie.words)).collect();
    assert_eq!(refused(&mut client, parts).await, ("OUTPUT_WORDS".to_string(), Code::InvalidArgument));
    // The right ones come as far as the argument, for which this reference string is too short.
    assert_eq!(refused(&mut client, with(&whole.words)).await, ("ARGUMENT".to_string(), Code::Internal));
}

#[test]
fn a_proof_that_nobody_waits_for_stops_at_the_next_phase() {
    let (worker, circuit) = (holding(), circuit(1));
    let Case { message, .. } = case(&circuit, &evaluated(&circuit));
    let laid_out = |mut words: Vec<u64>| {
        words.resize(4096, 0);
        vec![words]
    };
    let task = CircuitTask {
        statement: statement(&message, &PARAMETERS).unwrap(),
        inputs: laid_out(input_words()),
        outputs: laid_out(evaluated(&circuit)),
    };
    for (limit, last) in [(0, Stage::Checking), (1, Stage::Argument), (2, Stage::Argument)] {
        let mut told = Vec::new();
        let proved = worker.prove(key(), task.clone(), &mut |stage, permille| {
            told.push((stage, permille));
            told.len() <= limit
        });
        assert!(matches!(proved, Err(Refusal::Cancelled)), "{limit}");
        assert_eq!((told.len(), told.last().unwrap().0), (limit + 1, last));
        assert!(told.is_sorted_by_key(|(_, permille)| *permille));
    }
}
