//! Keys and ciphertexts: what is stored, what hostile uploads end in.

use crate::fixture::*;
use tonic::Code;
use trine_engine::service::limits::{Limits, MAX_CHUNK_BYTES};
use trine_proto::engine::v1 as pb;
use trine_verifier::digest::AbiHasher;
use trine_verifier::{Commitment, HandleRecord, Origin};

#[tokio::test]
async fn a_key_set_is_stored_by_its_digest_and_comes_back() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let digest = put_key(&mut alice).await;
    let (public, server) = key_parts();
    let mut anybody = engine.stranger().await;
    for (part, content) in [(1, public), (2, server)] {
        let request = pb::DownloadKeyRequest { key_digest: digest.to_vec(), part };
        let mut stream = anybody.download_key(request).await.unwrap().into_inner();
        let mut bytes = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            let chunk = answer.chunk.unwrap();
            assert_eq!(chunk.offset, bytes.len() as u64);
            bytes.extend(chunk.data);
        }
        assert!(bytes == content, "part {part}");
    }
    let answer = anybody.get_key(pb::GetKeyRequest { key_digest: digest.to_vec() }).await.unwrap();
    assert_eq!(answer.into_inner().key.unwrap().compact_public_bytes, 100_000);
    // Again, under another idempotency key: one effect.
    let (public, server) = key_parts();
    let mut messages = key_messages(key_header(), &[public, server].concat());
    if let Some(pb::put_key_request::Part::Start(start)) = &mut messages[0].part {
        start.idempotency_key = b"again".to_vec();
    }
    alice.put_key(tokio_stream::iter(messages)).await.unwrap();
}

#[tokio::test]
async fn a_key_set_of_other_bytes_is_refused_and_leaves_nothing() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let (public, server) = key_parts();
    let mut content = [public, server].concat();
    content[1_500_000] ^= 1;
    let put = |header, content: &[u8]| tokio_stream::iter(key_messages(header, content));
    let error = alice.put_key(put(key_header(), &content)).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("DIGEST_MISMATCH", Code::InvalidArgument));
    let error = alice.put_key(put(key_header(), &content[..2_000_000])).await.unwrap_err();
    assert_eq!(name(&error), "CONTENT_SHORT");
    let huge = pb::KeyHeader { compressed_server_bytes: u64::MAX, ..key_header() };
    let error = alice.put_key(put(huge, &[])).await.unwrap_err();
    assert_eq!(name(&error), "CONTENT_LIMIT");
    let other = pb::KeyHeader { parameter_set_id: vec![1; 32], ..key_header() };
    assert_eq!(name(&alice.put_key(put(other, &[])).await.unwrap_err()), "FIELD_VALUE");
    let error = alice.get_key(pb::GetKeyRequest { key_digest: key_header().key_digest }).await.unwrap_err();
    assert_eq!(name(&error), "NOT_FOUND");
}

#[tokio::test]
async fn an_upload_is_named_as_anybody_would_name_it() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let key_digest = put_key(&mut alice).await;
    let words = words(11);
    let content = bytes(&words);
    let info = upload(&mut alice, b"1", header(&key_digest, content.len()), &content).await.unwrap();
    let record = info.record.unwrap();
    let setup = setup();
    let mut committed = words.clone();
    committed.resize(4096, 0);
    let point = Commitment::new(setup.commitment_key.commit_words(&committed).unwrap()).unwrap();
    assert_eq!(record.commitment.unwrap().point, point.xy().concat());
    let expected = HandleRecord {
        chain_id: 31337,
        coprocessor: [7; 20],
        key_digest,
        key_kind: trine_program::KeyKind::Compute,
        value_type: trine_program::ValueType::Nibbles,
        blocks: 1,
        origin: Origin::Input { registrant: [0xa1; 20], consumer: [0xc0; 20] },
        commitment_digest: point.digest(),
    };
    assert_eq!(record.handle, expected.handle());
    assert_eq!(info.words_digest, blake3::hash(&content).as_bytes());
    // And once more from the definition, without the library's record.
    let origin = AbiHasher::tagged("origin_input").address(&[0xa1; 20]).address(&[0xc0; 20]).finish();
    let by_hand = AbiHasher::tagged("handle")
        .uint(31337)
        .address(&[7; 20])
        .word(&key_digest)
        .uint(0)
        .uint(6)
        .uint(1)
        .word(&origin)
        .word(&point.digest())
        .finish();
    assert_eq!(record.handle, by_hand);
    let request = pb::DownloadCiphertextRequest { handle: record.handle };
    let mut stream = alice.download_ciphertext(request).await.unwrap().into_inner();
    let mut downloaded = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        match message.part.unwrap() {
            pb::download_ciphertext_response::Part::Info(i) => {
                assert_eq!(i.words_bytes as usize, content.len())
            }
            pb::download_ciphertext_response::Part::Chunk(c) => downloaded.extend(c.data),
        }
    }
    assert!(downloaded == content);
}

