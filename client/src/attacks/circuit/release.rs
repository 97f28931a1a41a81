//! Releases that each keyholder must refuse by itself, of results that are proven, and outputs that stay encrypted.

use super::programs;
use super::scene::CircuitScene;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::{seen_of_all, seen_of_nodes, seen_on_chain, seen_on_wire};
use crate::demo::clients::{Fulfilled, presentation};
use alloy::primitives::B256;
use anyhow::{Context, anyhow, ensure};
use trine::chain::circuits::circuit_claim;
use trine::keyholders::{Presentation, Release};
use trine::rpc::RpcError;
use trine_fhe::words::ValueWords;
use trine_program::Circuit;

/// Asks every node for the release of the stranger's own result, presented in an altered form.
async fn asked_with(
    scene: &mut CircuitScene,
    alter: impl FnOnce(&CircuitScene, Presentation) -> anyhow::Result<Presentation>,
) -> anyhow::Result<Observation> {
    let fulfilled = scene.take_allowed().await?;
    let honest = presentation(&fulfilled);
    let altered = alter(scene, honest.clone());
    scene.keep_unreleased(fulfilled);
    let altered = altered?;
    ensure!(altered != honest, "nothing is altered");
    seen_of_nodes(scene.clients.committee.release(&altered).await)
}

/// The honest presentation, for a request that nobody has answered.
pub fn release_unproven(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let (request_id, _) = scene.open_request().await?;
        let asked = Presentation { request_id, ..presentation(&scene.honest.fulfilled) };
        seen_of_nodes(scene.clients.committee.release(&asked).await)
    })
}

/// A proven result whose consumer has not allowed its release.
pub fn release_not_allowed(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unallowed().await?;
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        scene.keep_unreleased(fulfilled);
        seen_of_nodes(answers)
    })
}

/// An input's words, and a flipped word, in place of the result's.
pub fn swapped_ciphertext_bytes(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let of_input = asked_with(scene, |scene, honest| {
            let result = scene.honest.fulfilled.outputs.first().context("no output")?;
            let inputs = scene.honest.values.iter().flat_map(|value| value.words.blocks());
            let blocks = inputs.take(result.blocks().len()).cloned().collect();
            let swapped = ValueWords::new(*result.declaration(), blocks)?;
            with_first_output(honest, &swapped)
        });
        let of_input = of_input.await?;
        let flipped = asked_with(scene, |scene, honest| {
            let result = scene.honest.fulfilled.outputs.first().context("no output")?;
            with_first_output(honest, &with_flipped_word(result)?)
        });
        seen_of_all(vec![of_input, flipped.await?])
    })
}

fn with_first_output(honest: Presentation, output: &ValueWords) -> anyhow::Result<Presentation> {
    let mut altered = honest;
    *altered.outputs.first_mut().context("no output")? = output.to_bytes().into();
    Ok(altered)
}

/// The value with the lowest bit of one word flipped.
pub fn with_flipped_word(value: &ValueWords) -> anyhow::Result<ValueWords> {
    let mut blocks = value.blocks().to_vec();
    let word = blocks.first_mut().and_then(|block| block.words_mut().first_mut()).context("no words")?;
    *word ^= 1;
    Ok(ValueWords::new(*value.declaration(), blocks)?)
}

/// A squashed ciphertext that is not the one of the proven words.
pub fn substituted_squashed_ciphertext(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let substitute = B256::from(rand::random::<[u8; 32]>()).to_vec().into();
        asked_with(scene, |_, honest| Ok(Presentation { squashed_digest: substitute, ..honest })).await
    })
}

/// The proof with its last scalar altered.
pub fn altered_inner_proof(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        asked_with(scene, |_, honest| {
            let mut bytes = honest.inner_proof.to_vec();
            *bytes.last_mut().context("an empty proof")? ^= 1;
            Ok(Presentation { inner_proof: bytes.into(), ..honest })
        })
        .await
    })
}

/// The honest proof of the same circuit over the same ciphertexts, for another request.
pub fn proof_of_another_request(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        asked_with(scene, |scene, honest| {
            let inner_proof = scene.honest.fulfilled.receipt.inner_proof.clone();
            Ok(Presentation { inner_proof, ..honest })
        })
        .await
    })
}

