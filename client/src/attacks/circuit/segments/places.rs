//! Proofs of segments out of their place.

use super::scene::SegmentScene;
use crate::attacks::registry::Playing;
use crate::attacks::seen::seen_on_chain;
use alloy::primitives::U256;
use alloy::sol_types::SolCall;
use anyhow::ensure;
use trine_contract::bindings::Coprocessor;

/// The last segment before the first one is proven.
pub fn a_segment_left_out(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let message = scene.message(scene.last())?;
        // The request is there, and nothing of it is proven.
        seen_on_chain(scene.try_before(0, message).await)
    })
}

/// The honest proof of the first segment once more.
pub fn segment_proven_twice(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async { seen_on_chain(scene.try_at(scene.block(0)?, scene.message(0)?).await) })
}

/// The honest proof of the first segment for another request, of the same circuit over the same ciphertexts.
pub fn segment_of_another_request(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let (request, handles) = scene.open_request().await?;
        let mut message = scene.message(0)?;
        ensure!(message.job.requestId != request, "the same request");
        (message.job.requestId, message.job.requestInputs) = (request, handles);
        let head = scene.stranger.block_number().await?;
        seen_on_chain(scene.try_at(head, message).await)
    })
}

/// The first segment under the claim of the last.
pub fn claim_of_another_segment(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(0)?;
        message.job.claim = scene.message(scene.last())?.job.claim;
        seen_on_chain(scene.try_before(0, message).await)
    })
}

/// The first segment's place, with the proof of the last.
pub fn proof_of_another_segment(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(0)?;
        message.proof = scene.message(scene.last())?.proof;
        seen_on_chain(scene.try_before(0, message).await)
    })
}

/// A segment beyond the last.
pub fn segment_beyond_the_last(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(scene.last())?;
        message.job.segment += U256::from(1);
        seen_on_chain(scene.try_before(scene.last(), message).await)
    })
}

/// The last segment handed in as a circuit that one proof covers.
pub fn segment_as_circuit(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.message(scene.last())?;
        let message = Coprocessor::fulfilCircuitCall {
            requestId: honest.job.requestId,
            keyPoints: honest.key_points,
            outputPoints: honest.job.outputPoints,
            inputPoints: honest.job.inputPoints,
            words: honest.job.words,
            proof: honest.proof,
        };
        let before = scene.block(scene.last())?.saturating_sub(1);
        let input = message.abi_encode().into();
        let played = scene.stranger.call_at("fulfilCircuit", scene.coprocessor(), input, before).await;
        seen_on_chain(played)
    })
}

/// The last segment once more, after the request is fulfilled.
pub fn replayed_segment(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let last = scene.last();
        seen_on_chain(scene.try_at(scene.block(last)?, scene.message(last)?).await)
    })
}
