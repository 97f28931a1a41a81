//! The honest proof under another statement, and values under another name.

use super::fulfilment::Fulfilment;
use super::programs;
use super::registry::Playing;
use super::report::Observation;
use super::scene::Scene;
use super::seen::seen_on_chain;
use alloy::primitives::B256;
use anyhow::Context;
use trine::chain::ChainError;
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::scalar;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::Class;
use trine_verifier::program::{layouts, program_digest};

/// Sends the honest proof as the answer to another request over the same commitments.
async fn answer_with_honest_proof(
    scene: &Scene,
    request_id: B256,
    inputs: usize,
) -> anyhow::Result<Observation> {
    let fulfilment = Fulfilment { request_id: request_id.0, ..scene.fulfilment() };
    seen_on_chain(scene.send_fulfil(&fulfilment, inputs).await)
}

/// The honest proof for a request of another program over the same ciphertexts.
pub fn other_program(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let handles = scene.stranger_handles().await?;
        let other = programs::half_step(&scene.honest.program)?;
        let (coprocessor, key) = (scene.coprocessor(), scene.material.key_digest);
        let registered = scene.stranger.register_program(coprocessor, &other).await?;
        let request = scene.stranger.request(coprocessor, registered.reference, key, &handles).await?;
        answer_with_honest_proof(scene, request, handles.len()).await
    })
}

/// The honest proof for a request whose ciphertexts are registered under another key.
pub fn other_key(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let other = B256::from(rand::random::<[u8; 32]>());
        let (coprocessor, stranger) = (scene.coprocessor(), scene.stranger.address());
        scene.stranger.register_key(coprocessor, other).await?;
        let mut handles = Vec::new();
        for value in &scene.honest.values {
            let declaration = value.words.declaration();
            let call = scene.stranger.register_ciphertext(
                coprocessor,
                stranger,
                other,
                declaration,
                &value.commitment,
            );
            handles.push(call.await?);
        }
        let program = scene.honest.registered.reference;
        let request = scene.stranger.request(coprocessor, program, other, &handles).await?;
        answer_with_honest_proof(scene, request, handles.len()).await
    })
}

/// The honest proof for the same program over the same ciphertexts under the stranger's handles.
pub fn other_handle(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let (request, handles) = scene.open_request().await?;
        answer_with_honest_proof(scene, request, handles.len()).await
    })
}

/// The honest proof with all inputs moved by one place.
pub fn handle_moved(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let mut points = scene.input_points();
        points.rotate_left(1);
        let fulfilment = scene.fulfilment();
        let input = trine::chain::fulfil_input(
            fulfilment.request_id.into(),
            fulfilment.outputs.iter().map(|p| p.map(alloy::primitives::U256::from_be_bytes)).collect(),
            points,
            fulfilment.proof.into(),
        );
        let before = scene.honest.fulfilled.block.saturating_sub(1);
        seen_on_chain(scene.stranger.call_at("fulfil", scene.coprocessor(), input, before).await)
    })
}

/// The honest proof under a registration that claims two inputs for the tally's text.
pub fn smaller_shape(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let handles = scene.stranger_handles().await?;
        let (program, coprocessor) = (&scene.honest.program, scene.coprocessor());
        let fewer: Vec<Declaration> = program.inputs().iter().take(2).copied().collect();
        let [layout_0, layout_1] = layouts(&fewer, program.outputs()).map(|l| scalar(&l));
        let prog = scalar(&program_digest(&Class::SLICE, program)?);
        let contract = scene.stranger.coprocessor(coprocessor);
        let text = program.to_text().into_bytes().into();
        let call = contract.registerProgram(text, prog, layout_0, layout_1, 2, 1);
        let receipt = scene.stranger.send("registerProgram", call).await?;
        let event: Coprocessor::ProgramRegistered = trine::chain::event("registerProgram", &receipt)?;
        let key = scene.material.key_digest;
        let request = scene.stranger.request(coprocessor, event.programRef, key, &handles[..2]).await?;
        answer_with_honest_proof(scene, request, 2).await
    })
}

/// A ballot's ciphertext registered as an integer, requested where the program declares a ballot.
pub fn handle_under_another_type(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let mut handles = scene.stranger_handles().await?;
        let (coprocessor, key) = (scene.coprocessor(), scene.material.key_digest);
        let integer =
            Declaration { value_type: ValueType::Uint8, key_kind: KeyKind::Compute, blocks: 4, degree: 3 };
        let commitment = scene.honest.values.first().context("no ballot")?.commitment;
        let stranger = scene.stranger.address();
        handles[0] =
            scene.stranger.register_ciphertext(coprocessor, stranger, key, &integer, &commitment).await?;
        let program = scene.honest.registered.reference;
        seen_on_chain(scene.stranger.request(coprocessor, program, key, &handles).await)
    })
}

/// The identity program over one voter's registered ballot.
pub fn identity_of_registered(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let identity: LinearProgram = programs::identity(&scene.honest.program)?;
        let (coprocessor, key) = (scene.coprocessor(), scene.material.key_digest);
        let registered = scene.stranger.register_program(coprocessor, &identity).await?;
        let ballot = scene.honest.handles[..1].to_vec();
        seen_on_chain(scene.stranger.request(coprocessor, registered.reference, key, &ballot).await)
    })
}

/// The release of the totals, allowed by somebody who is not their consumer.
pub fn stranger_release(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let output = scene.honest.fulfilled.receipt.outputs.first().context("no output")?.handle;
        seen_on_chain(scene.stranger.allow_release(scene.coprocessor(), &[output]).await)
    })
}

/// The output of a request, known beforehand since evaluation is exact, registered as a ciphertext before the proof.
pub fn output_registered_in_advance(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let (request, handles) = scene.open_request().await?;
        let (coprocessor, key) = (scene.coprocessor(), scene.material.key_digest);
        let output = scene.honest.fulfilled.verified.outputs.first().context("no output")?.commitment;
        let declaration = scene.honest.program.outputs()[0];
        let stranger = scene.stranger.address();
        let registered =
            scene.stranger.register_ciphertext(coprocessor, stranger, key, &declaration, &output).await;
        let planted = match registered {
            Ok(handle) => handle,
            Err(error @ ChainError::Reverted { .. }) => return seen_on_chain::<B256>(Err(error)),
            Err(error) => return Err(error.into()),
        };
        let program = scene.honest.registered;
        let fulfilled = scene.answer(&program, request, &handles).await?;
        let proven = fulfilled.receipt.outputs.first().context("no output")?.handle;
        let seen = if planted == proven {
            Observation::accepted(format!("the planted handle {planted} is the proven one"))
        } else {
            let text = format!("planted {planted}, proven {proven}, request fulfilled");
            Observation::harmless(text, format!("transaction {}", fulfilled.fulfil_tx))
        };
        scene.keep_unreleased(fulfilled);
        Ok(seen)
    })
}
