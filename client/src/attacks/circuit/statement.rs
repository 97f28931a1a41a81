//! The honest proof under another statement, and values under another name.

use super::claims;
use super::programs;
use super::scene::{CircuitScene, Fulfilment};
use super::words::Spelled;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::seen_on_chain;
use alloy::primitives::{B256, U256};
use anyhow::{Context, ensure};
use trine::chain::circuits::{circuit_claim, program_words};
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_program::{Declaration, KeyKind, ValueType};
use trine_verifier::{HandleRecord, Origin};

/// Sends the honest proof as the answer to another request over the first `inputs` of the same commitments.
async fn answer_with_honest_proof(
    scene: &CircuitScene,
    request_id: B256,
    inputs: usize,
    words: Vec<U256>,
) -> anyhow::Result<Observation> {
    let mut fulfilment = Fulfilment { requestId: request_id, words, ..scene.fulfilment()? };
    fulfilment.inputPoints.truncate(inputs);
    seen_on_chain(scene.send_fulfil(&fulfilment).await)
}

/// Registers a text, asks for it over the stranger's first handles, and answers with the honest proof.
async fn answer_of_registration(
    scene: &mut CircuitScene,
    text: &str,
    spelled: Spelled,
) -> anyhow::Result<Observation> {
    let (request, handles) = scene.open_request_of(text, spelled.claim).await?;
    answer_with_honest_proof(scene, request, handles.len(), spelled.words).await
}

/// The honest proof for a request of another circuit of the same shape over the same ciphertexts.
pub fn other_program(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let other = programs::with_first_block_zero(&scene.honest.circuit)?;
        let spelled = Spelled { claim: circuit_claim(&other)?, words: program_words(&other)? };
        answer_of_registration(scene, &other.to_text(), spelled).await
    })
}

/// The honest proof for the same program over the same ciphertexts under the stranger's handles.
pub fn other_handle(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let (request, handles) = scene.open_request().await?;
        let words = scene.spelled()?.words;
        answer_with_honest_proof(scene, request, handles.len(), words).await
    })
}

/// The honest proof for ciphertexts registered under another key, which a false committee attests.
pub fn other_key(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let other = scene.falsely_attested_key().await?;
        let reference = scene.honest.registered.reference;
        let coprocessor = scene.coprocessor();
        let request = scene.stranger.request(coprocessor, reference, other.digest, &other.handles).await?;
        let honest = scene.fulfilment()?;
        let fulfilment = Fulfilment { requestId: request, keyPoints: other.points, ..honest };
        seen_on_chain(scene.send_fulfil(&fulfilment).await)
    })
}

/// The honest proof with all inputs moved by one place.
pub fn handle_moved(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut fulfilment = scene.fulfilment()?;
        ensure!(fulfilment.inputPoints.len() > 1, "one input stays where it is");
        fulfilment.inputPoints.rotate_left(1);
        seen_on_chain(scene.try_fulfil(&fulfilment).await)
    })
}

/// The honest proof under a registration that claims one input fewer than the text has: a term reads what is not there.
pub fn fewer_inputs(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.spelled()?;
        let claim = claims::without_last_input(&honest.claim)?;
        let text = scene.honest.circuit.to_text();
        answer_of_registration(scene, &text, Spelled { claim, ..honest }).await
    })
}

/// The honest proof under a registration that claims half the bootstrappings.
pub fn smaller_shape(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.spelled()?;
        let bootstrappings = honest.claim.bootstrappings / 2;
        ensure!(bootstrappings > 0, "no half of {} bootstrappings", honest.claim.bootstrappings);
        let claim = CircuitClaim { bootstrappings, ..honest.claim };
        let text = scene.honest.circuit.to_text();
        answer_of_registration(scene, &text, Spelled { claim, words: honest.words }).await
    })
}

/// The honest proof under a registration that claims one block more for the first output, which is zero.
pub fn wider_output(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.spelled()?;
        let claim = claims::with_more_output_blocks(&honest.claim, 1)?;
        let wider = Spelled { claim, words: honest.words }.with_empty_row();
        let text = scene.honest.circuit.to_text();
        answer_of_registration(scene, &text, wider).await
    })
}

