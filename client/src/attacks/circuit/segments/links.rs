//! Links that are altered, missing, or used as handles.

use super::scene::SegmentScene;
use crate::attacks::registry::Playing;
use crate::attacks::seen::seen_on_chain;
use alloy::primitives::B256;
use anyhow::{Context, ensure};
use trine::chain::ChainError;
use trine_contract::bindings::coprocessor::ICoprocessor::JobProof;

/// Sources from here on are links.
const FIRST_LINK: u16 = 256;

/// The first input of a segment that is a link.
fn link_input(job: &JobProof) -> anyhow::Result<usize> {
    let sources = &job.claim.sources;
    sources.iter().position(|source| *source >= FIRST_LINK).context("the segment reads no link")
}

/// The first list of links that is given.
fn given_links(job: &mut JobProof) -> anyhow::Result<&mut Vec<B256>> {
    job.links.iter_mut().find(|links| !links.is_empty()).context("no links are given")
}

/// Another commitment than the proven one is named as the link that the last segment reads.
pub fn link_swapped(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(scene.last())?;
        let input = scene.honest.values.first().context("no inputs")?.commitment.digest();
        let link = given_links(&mut message.job)?.first_mut().context("an empty list")?;
        ensure!(link.0 != input, "the link is the input");
        *link = input.into();
        seen_on_chain(scene.try_before(scene.last(), message).await)
    })
}

/// The last segment reads another point than the commitment of its link.
pub fn link_point_swapped(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(scene.last())?;
        let other = trine::chain::commitment_points(scene.honest.values.iter().map(|v| &v.commitment));
        let input = link_input(&message.job)?;
        let point = message.job.inputPoints.get_mut(input).context("fewer points than sources")?;
        *point = *other.first().context("no inputs")?;
        seen_on_chain(scene.try_before(scene.last(), message).await)
    })
}

/// The first segment is said to have made another link than it proves.
pub fn link_altered(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(0)?;
        let other = trine::chain::commitment_points(scene.honest.values.iter().map(|v| &v.commitment));
        *message.job.outputPoints.first_mut().context("no outputs")? = *other.first().context("no inputs")?;
        seen_on_chain(scene.try_before(0, message).await)
    })
}

/// The last segment is proven without naming the links that it reads.
pub fn links_not_given(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let mut message = scene.message(scene.last())?;
        given_links(&mut message.job)?.clear();
        seen_on_chain(scene.try_before(scene.last(), message).await)
    })
}

/// The release of a link: an intermediate result that nobody is to see.
pub fn link_released(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let link = link_handle(scene).await?;
        seen_on_chain(scene.stranger.allow_release(scene.coprocessor(), &[link]).await)
    })
}

/// A link in place of the first input of a request.
pub fn link_as_input(scene: &mut SegmentScene) -> Playing<'_> {
    Box::pin(async {
        let link = link_handle(scene).await?;
        let mut handles = scene.honest.handles.clone();
        *handles.first_mut().context("no inputs")? = link;
        let (program, key) = (scene.honest.registered.reference, scene.honest.key_digest);
        let asked: Result<B256, ChainError> =
            scene.stranger.request(scene.coprocessor(), program, key, &handles).await;
        seen_on_chain(asked)
    })
}

/// Handle of a link of the first segment, which the receipt names.
async fn link_handle(scene: &SegmentScene) -> anyhow::Result<B256> {
    let reader = scene.reader()?;
    let proven = reader.proven_segments(scene.honest.fulfilled.request_id).await?;
    let first = proven.into_iter().next().context("no segment is proven")?;
    first.links.into_iter().next().context("the first segment has no link")
}
