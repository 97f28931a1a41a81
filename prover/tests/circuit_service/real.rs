//! One real bootstrapping through the worker, under the development keys.

use crate::case::*;
use std::sync::Arc;
use std::time::Instant;
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::dev_keys::{DevelopmentKeys, cache_folder};
use trine_proto::prover::v1 as pb;
use trine_prover::groth::verify_public;
use trine_prover::service::circuits::CircuitWorker;
use trine_prover::service::circuits::statement::{key_points, statement};
use trine_prover::service::setups::load_circuits;
use trine_prover::service::wrapped::{groth16_of, wrapped_bytes};
use trine_prover::{Mode, srs};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::{CircuitProof, verify};
use trine_verifier::digest::field_word;

/// Hands the key over. Without its digest: the refusal names it.
async fn put(
    client: &mut Client,
    digest: Bytes32,
    bytes: &[u8],
) -> Result<pb::PutKeyResponse, tonic::Status> {
    let header =
        pb::PutKeyHeader { key_digest: digest.to_vec(), compressed_server_bytes: bytes.len() as u64 };
    let header = pb::put_key_request::Part::Header(header);
    let size = 1 << 20;
    let chunks = bytes.chunks(size).enumerate().map(|(index, data)| {
        let offset = (index * size) as u64;
        pb::put_key_request::Part::Chunk(pb::WordChunk { offset, data: data.to_vec() })
    });
    let parts = std::iter::once(header).chain(chunks);
    let messages: Vec<_> = parts.map(|part| pb::PutKeyRequest { part: Some(part) }).collect();
    Ok(client.put_key(authorised(tokio_stream::iter(messages))).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow: two minutes and 8 GB, a proof of one bootstrapping at the production parameters"]
async fn a_real_bootstrapping_convinces_in_both_forms() {
    let cache = cache_folder().expect("TRINE_CACHE or HOME is set");
    let keys = DevelopmentKeys::load_or_generate(&cache, &mut |_| {}).unwrap();
    let bytes = std::fs::read(&keys.server_key).unwrap();
    let (circuit, client_key) = (circuit(1), keys.read_dealer().unwrap());
    let input = BlockWords::from_shortint(&client_key.client().encrypt(3)).unwrap();
    let output = {
        let key = EvaluationKey::from_bytes(&bytes).unwrap();
        evaluated_under(&key, &circuit, &input)
    };

    let reference = Arc::new(srs::development(12).unwrap());
    let (class, (srs, key)) = load_circuits(&cache, &PARAMETERS, &reference, Mode::Development).unwrap();
    let (vk, srs_part) = (key.vk.clone(), *srs.verifier());
    let worker = CircuitWorker::new(class, &srs, key, cache);
    drop(srs);
    let (verifier_hash, srs_digest) = (*worker.verifier_hash(), *worker.srs_digest());
    let mut client = start(Some(worker)).await;

    let refused = put(&mut client, [1; 32], &bytes).await.unwrap_err();
    assert_eq!(name(&refused), "KEY_DIGEST");
    let named = refused.message().split("the digest ").nth(1).unwrap().split(',').next().unwrap();
    let digest: Bytes32 = hex::decode(named).unwrap().try_into().unwrap();
    let missing = client.get_key(authorised(pb::GetKeyRequest { key_digest: digest.to_vec() })).await;
    assert_eq!(name(&missing.unwrap_err()), "KEY_MISSING", "a refused key is not held");
    let start = Instant::now();
    let points = put(&mut client, digest, &bytes).await.unwrap().points.unwrap();
    println!("put_key_s {:.1}", start.elapsed().as_secs_f64());
    let keys = key_points(&PARAMETERS, &points).unwrap();
    assert_eq!(keys.digest(&PARAMETERS), digest);

    let case = case_under(&keys, verifier_hash, srs_digest, &circuit, [input.words(), &output]);
    let parts = std::iter::once(header(case.message.clone())).chain(chunks(&case.words)).collect();
    let (progress, result) = prove(&mut client, parts).await.unwrap();
    println!("argument_s {:.1}", result.argument_ms as f64 / 1000.0);
    println!("wrap_s {:.1}", result.wrap_ms as f64 / 1000.0);
    let permille: Vec<u32> = progress.iter().map(|p| p.permille).collect();
    assert!(permille.is_sorted() && permille.last() <= Some(&1000), "{permille:?}");
    assert!(permille.len() > 6, "a step for each phase: {permille:?}");

    let proof = result.proof.unwrap();
    let statement = statement(&case.message, &PARAMETERS).unwrap();
    let shape = statement.inputs(&PARAMETERS).unwrap().shape;
    let inner = CircuitProof::from_bytes(&shape, &proof.inner).unwrap();
    let public = verify(&PARAMETERS, &srs_part, &statement, &inner).unwrap();
    let words: Vec<_> = public.to_array().iter().map(|w| field_word(w).to_vec()).collect();
    assert_eq!(proof.public_inputs, words);
    let groth16 = groth16_of(&proof.wrapped).unwrap();
    assert!(verify_public(&vk, &public.to_array(), &groth16));
    let o = &public.opening;
    let challenges = [o.rho, o.r, o.q, o.z, o.r_at_z];
    assert_eq!(proof.wrapped, wrapped_bytes(&verifier_hash, &groth16, &inner.group, &challenges));
    let mut other = statement;
    other.jobs[0].salt[0] ^= 1;
    assert!(verify(&PARAMETERS, &srs_part, &other, &inner).is_err());
}
