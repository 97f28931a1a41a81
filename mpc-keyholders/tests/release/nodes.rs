//! Four nodes over mTLS.

use super::cluster::{Cluster, PLAINTEXTS};
use super::proven::REQUEST;
use tokio::task::JoinSet;
use tonic::{Code, Status};
use trine_keyholder::adversary::Behaviour;
use trine_keyholder::node::release::Conduct;
use trine_keyholder::node::service::REFUSAL_METADATA;
use trine_keyholder::protocol::message::MessageKind;
use trine_proto::keyholder::v1::peer_service_client::PeerServiceClient;
use trine_proto::keyholder::v1::{
    self as wire, FetchRequest, GetCommitteeRequest, ReleaseRequest, ReleaseResponse,
};

pub async fn release(
    cluster: &Cluster,
    node: u8,
    request: ReleaseRequest,
) -> Result<ReleaseResponse, Status> {
    cluster.client(node).await.release(request).await.map(|r| r.into_inner())
}

/// Sends the request to all the nodes at once, as clients do.
pub async fn release_at(
    cluster: &Cluster,
    nodes: &[u8],
    request: &ReleaseRequest,
) -> Vec<Result<ReleaseResponse, Status>> {
    let mut calls = JoinSet::new();
    for node in nodes {
        let (mut client, request) = (cluster.client(*node).await, request.clone());
        calls.spawn(async move { client.release(request).await.map(|r| r.into_inner()) });
    }
    calls.join_all().await
}

