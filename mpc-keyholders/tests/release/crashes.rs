//! A node that crashes before or after anything it persists, restarts, and says the same.

use super::cluster::Cluster;
use super::nodes::{refusal, release, release_at};
use super::proven::REQUEST;
use fail::FailScenario;
use trine_keyholder::node::release::Conduct;
use trine_keyholder::protocol::message::MessageKind;

/// Every failpoint of a release, in order.
const POINTS: [&str; 5] = [
    "keyholder-after-digest",
    "keyholder-after-share",
    "keyholder-after-signature",
    "keyholder-before-result",
    "keyholder-after-result",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_persisted_step_changes_nothing() {
    for (seed, point) in (20..).zip(POINTS) {
        let mut cluster = Cluster::new(seed).await;
        for node in 0..4 {
            cluster.start(node, Conduct::Honest).await;
        }
        let scenario = FailScenario::setup();
        fail::cfg(point, "1*panic").unwrap();
        let answers = release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await;
        scenario.teardown();
        let crashed: Vec<_> = answers.iter().filter_map(|a| a.as_ref().err()).collect();
        assert_eq!(crashed.len(), 1, "{point}: {crashed:?}");
        assert_eq!(refusal(crashed[0]), "Stopped");
        let released = answers.iter().flatten().next().unwrap();

        for node in 0..4 {
            let said =
                |cluster: &Cluster, kind| cluster.node(node).parts().storage.message(&REQUEST, kind).unwrap();
            let before = [MessageKind::SquashDigest, MessageKind::Share].map(|kind| said(&cluster, kind));
            cluster.stop(node).await;
            cluster.start(node, Conduct::Honest).await;
            let again = release(&cluster, node, cluster.request()).await.unwrap();
            assert_eq!(again.signature, released.signature, "{point}");
            assert_eq!(again.values, released.values);
            for (before, kind) in before.into_iter().zip([MessageKind::SquashDigest, MessageKind::Share]) {
                let after = said(&cluster, kind);
                assert!(before.is_none() || before == after, "{point}: another {kind:?} than before");
            }
            assert_eq!(cluster.node(node).parts().storage.budget().unwrap().spent(), 4, "charged once");
        }
    }
}
