//! Claims that the contract refuses, and texts that the engine does.

use super::claims;
use super::programs;
use super::scene::{CircuitScene, Fulfilment};
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::{seen_on_chain, seen_on_wire};
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_program::circuit::Circuit;

/// Most blocks of a handle; one block is `blocks - 1 = 0`.
const MOST_BLOCKS: u8 = 64;
/// One bootstrapping more than a proof covers.
const TOO_MANY: u8 = 17;

async fn claimed(scene: &CircuitScene, claim: CircuitClaim) -> anyhow::Result<Observation> {
    seen_on_chain(scene.register(&scene.honest.circuit.to_text(), claim).await)
}

/// A text that the stranger offers to the engine.
async fn offered(scene: &mut CircuitScene, text: &str) -> anyhow::Result<Observation> {
    seen_on_wire(scene.clients.engine.register_program(text).await)
}

/// A circuit, on chain under the claim of the honest one, that the engine is asked to run on the stranger's
/// handles.
async fn submitted(scene: &mut CircuitScene, circuit: &Circuit) -> anyhow::Result<Observation> {
    let handles = scene.stranger_handles().await?;
    let text = circuit.to_text();
    let registered = scene.register(&text, scene.claim()?).await?;
    scene.clients.engine.register_program(&text).await?;
    let request = scene.request(registered.reference, &handles).await?;
    let key = scene.key_digest();
    seen_on_wire(scene.clients.engine.submit(&request, &key.0, &registered.id, &handles).await)
}

/// A word of the program plus the order of the field, claimed and spelled so: the same program for the proof.
pub fn program_plus_modulus(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let raised = scene.spelled()?.with_modulus_added()?;
        let text = scene.honest.circuit.to_text();
        let (request, _) = scene.open_request_of(&text, raised.claim).await?;
        let honest = scene.fulfilment()?;
        let fulfilment = Fulfilment { requestId: request, words: raised.words, ..honest };
        seen_on_chain(scene.send_fulfil(&fulfilment).await)
    })
}

/// An output of more blocks than a slot holds.
pub fn handle_beyond_slot(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { claimed(scene, claims::with_more_output_blocks(&scene.claim()?, MOST_BLOCKS)?).await })
}

/// More bootstrappings than one proof covers.
pub fn larger_shape(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { claimed(scene, CircuitClaim { bootstrappings: TOO_MANY, ..scene.claim()? }).await })
}

/// A text whose terms stand in another order: another identifier for the same function.
pub fn term_order(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let text = programs::swapped_terms_text(&scene.honest.circuit)?;
        offered(scene, &text).await
    })
}

/// A text with a coefficient of 2^40.
pub fn huge_coefficient(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let text = programs::huge_coefficient_text(&scene.honest.circuit)?;
        offered(scene, &text).await
    })
}

/// A text with a constant of 65 bits.
pub fn wide_constant(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let text = programs::wide_constant_text(&scene.honest.circuit)?;
        offered(scene, &text).await
    })
}

/// A circuit with half a step added to its first block, to be evaluated.
pub fn half_step_constant(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::half_step(&scene.honest.circuit)?;
        submitted(scene, &circuit).await
    })
}

/// A circuit with half a step in a table, to be evaluated.
pub fn table_off_grid(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::table_off_grid(&scene.honest.circuit)?;
        submitted(scene, &circuit).await
    })
}

/// A circuit that may run, under the claim of the honest one.
pub fn claim_of_another_circuit(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let circuit = programs::with_first_block_zero(&scene.honest.circuit)?;
        submitted(scene, &circuit).await
    })
}
