//! Malicious keyholders. They need processes that are ours to stop and replace.

use super::registry::Playing;
use super::report::Observation;
use super::scene::Scene;
use super::seen::seen_of_nodes;
use crate::demo::clients::presentation;
use alloy::primitives::{Address, B256, U256};
use anyhow::{Context, ensure};
use trine::chain::{Account, ChainError, call_error};
use trine::cluster::LocalCluster;
use trine::keyholders::Release;
use trine::rpc::RpcError;

/// Node that is stopped or replaced first.
pub const FIRST_LIAR: u8 = 3;
const SECOND_LIAR: u8 = 2;
/// Behaviour of a liar.
pub const LYING: &str = "lying";

/// The processes, where they are ours.
pub fn processes(cluster: &mut Option<LocalCluster>) -> anyhow::Result<&mut LocalCluster> {
    cluster.as_mut().context("this attack replaces keyholders: it needs a cluster of its own")
}

/// What a release is judged by.
pub struct Judge<'a> {
    /// Reads the chain.
    pub reader: &'a Account,
    /// The `ReleaseVerifier`.
    pub release_verifier: Address,
    /// A release of the same ciphertexts, by an honest committee.
    pub honest: &'a Release,
}

impl Judge<'_> {
    /// What node 0 did about a request with a fault of `culprit` outlived.
    pub async fn outlived(
        &self,
        request: B256,
        answers: Vec<Result<Release, RpcError>>,
        culprit: u8,
    ) -> anyhow::Result<Observation> {
        let release = match answers.into_iter().next().context("no node")? {
            Ok(release) => release,
            refused => return seen_of_nodes(vec![refused]),
        };
        self.check_accepted(request, &release).await.context("the contract refuses the release")?;
        ensure!(
            release.plaintexts == self.honest.plaintexts,
            "released {:?}, the same ciphertexts gave {:?}",
            release.plaintexts,
            self.honest.plaintexts
        );
        let fault = release.faults.iter().find(|(node, _, _)| *node == u32::from(culprit));
        let (_, kind, detail) = fault.with_context(|| format!("node 0 names no fault of node {culprit}"))?;
        let seen = format!("released {:?}; node {culprit}: {kind}: {detail}", release.plaintexts);
        Ok(Observation::harmless(seen, "answer of node 0, accepted by ReleaseVerifier"))
    }

    /// Fails unless the contract accepts a release of a request.
    async fn check_accepted(&self, request_id: B256, release: &Release) -> Result<(), ChainError> {
        let contract = self.reader.release_verifier(self.release_verifier);
        let call = contract.verifyRelease(
            U256::from(release.epoch),
            request_id,
            release.handles.clone(),
            release.plaintexts.iter().map(|p| U256::from(*p)).collect(),
            release.signature.clone(),
        );
        call.call().await.map_err(|e| call_error("verifyRelease", e))?;
        Ok(())
    }
}

fn judge(scene: &Scene) -> Judge<'_> {
    Judge {
        reader: &scene.stranger,
        release_verifier: scene.clients.file.chain.release_verifier,
        honest: &scene.honest.release,
    }
}

/// One node is down.
pub fn one_keyholder_silent(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        processes(&mut scene.cluster)?.stop_keyholder(FIRST_LIAR);
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        let seen = judge(scene).outlived(fulfilled.request_id, answers, FIRST_LIAR).await;
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, None).await?;
        seen
    })
}

/// One node sends random shares and signs another result.
pub fn one_keyholder_lying(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, Some(LYING)).await?;
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        let seen = judge(scene).outlived(fulfilled.request_id, answers, FIRST_LIAR).await;
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, None).await?;
        seen
    })
}

/// Two nodes do so independently: no result, and no false signature.
pub fn two_keyholders_lying(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_unreleased().await?;
        let asked = presentation(&fulfilled);
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, Some(LYING)).await?;
        processes(&mut scene.cluster)?.restart_keyholder(SECOND_LIAR, Some(LYING)).await?;
        let answers = scene.clients.committee.release(&asked).await;
        for node in [FIRST_LIAR, SECOND_LIAR] {
            processes(&mut scene.cluster)?.restart_keyholder(node, None).await?;
        }
        let honest = answers.into_iter().take(usize::from(SECOND_LIAR)).collect();
        let seen = seen_of_nodes(honest)?;
        if seen.refused {
            scene.keep_unreleased(fulfilled);
        }
        Ok(seen)
    })
}
