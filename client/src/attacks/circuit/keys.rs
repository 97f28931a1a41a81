//! Evaluation keys that the committee did not attest, or not so.

use super::scene::{CircuitScene, Fulfilment};
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::{seen_of_all, seen_on_chain};
use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::{SolCall, SolEvent};
use anyhow::{Context, ensure};
use trine_contract::bindings::Coprocessor;

type Registration = Coprocessor::registerCommittedKeyCall;

/// How the cluster's evaluation key was registered: with the committee's signature.
async fn honest_registration(scene: &CircuitScene) -> anyhow::Result<Registration> {
    let filter = Filter::new()
        .address(scene.coprocessor())
        .from_block(0)
        .event_signature(Coprocessor::CommittedKeyRegistered::SIGNATURE_HASH)
        .topic1(scene.key_digest());
    let logs = scene.stranger.provider().get_logs(&filter).await?;
    let transaction = logs.first().and_then(|log| log.transaction_hash);
    let input = scene.stranger.input_bytes(transaction.context("the key is not registered")?).await?;
    let registration = Registration::abi_decode(&input)?;
    ensure!(registration.keyDigest == scene.key_digest(), "the registration of another key");
    Ok(registration)
}

async fn register(scene: &CircuitScene, registration: Registration) -> anyhow::Result<Observation> {
    let Registration { keyDigest: key, contentDigest: content, epoch, signature } = registration;
    let contract = scene.contract();
    let call = contract.registerCommittedKey(key, content, epoch, signature);
    seen_on_chain(scene.stranger.send("registerCommittedKey", call).await.map(|r| r.transaction_hash))
}

/// The committee's attestation of its key for a key of other commitments; and with the two digests exchanged.
pub fn attestation_of_other_key(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = honest_registration(scene).await?;
        let other = B256::from(rand::random::<[u8; 32]>());
        let replaced = Registration { keyDigest: other, ..honest.clone() };
        let exchanged =
            Registration { keyDigest: honest.contentDigest, contentDigest: honest.keyDigest, ..honest };
        let seen = vec![register(scene, replaced).await?, register(scene, exchanged).await?];
        seen_of_all(seen)
    })
}

/// The registered key once more, as that of other bytes.
pub fn attestation_of_other_bytes(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = honest_registration(scene).await?;
        let other = B256::from(rand::random::<[u8; 32]>());
        register(scene, Registration { contentDigest: other, ..honest }).await
    })
}

/// The committee's signature of a release, as the attestation of a key.
pub fn release_as_attestation(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let release = &scene.honest.release;
        let registration = Registration {
            keyDigest: B256::from(rand::random::<[u8; 32]>()),
            contentDigest: scene.material.key_digest,
            epoch: U256::from(release.epoch),
            signature: release.signature.clone(),
        };
        register(scene, registration).await
    })
}

/// A circuit asked for under a key of which only the bytes are registered.
pub fn key_of_bytes(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let handles = scene.stranger_handles().await?;
        let (program, key) = (scene.honest.registered.reference, scene.material.key_digest);
        seen_on_chain(scene.stranger.request(scene.coprocessor(), program, key, &handles).await)
    })
}

/// A circuit asked for under a key that nobody registered.
pub fn unregistered_key(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let handles = scene.stranger_handles().await?;
        let (program, key) = (scene.honest.registered.reference, B256::from(rand::random::<[u8; 32]>()));
        seen_on_chain(scene.stranger.request(scene.coprocessor(), program, key, &handles).await)
    })
}

/// Other commitments beside the honest proof than those of the request's key: one replaced, two exchanged.
pub fn other_key_points(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.fulfilment()?;
        let [mut replaced, mut exchanged] = [honest.keyPoints.clone(), honest.keyPoints.clone()];
        *replaced.first_mut().context("no commitments")? =
            *honest.inputPoints.first().context("no inputs")?;
        let (first, rest) = exchanged.split_first_mut().context("no commitments")?;
        std::mem::swap(first, rest.first_mut().context("one commitment")?);
        let mut seen = Vec::new();
        for points in [replaced, exchanged] {
            let fulfilment = Fulfilment { keyPoints: points, ..honest.clone() };
            seen.push(seen_on_chain(scene.try_fulfil(&fulfilment).await)?);
        }
        seen_of_all(seen)
    })
}

/// One commitment of the key fewer.
pub fn missing_key_point(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut fulfilment = scene.fulfilment()?;
        fulfilment.keyPoints.pop().context("no commitments")?;
        seen_on_chain(scene.try_fulfil(&fulfilment).await)
    })
}