/// The result of a request that nobody has answered, as an input: evaluation is exact, so its handle is
/// known.
pub fn unproven_input(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let (request_id, mut handles) = scene.open_request().await?;
        let output = scene.honest.fulfilled.verified.outputs.first().context("no output")?;
        let declared = scene.honest.circuit.outputs().first().context("no output")?;
        let record = HandleRecord {
            chain_id: scene.clients.file.chain.chain_id,
            coprocessor: scene.coprocessor().0.0,
            key_digest: scene.key_digest().0,
            key_kind: declared.key_kind,
            value_type: declared.value_type,
            blocks: declared.blocks,
            origin: Origin::Output { request_id: request_id.0, job: 0, segment: 0, index: 0 },
            commitment_digest: output.commitment.digest(),
        };
        *handles.first_mut().context("no handles")? = record.handle().into();
        seen_on_chain(scene.request(scene.honest.registered.reference, &handles).await)
    })
}

/// An input's ciphertext registered as another type, requested where the program declares its own.
pub fn handle_under_another_type(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut handles = scene.stranger_handles().await?;
        let value = scene.honest.values.first().context("no input")?;
        let declared = *value.words.declaration();
        let value_type =
            if declared.value_type == ValueType::Uint8 { ValueType::Bool } else { ValueType::Uint8 };
        let other = Declaration { value_type, key_kind: KeyKind::Compute, ..declared };
        let (coprocessor, stranger, key) =
            (scene.coprocessor(), scene.stranger.address(), scene.key_digest());
        let commitment = &value.commitment;
        *handles.first_mut().context("no handles")? =
            scene.stranger.register_ciphertext(coprocessor, stranger, key, &other, commitment).await?;
        seen_on_chain(scene.request(scene.honest.registered.reference, &handles).await)
    })
}

/// One ciphertext twice, at two places of its type.
pub fn duplicate_input(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut handles = scene.stranger_handles().await?;
        let entries = claims::entries(&scene.claim()?);
        let inputs = entries.get(..handles.len()).context("fewer entries than inputs")?;
        let first = inputs.first().context("no input")?;
        let twin =
            inputs.iter().skip(1).position(|entry| entry == first).context("no two inputs of one type")?;
        handles[1 + twin] = handles[0];
        seen_on_chain(scene.request(scene.honest.registered.reference, &handles).await)
    })
}

/// The identity of a bool over a registered bool of somebody else.
pub fn identity_of_registered(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let identity = programs::identity_of_bool()?;
        let claim = circuit_claim(&identity)?;
        let registered = scene.register(&identity.to_text(), claim).await?;
        let bool = scene.honest.circuit.inputs().iter().position(|d| d == &identity.inputs()[0]);
        let victim = bool.and_then(|index| scene.honest.handles.get(index)).context("no input is a bool")?;
        seen_on_chain(scene.request(registered.reference, &[*victim]).await)
    })
}

/// The release of the result, allowed by somebody who is not its consumer.
pub fn stranger_release(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let output = scene.honest.fulfilled.receipt.outputs.first().context("no output")?.handle;
        seen_on_chain(scene.stranger.allow_release(scene.coprocessor(), &[output]).await)
    })
}

/// The result of a request, known beforehand since evaluation is exact, registered as a ciphertext before the
/// proof.
pub fn output_registered_in_advance(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let (request, handles) = scene.open_request().await?;
        let output = scene.honest.fulfilled.verified.outputs.first().context("no output")?.commitment;
        let declared = *scene.honest.circuit.outputs().first().context("no output")?;
        let (coprocessor, stranger, key) =
            (scene.coprocessor(), scene.stranger.address(), scene.key_digest());
        let registered =
            scene.stranger.register_ciphertext(coprocessor, stranger, key, &declared, &output).await;
        let planted = match registered {
            Ok(handle) => handle,
            refused => return seen_on_chain(refused),
        };
        let program = scene.honest.registered;
        let fulfilled = scene.answer(&program, request, &handles).await?;
        let proven = fulfilled.verified.outputs.first().context("no output")?;
        ensure!(proven.commitment == output, "the same ciphertexts give another result");
        let seen = if planted.0 == proven.handle {
            Observation::accepted(format!("the planted handle {planted} is the proven one"))
        } else {
            let text = format!("planted {planted}, proven {}, request fulfilled", B256::from(proven.handle));
            Observation::harmless(text, format!("transaction {}", fulfilled.fulfil_tx))
        };
        scene.keep_unreleased(fulfilled);
        Ok(seen)
    })
}
