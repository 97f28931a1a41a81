//! What belongs to two jobs of a proof, exchanged.

use super::scene::BatchScene;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::seen_on_chain;
use anyhow::{Context, bail, ensure};
use trine::chain::fulfilments::JobsMessage;
use trine_contract::bindings::coprocessor::ICoprocessor::JobProof;

/// The first two jobs.
fn first_two(message: &mut JobsMessage) -> anyhow::Result<(&mut JobProof, &mut JobProof)> {
    match message.jobs.as_mut_slice() {
        [first, second, ..] => Ok((first, second)),
        jobs => bail!("{} jobs", jobs.len()),
    }
}

/// Plays the honest message with a part of the first two jobs exchanged.
async fn exchanged<T>(
    scene: &BatchScene,
    part: impl Fn(&mut JobProof) -> &mut T,
) -> anyhow::Result<Observation> {
    let mut message = scene.message();
    let (first, second) = first_two(&mut message)?;
    std::mem::swap(part(first), part(second));
    ensure!(message != scene.message(), "both jobs have the same");
    seen_on_chain(scene.try_before(message).await)
}

/// Each of the two is said to have the other's result.
pub fn outputs(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async { exchanged(scene, |job| &mut job.outputPoints).await })
}

/// Each of the two is said to be of the other's inputs.
pub fn inputs(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async { exchanged(scene, |job| &mut job.inputPoints).await })
}

/// Each of the two is said to compute the other's program.
pub fn programs(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async { exchanged(scene, |job| &mut job.words).await })
}

/// Each of the two answers the other's request.
pub fn requests(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async { exchanged(scene, |job| &mut job.requestId).await })
}

/// The two jobs in the other order, each with all that is its own.
pub fn order(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        ensure!(message.jobs.len() > 1, "one job has one order");
        message.jobs.swap(0, 1);
        seen_on_chain(scene.try_before(message).await)
    })
}

/// The first job's program for both.
pub fn one_program_twice(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        let (first, second) = first_two(&mut message)?;
        ensure!(first.words != second.words, "both jobs are of one program");
        second.words = first.words.clone();
        seen_on_chain(scene.try_before(message).await)
    })
}

/// One output of the second job is the first job's.
pub fn output_of_the_neighbour(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        let (first, second) = first_two(&mut message)?;
        let theirs = *first.outputPoints.first().context("no output")?;
        *second.outputPoints.first_mut().context("no output")? = theirs;
        seen_on_chain(scene.try_before(message).await)
    })
}
