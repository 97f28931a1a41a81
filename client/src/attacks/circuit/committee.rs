//! A lying keyholder, outvoted: the honest presentation of a result that altered ones were refused for.

use super::scene::CircuitScene;
use crate::attacks::committee::{FIRST_LIAR, Judge, LYING, processes};
use crate::attacks::registry::Playing;
use crate::demo::clients::presentation;

/// One node sends random shares and signs another result.
pub fn one_keyholder_lying(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let fulfilled = scene.take_allowed().await?;
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, Some(LYING)).await?;
        let answers = scene.clients.committee.release(&presentation(&fulfilled)).await;
        let judge = Judge {
            reader: &scene.stranger,
            release_verifier: scene.clients.file.chain.release_verifier,
            honest: &scene.honest.release,
        };
        let seen = judge.outlived(fulfilled.request_id, answers, FIRST_LIAR).await;
        processes(&mut scene.cluster)?.restart_keyholder(FIRST_LIAR, None).await?;
        seen
    })
}
