//! Releases that each keyholder must refuse by itself, and programs that must never get that far.

use super::programs;
use super::registry::Playing;
use super::report::Observation;
use super::scene::Scene;
use super::seen::{seen_of_nodes, seen_on_wire};
use crate::demo::clients::presentation;
use alloy::primitives::B256;
use anyhow::Context;
use trine::ballot::{self, MIN_VOTERS};
use trine::keyholders::Presentation;
use trine_fhe::words::ValueWords;
use trine_program::{Declaration, LinearProgram};

/// A tally of twelve ballots whose output may hold 15, so that only the altered part breaks a rule.
fn small_tally() -> anyhow::Result<LinearProgram> {
    let tally = ballot::tally(MIN_VOTERS)?;
    let output = Declaration { degree: 15, ..tally.outputs()[0] };
    Ok(LinearProgram::new(tally.inputs().to_vec(), vec![output], tally.rows().to_vec())?)
}

/// The honest presentation, for a request that nobody has answered.
pub fn release_unproven(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let (request_id, _) = scene.open_request().await?;
        let asked = Presentation { request_id, ..presentation(&scene.honest.fulfilled) };
        seen_of_nodes(scene.clients.committee.release(&asked).await)
    })
}

/// One ballot's words in place of the totals'.
pub fn swapped_ciphertext_bytes(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        let ballot = &scene.honest.values.first().context("no ballot")?.words;
        let declaration = *fulfilled.outputs.first().context("no output")?.declaration();
        let swapped = ValueWords::new(declaration, ballot.blocks().to_vec())?;
        let asked = Presentation { outputs: vec![swapped.to_bytes().into()], ..presentation(&fulfilled) };
        let answers = scene.clients.committee.release(&asked).await;
        scene.keep_unreleased(fulfilled);
        seen_of_nodes(answers)
    })
}

/// A squashed ciphertext that is not the one of the proven words.
pub fn substituted_squashed_ciphertext(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        let substitute = B256::from(rand::random::<[u8; 32]>()).to_vec().into();
        let asked = Presentation { squashed_digest: substitute, ..presentation(&fulfilled) };
        let answers = scene.clients.committee.release(&asked).await;
        scene.keep_unreleased(fulfilled);
        seen_of_nodes(answers)
    })
}

async fn release_of(scene: &mut Scene, program: &LinearProgram) -> anyhow::Result<Observation> {
    let fulfilled = scene.proven(program).await?;
    seen_of_nodes(scene.clients.committee.release(&presentation(&fulfilled)).await)
}

/// A proven and allowed tally that weighs one voter's ballot apart from the others.
pub fn isolating_weights(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let program = programs::isolating(&small_tally()?)?;
        release_of(scene, &program).await
    })
}

/// A proven and allowed tally with half a step added to every total.
pub fn half_step_constant(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let program = programs::half_step(&small_tally()?)?;
        release_of(scene, &program).await
    })
}

/// A text with a coefficient of 2^40.
pub fn huge_coefficient(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let text = programs::huge_coefficient_text(&scene.honest.program);
        seen_on_wire(scene.clients.engine.register_program(&text).await)
    })
}