pub fn refusal(status: &Status) -> &str {
    status.metadata().get(REFUSAL_METADATA).unwrap().to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_release_over_mtls_and_a_restarted_one_says_the_same() {
    let mut cluster = Cluster::new(1).await;
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
    }
    let answers = release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await;
    let first = answers[0].as_ref().unwrap().clone();
    for answer in &answers {
        let answer = answer.as_ref().unwrap();
        assert_eq!(answer.values.len(), 2);
        for value in &answer.values {
            assert_eq!(value.blocks, PLAINTEXTS.map(u32::from));
        }
        assert_eq!(answer.signature, first.signature);
        assert_eq!(answer.signature.len(), 256);
        assert!(answer.faults.is_empty(), "{:?}", answer.faults);
    }
    let committee = cluster.client(2).await.get_committee(GetCommitteeRequest {}).await.unwrap().into_inner();
    assert_eq!((committee.nodes, committee.faults, committee.node), (4, 1, 2));
    assert_eq!(committee.public_key.len(), 128);

    // TR.P1, TR.P3: what was said and what was released survive.
    let share = |cluster: &Cluster| {
        let node = cluster.node(1);
        let asker = node.parts().record.size.node(0).unwrap();
        node.answer(asker, &REQUEST, MessageKind::Share).unwrap().unwrap()
    };
    let before = share(&cluster);
    let spent = cluster.node(1).parts().storage.budget().unwrap().spent();
    assert_eq!(spent, 4);
    cluster.stop(1).await;
    cluster.start(1, Conduct::Honest).await;
    assert_eq!(share(&cluster), before, "TR.P1");
    let again = release(&cluster, 1, cluster.request()).await.unwrap();
    assert_eq!(again.signature, first.signature, "TR.P3");
    assert_eq!(cluster.node(1).parts().storage.budget().unwrap().spent(), spent);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lying_node_is_outlived_and_named() {
    let mut cluster = Cluster::new(2).await;
    for node in 0..3 {
        cluster.start(node, Conduct::Honest).await;
    }
    cluster.start(3, Conduct::Adversary(Behaviour::Lying)).await;
    let answers = release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await;
    let named =
        answers.iter().flatten().filter(|a| a.faults.iter().any(|f| f.node == 3 && f.kind == "WrongShare"));
    assert!(named.count() >= 3);
    assert!(answers.iter().flatten().all(|a| a.values[0].blocks == PLAINTEXTS.map(u32::from)));
    let evidence = cluster.node(0).parts().storage.evidence(&REQUEST).unwrap();
    assert!(evidence.iter().any(|(node, _)| *node == 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_lying_independently_release_nothing() {
    let mut cluster = Cluster::new(3).await;
    for node in 0..2 {
        cluster.start(node, Conduct::Honest).await;
    }
    for node in 2..4 {
        cluster.start(node, Conduct::Adversary(Behaviour::Lying)).await;
    }
    let answers = release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await;
    let refused: Vec<&str> = answers.iter().filter_map(|a| a.as_ref().err()).map(refusal).collect();
    assert!(refused.iter().filter(|name| **name == "NoMajority").count() >= 2, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_nodes_release_nothing_and_a_retry_succeeds() {
    let mut cluster = Cluster::new(4).await;
    for node in 0..2 {
        cluster.start(node, Conduct::Honest).await;
    }
    for answer in release_at(&cluster, &[0, 1], &cluster.request()).await {
        let status = answer.unwrap_err();
        assert_eq!((status.code(), refusal(&status)), (Code::Unavailable, "SquashedDigestQuorum"));
    }
    cluster.start(2, Conduct::Honest).await;
    for answer in release_at(&cluster, &[0, 1, 2], &cluster.request()).await {
        let answer = answer.unwrap();
        assert_eq!(answer.values[1].blocks, PLAINTEXTS.map(u32::from));
        let silent = answer.faults.iter().find(|f| f.kind == "Silent").unwrap();
        assert_eq!(silent.node, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_named_on_the_wire() {
    let mut cluster = Cluster::new(5).await;
    cluster.start(0, Conduct::Honest).await;

    let substituted = ReleaseRequest { squashed_digest: vec![9; 32], ..cluster.request() };
    let status = release(&cluster, 0, substituted).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, "SquashedDigestMismatch"), "TR.S2");

    cluster.allow(&[]);
    let status = release(&cluster, 0, cluster.request()).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::FailedPrecondition, "ReleaseNotAllowed"));
    assert!(status.message().starts_with("TR.A6"));

    let malformed = [
        ReleaseRequest { request_id: vec![1; 31], ..cluster.request() },
        ReleaseRequest { inner_proof: vec![0; 300 << 10], ..cluster.request() },
        ReleaseRequest { outputs: vec![vec![0; 50]], ..cluster.request() },
        ReleaseRequest { outputs: vec![vec![]; 5], ..cluster.request() },
        ReleaseRequest { squashed_digest: vec![1], ..cluster.request() },
        ReleaseRequest { inputs: vec![Default::default()], ..cluster.request() },
    ];
    for request in malformed {
        let status = release(&cluster, 0, request).await.unwrap_err();
        assert_eq!((status.code(), refusal(&status)), (Code::InvalidArgument, "MalformedRequest"));
    }
    let node = cluster.node(0);
    assert_eq!(
        node.parts().storage.message(&REQUEST, MessageKind::Share).unwrap(),
        None,
        "no share was made"
    );
}

/// TR.N1: only nodes are answered, each known by its certificate.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_fetch_nothing_tr_n1() {
    let mut cluster = Cluster::new(6).await;
    cluster.start(0, Conduct::Honest).await;
    let fetch = |kind: wire::MessageKind, epoch| FetchRequest {
        request_id: REQUEST.to_vec(),
        epoch,
        kind: kind.into(),
    };
    let digest = wire::MessageKind::SquashDigest;

    // A certificate of the authority that is no node's.
    let channel = cluster.peer_channel(0, Some("stranger")).await.unwrap();
    let status = PeerServiceClient::new(channel).fetch(fetch(digest, 1)).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::Unauthenticated, "UnknownPeer"), "TR.N1");

    // No certificate, and one of another authority: no connection, or one that ends at the first call.
    for identity in [None, Some("outsider")] {
        if let Ok(channel) = cluster.peer_channel(0, identity).await {
            assert!(PeerServiceClient::new(channel).fetch(fetch(digest, 1)).await.is_err());
        }
    }

    // A node is answered, and asked for sense.
    let channel = cluster.peer_channel(0, Some("node-2")).await.unwrap();
    let mut client = PeerServiceClient::new(channel);
    let status = client.fetch(fetch(digest, 1)).await.unwrap_err();
    assert_eq!((status.code(), refusal(&status)), (Code::NotFound, "NotYet"));
    let status = client.fetch(fetch(digest, 2)).await.unwrap_err();
    assert_eq!(refusal(&status), "EpochMismatch");
    let status = client.fetch(fetch(wire::MessageKind::Unspecified, 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}