/// Has the engine answer a request of the stranger for a circuit over one bool of its own.
async fn answered_over_a_bool(scene: &mut CircuitScene, circuit: &Circuit) -> anyhow::Result<Fulfilled> {
    let handles = scene.stranger_handles().await?;
    let bool = scene.honest.circuit.inputs().iter().position(|d| Some(d) == circuit.inputs().first());
    let own = *bool.and_then(|index| handles.get(index)).context("no input is a bool")?;
    let registered = scene.register(&circuit.to_text(), circuit_claim(circuit)?).await?;
    scene.clients.engine.register_program(&circuit.to_text()).await?;
    let request = scene.request(registered.reference, &[own]).await?;
    scene.answer(&registered, request, &[own]).await
}

/// A proven, fulfilled and allowed result that is an input itself: its noise tells about the key.
pub fn output_not_bootstrapped(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = answered_over_a_bool(scene, &programs::identity_of_bool()?).await?;
        scene.allow(&fulfilled).await?;
        seen_of_nodes(scene.clients.committee.release(&presentation(&fulfilled)).await)
    })
}

/// A fulfilled request of the stranger with two outputs, of which the first alone is allowed; made once.
async fn partly_allowed(scene: &mut CircuitScene) -> anyhow::Result<Fulfilled> {
    if let Some(fulfilled) = scene.partly_allowed.take() {
        return Ok(fulfilled);
    }
    let fulfilled = answered_over_a_bool(scene, &programs::bool_and_itself()?).await?;
    let [named, _] = two_outputs(&fulfilled)?;
    scene.stranger.allow_release(scene.coprocessor(), &[named]).await?;
    Ok(fulfilled)
}

fn two_outputs(fulfilled: &Fulfilled) -> anyhow::Result<[B256; 2]> {
    let handles = fulfilled.receipt.output_handles();
    <[B256; 2]>::try_from(handles).map_err(|handles| anyhow!("{} outputs, expected 2", handles.len()))
}

/// The honest presentation of a request of which the consumer has named one output: will the other be decrypted, too?
pub fn sealed_output_asked_for(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = partly_allowed(scene).await?;
        let [named, _] = two_outputs(&fulfilled)?;
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        scene.partly_allowed = Some(fulfilled);
        seen_of_named(named, answers)
    })
}

/// Whether every node that answers releases this output and no other.
fn seen_of_named(named: B256, answers: Vec<Result<Release, RpcError>>) -> anyhow::Result<Observation> {
    let mut seen = None;
    for answer in answers {
        match answer {
            Ok(release) if release.handles != [named] || release.plaintexts.len() != 1 => {
                return Ok(Observation::accepted(format!("released {:?}", release.handles)));
            }
            Ok(release) => seen = Some(release.plaintexts),
            Err(RpcError::Connection { .. }) => {}
            refused => return seen_on_wire(refused),
        }
    }
    let plaintexts = seen.context("no node answers")?;
    Ok(Observation::harmless(format!("released {plaintexts:?} of {named}"), "answer of every node"))
}

/// The other output, allowed after the decision.
pub fn release_decided_twice(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = partly_allowed(scene).await?;
        let [_, sealed] = two_outputs(&fulfilled)?;
        let later = scene.stranger.allow_release(scene.coprocessor(), &[sealed]).await;
        scene.partly_allowed = Some(fulfilled);
        seen_on_chain(later)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::report::{Expectation, Party, Report};

    fn release(handles: &[u8]) -> Result<Release, RpcError> {
        Ok(Release {
            epoch: 1,
            handles: handles.iter().map(|byte| B256::repeat_byte(*byte)).collect(),
            plaintexts: vec![1; handles.len()],
            signature: vec![1; 256].into(),
            faults: vec![],
        })
    }

    #[test]
    fn a_node_that_releases_more_than_was_named_has_lost() {
        let held = |answers| {
            let seen = seen_of_named(B256::repeat_byte(1), answers).unwrap();
            Report::new("sealed", Party::Committee, Expectation::Harmless("named alone"), seen).held()
        };
        assert!(held(vec![release(&[1]), release(&[1])]));
        assert!(!held(vec![release(&[1]), release(&[1, 2])]), "the sealed one as well");
        assert!(!held(vec![release(&[2])]), "the sealed one");
        assert!(seen_of_named(B256::repeat_byte(1), vec![]).is_err(), "nothing is seen");
    }
}
