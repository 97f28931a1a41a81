//! Results that a verifier which accepts everything lets onto the chain. Whatever is recorded there, each
//! honest keyholder reads the text and verifies the proof by itself.

use super::claims;
use super::programs;
use super::release::with_flipped_word;
use super::scene::{CircuitScene, Fulfilment};
use super::words::Spelled;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::seen_of_nodes;
use crate::demo::clients::presentation;
use alloy::primitives::{B256, U256};
use anyhow::Context;
use trine::chain::commitment_points;
use trine::keyholders::Presentation;
use trine_verifier::Commitment;

/// Has the honest outputs recorded as those of a request that nobody proved, and asks for their release.
async fn recorded(
    scene: &mut CircuitScene,
    request_id: B256,
    inputs: usize,
    words: Vec<U256>,
) -> anyhow::Result<Observation> {
    let mut unproven = Fulfilment { requestId: request_id, words, ..scene.fulfilment()? };
    unproven.inputPoints.truncate(inputs);
    scene.record_unproven(unproven).await?;
    let mut asked = Presentation { request_id, ..presentation(&scene.honest.fulfilled) };
    asked.inputs.truncate(inputs);
    seen_of_nodes(scene.clients.committee.release(&asked).await)
}

/// The same for a text, registered with a claim that is not its own.
async fn recorded_of_text(
    scene: &mut CircuitScene,
    text: &str,
    spelled: Spelled,
) -> anyhow::Result<Observation> {
    let (request, handles) = scene.open_request_of(text, spelled.claim).await?;
    recorded(scene, request, handles.len(), spelled.words).await
}

/// Another result than the circuit has on its inputs.
pub fn false_result(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let (request_id, _) = scene.open_request().await?;
        let result = scene.honest.fulfilled.outputs.first().context("no output")?;
        let false_words = with_flipped_word(result)?;
        let commitment = Commitment::new(scene.material.srs.commit_words(&false_words.commitment_words())?)?;
        let mut unproven = Fulfilment { requestId: request_id, ..scene.fulfilment()? };
        let point = commitment_points([&commitment]).pop().context("a commitment")?;
        *unproven.outputPoints.first_mut().context("no output")? = point;
        scene.record_unproven(unproven).await?;
        let mut asked = Presentation { request_id, ..presentation(&scene.honest.fulfilled) };
        *asked.outputs.first_mut().context("no output")? = false_words.to_bytes().into();
        seen_of_nodes(scene.clients.committee.release(&asked).await)
    })
}

/// A circuit with half a step added to its first block.
pub fn half_step_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::half_step(&scene.honest.circuit)?;
        let honest = scene.spelled()?;
        recorded_of_text(scene, &circuit.to_text(), honest).await
    })
}

/// A circuit with half a step in a table.
pub fn table_off_grid_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::table_off_grid(&scene.honest.circuit)?;
        let honest = scene.spelled()?;
        recorded_of_text(scene, &circuit.to_text(), honest).await
    })
}

/// A text that is no circuit.
pub fn malformed_text_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let text = programs::swapped_terms_text(&scene.honest.circuit)?;
        let honest = scene.spelled()?;
        recorded_of_text(scene, &text, honest).await
    })
}

/// A text that another function of the same shape is claimed for.
pub fn other_function_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::with_first_block_zero(&scene.honest.circuit)?;
        let honest = scene.spelled()?;
        recorded_of_text(scene, &circuit.to_text(), honest).await
    })
}

/// A registration that claims one input fewer than the text has.
pub fn fewer_inputs_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.spelled()?;
        let claim = claims::without_last_input(&honest.claim)?;
        // Of words that read an input which is not there the contract would say so.
        let spelled = Spelled { claim, words: honest.words }.without_terms();
        let text = scene.honest.circuit.to_text();
        recorded_of_text(scene, &text, spelled).await
    })
}

/// A result under a key that a false committee attests.
pub fn false_key_recorded(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let other = scene.falsely_attested_key().await?;
        let reference = scene.honest.registered.reference;
        let coprocessor = scene.coprocessor();
        let request_id = scene.stranger.request(coprocessor, reference, other.digest, &other.handles).await?;
        let honest = scene.fulfilment()?;
        let unproven = Fulfilment { requestId: request_id, keyPoints: other.points, ..honest };
        scene.record_unproven(unproven).await?;
        let asked = Presentation { request_id, ..presentation(&scene.honest.fulfilled) };
        seen_of_nodes(scene.clients.committee.release(&asked).await)
    })
}
