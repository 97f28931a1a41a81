//! Releases that each keyholder must refuse by itself, of results that are proven.

use super::programs;
use super::scene::CircuitScene;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::{seen_of_all, seen_of_nodes};
use crate::demo::clients::presentation;
use alloy::primitives::B256;
use anyhow::{Context, ensure};
use trine::chain::circuits::circuit_claim;
use trine::keyholders::Presentation;
use trine_fhe::words::ValueWords;

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

/// A proven, fulfilled and allowed result that is an input itself: its noise tells about the key.
pub fn output_not_bootstrapped(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let identity = programs::identity_of_bool()?;
        let handles = scene.stranger_handles().await?;
        let bool = scene.honest.circuit.inputs().iter().position(|d| d == &identity.inputs()[0]);
        let own = *bool.and_then(|index| handles.get(index)).context("no input is a bool")?;
        let registered = scene.register(&identity.to_text(), circuit_claim(&identity)?).await?;
        scene.clients.engine.register_program(&identity.to_text()).await?;
        let request = scene.request(registered.reference, &[own]).await?;
        let fulfilled = scene.answer(&registered, request, &[own]).await?;
        scene.allow(&fulfilled).await?;
        seen_of_nodes(scene.clients.committee.release(&presentation(&fulfilled)).await)
    })
}
