//! Programs that reach beyond their job: into what stands beside it in the proof.

use super::scene::BatchScene;
use crate::attacks::circuit::words::Spelled;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::seen_on_chain;
use anyhow::Context;
use trine::chain::circuits::{circuit_claim, program_words};

/// The first job's claim and words, as its text gives them.
fn honest(scene: &BatchScene) -> anyhow::Result<Spelled> {
    let circuit = &scene.first()?.circuit;
    Ok(Spelled { claim: circuit_claim(circuit)?, words: program_words(circuit)? })
}

/// Claims and spells a program so, and names it in place of the first job beside the others.
async fn registered(scene: &mut BatchScene, spelled: Spelled) -> anyhow::Result<Observation> {
    let mut stranger = scene.open_job_of_claim(spelled.claim).await?;
    stranger.words = spelled.words;
    let mut message = scene.message();
    *message.jobs.first_mut().context("no jobs")? = stranger;
    seen_on_chain(scene.try_now(message).await?)
}

/// A term of the first job is moved into its neighbour's input: no words of the program that is registered.
pub fn a_term_moved(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        let moved = honest(scene)?.reading_the_neighbour()?;
        message.jobs.first_mut().context("no jobs")?.words = moved.words;
        seen_on_chain(scene.try_before(message).await)
    })
}

/// A program with such a term, registered so.
pub fn the_neighbour_read(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let reading = honest(scene)?.reading_the_neighbour()?;
        registered(scene, reading).await
    })
}

/// A program whose first word is raised by the order of the field, registered so: whoever reads bits reads other terms than
/// the proof is about.
pub fn a_word_plus_modulus(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let raised = honest(scene)?.with_modulus_added()?;
        registered(scene, raised).await
    })
}