#[tokio::test]
async fn a_compact_list_expands_to_the_words_of_the_library() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let key_digest = put_key(&mut alice).await;
    let client_key = tfhe::shortint::ClientKey::new(trine_fhe::parameters::COMPUTE);
    let public = tfhe::shortint::CompactPublicKey::new(&client_key);
    let list = trine_fhe::encryption::encrypt(&public, &declaration(1), &[1]).unwrap();
    let content = trine_fhe::encryption::list_to_bytes(&list).unwrap();
    let compact = |bytes: usize| pb::CiphertextHeader {
        encoding: pb::CiphertextEncoding::CompactList.into(),
        ..header(&key_digest, bytes)
    };
    let info = upload(&mut alice, b"1", compact(content.len()), &content).await.unwrap();
    let expanded = trine_fhe::encryption::expand(&list, declaration(1)).unwrap();
    let words = bytes(expanded.blocks()[0].words());
    assert_eq!(info.words_digest, blake3::hash(&words).as_bytes());
    // The same words by the other encoding are the same handle.
    let again = upload(&mut alice, b"2", header(&key_digest, words.len()), &words).await.unwrap();
    assert_eq!(again.record, info.record);
    let error = upload(&mut alice, b"3", compact(5), &[1, 2, 3, 4, 5]).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("COMPACT_LIST", Code::InvalidArgument));
}

#[tokio::test]
async fn hostile_uploads_end_in_the_check_that_stops_them() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let key_digest = put_key(&mut alice).await;
    let content = bytes(&words(3));
    let whole = header(&key_digest, content.len());
    let first = || start(b"1", whole.clone());
    let zeros = vec![0; content.len()];
    let five_blocks = pb::CiphertextHeader { blocks: 5, ..header(&key_digest, 5 * content.len()) };
    let long = header(&key_digest, usize::MAX);
    let unknown = header(&[0xdd; 32], content.len());
    let cases: Vec<(&str, Vec<pb::UploadCiphertextRequest>)> = vec![
        ("FIELD_MISSING", vec![]),
        ("UPLOAD_ORDER", vec![chunk(0, &content)]),
        ("UPLOAD_ORDER", vec![first(), first()]),
        ("FIELD_MISSING", vec![first(), pb::UploadCiphertextRequest { part: None }]),
        ("CHUNK_OFFSET", vec![first(), chunk(8000, &content[8000..]), chunk(0, &content[..8000])]),
        ("CHUNK_OFFSET", vec![first(), chunk(0, &content[..8000]), chunk(0, &content[..8000])]),
        ("CHUNK_SIZE", vec![first(), chunk(0, &[])]),
        ("CHUNK_SIZE", vec![first(), chunk(0, &vec![1; MAX_CHUNK_BYTES + 1])]),
        ("CONTENT_TOO_LONG", vec![first(), chunk(0, &content), chunk(content.len(), &[0])]),
        ("CONTENT_SHORT", vec![first(), chunk(0, &content[..content.len() - 1])]),
        ("CONTENT_LIMIT", vec![start(b"1", long)]),
        ("WORDS", vec![start(b"1", header(&key_digest, 16)), chunk(0, &content[..16])]),
        ("WORDS_NO_MASK", vec![first(), chunk(0, &zeros)]),
        ("FIELD_VALUE", vec![start(b"1", five_blocks)]),
        ("NOT_FOUND", vec![start(b"1", unknown)]),
        ("FIELD_LENGTH", vec![start(b"", whole.clone()), chunk(0, &content)]),
        ("FIELD_LENGTH", vec![start(&[1; 65], whole.clone()), chunk(0, &content)]),
    ];
    for (index, (expected, messages)) in cases.into_iter().enumerate() {
        let error = alice.upload_ciphertext(tokio_stream::iter(messages)).await.unwrap_err();
        assert_eq!(name(&error), expected, "case {index}: {error:?}");
    }
}

#[tokio::test]
async fn one_idempotency_key_has_one_effect() {
    let engine = Engine::start(Mode::NoChain).await;
    let mut alice = engine.client(ALICE).await;
    let key_digest = put_key(&mut alice).await;
    let (one, two) = (bytes(&words(1)), bytes(&words(9)));
    let head = header(&key_digest, one.len());
    let first = upload(&mut alice, b"same", head.clone(), &one).await.unwrap();
    assert_eq!(upload(&mut alice, b"same", head.clone(), &one).await.unwrap(), first);
    let error = upload(&mut alice, b"same", head.clone(), &two).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("IDEMPOTENCY_KEY_REUSED", Code::AlreadyExists));
    // The key of another principal is another key.
    let mut bob = engine.client(BOB).await;
    upload(&mut bob, b"same", head, &two).await.unwrap();
}

#[tokio::test]
async fn uploads_at_once_are_bounded() {
    let limits = Limits { max_uploads: 0, ..Limits::default() };
    let engine = Engine::start_limited(Mode::NoChain, limits).await;
    let mut alice = engine.client(ALICE).await;
    let error = upload(&mut alice, b"1", header(&[1; 32], 8), &[0; 8]).await.unwrap_err();
    assert_eq!((name(&error).as_str(), error.code()), ("BUSY", Code::ResourceExhausted));
}
