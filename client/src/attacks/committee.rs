//! Malicious keyholders. They need processes that are ours to stop and replace.

use super::registry::Playing;
use super::report::Observation;
use super::scene::{Scene, seen_of_nodes};
use crate::demo::clients::presentation;
use alloy::primitives::B256;
use anyhow::{Context, ensure};
use trine::cluster::LocalCluster;
use trine::keyholders::Release;
use trine::rpc::RpcError;

const FIRST_LIAR: u8 = 3;
const SECOND_LIAR: u8 = 2;
const LYING: &str = "lying";

fn processes(scene: &mut Scene) -> anyhow::Result<&mut LocalCluster> {
    scene.cluster.as_mut().context("this attack replaces keyholders: it needs a cluster of its own")
}

/// What honest nodes 0 and 1 did about a request with a fault of `culprit` outlived.
async fn outlived(
    scene: &Scene,
    request: B256,
    answers: Vec<Result<Release, RpcError>>,
    culprit: u8,
) -> anyhow::Result<Observation> {
    let release = match answers.into_iter().next().context("no node")? {
        Ok(release) => release,
        refused => return seen_of_nodes(vec![refused]),
    };
    scene.is_accepted(request, &release).await.context("the contract refuses the release")?;
    ensure!(
        release.plaintexts == scene.honest.release.plaintexts,
        "released {:?}, the same ballots gave {:?}",
        release.plaintexts,
        scene.honest.release.plaintexts
    );
    let fault = release.faults.iter().find(|(node, _, _)| *node == u32::from(culprit));
    let (_, kind, detail) = fault.with_context(|| format!("node 0 names no fault of node {culprit}"))?;
    let seen = format!("released {:?}; node {culprit}: {kind}: {detail}", release.plaintexts);
    Ok(Observation::harmless(seen, "answer of node 0, accepted by ReleaseVerifier"))
}

/// One node is down.
pub fn one_keyholder_silent(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        processes(scene)?.stop_keyholder(FIRST_LIAR);
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        let seen = outlived(scene, fulfilled.request_id, answers, FIRST_LIAR).await;
        processes(scene)?.restart_keyholder(FIRST_LIAR, None).await?;
        seen
    })
}

/// One node sends random shares and signs another result.
pub fn one_keyholder_lying(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        processes(scene)?.restart_keyholder(FIRST_LIAR, Some(LYING)).await?;
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        let seen = outlived(scene, fulfilled.request_id, answers, FIRST_LIAR).await;
        processes(scene)?.restart_keyholder(FIRST_LIAR, None).await?;
        seen
    })
}

/// Two nodes do so independently: no result, and no false signature.
pub fn two_keyholders_lying(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        let asked = presentation(&fulfilled);
        processes(scene)?.restart_keyholder(FIRST_LIAR, Some(LYING)).await?;
        processes(scene)?.restart_keyholder(SECOND_LIAR, Some(LYING)).await?;
        let answers = scene.clients.committee.release(&asked).await;
        for node in [FIRST_LIAR, SECOND_LIAR] {
            processes(scene)?.restart_keyholder(node, None).await?;
        }
        let honest = answers.into_iter().take(usize::from(SECOND_LIAR)).collect();
        let seen = seen_of_nodes(honest)?;
        if seen.refused {
            scene.keep_unreleased(fulfilled);
        }
        Ok(seen)
    })
}
