//! Another list of jobs than the proof covers.

use super::scene::BatchScene;
use crate::attacks::registry::Playing;
use crate::attacks::seen::seen_on_chain;
use alloy::sol_types::SolCall;
use anyhow::{Context, ensure};
use trine_contract::bindings::Coprocessor;

/// One job fewer: the last is not named.
pub fn a_job_left_out(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        message.jobs.pop().context("no jobs")?;
        ensure!(!message.jobs.is_empty(), "nothing is left of one job");
        seen_on_chain(scene.try_before(message).await)
    })
}

/// One job more: a request of the stranger that nobody has proved, of the same circuit over the same ciphertexts.
pub fn a_job_added(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let stranger = scene.open_job().await?;
        let mut message = scene.message();
        message.jobs.push(stranger);
        seen_on_chain(scene.try_now(message).await?)
    })
}

/// Such a request in place of a job that the proof covers, beside one that is fulfilled already.
pub fn a_job_replaced(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let stranger = scene.open_job().await?;
        let mut message = scene.message();
        *message.jobs.first_mut().context("no jobs")? = stranger;
        seen_on_chain(scene.try_now(message).await?)
    })
}

/// The proof of all for the first job alone.
pub fn proof_of_one_job(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let message = scene.message();
        let first = message.jobs.into_iter().next().context("no jobs")?;
        let alone = Coprocessor::fulfilCircuitCall {
            requestId: first.requestId,
            keyPoints: message.key_points,
            outputPoints: first.outputPoints,
            inputPoints: first.inputPoints,
            words: first.words,
            proof: message.proof,
        };
        seen_on_chain(scene.try_call_before("fulfilCircuit", alone.abi_encode().into()).await)
    })
}

/// The first job at both places.
pub fn the_same_job_twice(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        let first = message.jobs.first().context("no jobs")?.clone();
        *message.jobs.get_mut(1).context("one job")? = first;
        seen_on_chain(scene.try_before(message).await)
    })
}

/// No job at all.
pub fn no_job(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message();
        message.jobs.clear();
        seen_on_chain(scene.try_before(message).await)
    })
}

/// The whole batch once more, when nothing is left to record.
pub fn replayed(scene: &mut BatchScene) -> Playing<'_> {
    Box::pin(async { seen_on_chain(scene.try_now(scene.message()).await?) })
}
