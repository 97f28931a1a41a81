//! Outputs that the consumer has not named stay encrypted: of each request exactly the named ones are decided on, squashed,
//! shared and signed, and all of them are checked.

use super::circuits::rename;
use super::cluster::{Cluster, PLAINTEXTS};
use super::nodes::{release, release_at};
use super::proven::{Proven, REQUEST, proven};
use super::recorded::{CIRCUIT, proof_of_nothing, recorded};
use trine_keyholder::node::release::Conduct;
use trine_keyholder::protocol::attest::{Release, ReleaseDomain};
use trine_keyholder::protocol::refusal::Refusal;
use trine_program::Circuit;

const CONFIRMATIONS: u64 = 3;

/// Both outputs are proven, one of them is named.
fn naming(output: usize) -> Proven {
    let mut case = proven();
    for (index, value) in case.facts.outputs.iter_mut().enumerate() {
        value.released = index == output;
    }
    case
}

fn refused(mut case: Proven, change: impl FnOnce(&mut Proven)) -> Refusal {
    change(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    case.authorise(&rules).unwrap_err()
}

#[test]
fn what_the_consumer_named_is_authorised_and_nothing_else_tr_a6() {
    for named in 0..2 {
        let case = naming(named);
        let rules = case.rules(CONFIRMATIONS);
        let (handle, value) = (case.facts.outputs[named].handle, case.presented.outputs[named].clone());
        let authorised = case.authorise(&rules).unwrap();
        assert_eq!(authorised.handles(), [handle], "TR.A6");
        assert_eq!(authorised.values(), [value]);
    }
}

/// The statement of the proof names them, so a client shows them as they are.
#[test]
fn outputs_that_stay_encrypted_are_checked_all_the_same_tr_a7_tr_a8() {
    let refused = |change: fn(&mut Proven)| refused(naming(1), change);
    let swapped = refused(|c| c.presented.outputs[0] = c.presented.outputs[1].clone());
    assert!(matches!(swapped, Refusal::HandleMismatch { index: 0, .. }), "TR.A8, not {swapped}");
    let left_out = refused(|c| drop(c.presented.outputs.remove(0)));
    assert!(matches!(left_out, Refusal::Count { got: 1, expected: 2, .. }), "TR.A7, not {left_out}");
    let off_chain = refused(|c| {
        c.facts.outputs.remove(0);
    });
    assert!(matches!(off_chain, Refusal::Count { got: 1, expected: 2, .. }), "TR.A7, not {off_chain}");
    let unproven = refused(|c| c.facts.outputs[0].proven = false);
    assert!(matches!(unproven, Refusal::Record { what: "output", index: 0, .. }), "TR.A7, not {unproven}");
}

/// [`CIRCUIT`] with a second output, its first input as it came, of which a chain and a client tell the same; nothing proves it.
fn partly_bootstrapped(released: [bool; 2]) -> Refusal {
    let line = "output bool compute 1 degree 1\n";
    let text = format!("{}row 0 + 1*i0.0\n", CIRCUIT.replacen(line, &line.repeat(2), 1));
    let circuit = Circuit::from_text(text.as_bytes()).unwrap();
    refused(recorded(), |c| {
        c.facts.program_id = circuit.id().0;
        c.facts.program_text = text.into_bytes();
        c.facts.outputs.push(c.facts.outputs[0].clone());
        c.presented.outputs.push(c.presented.outputs[0].clone());
        c.presented.proof = proof_of_nothing(&circuit);
        for (output, released) in c.facts.outputs.iter_mut().zip(released) {
            output.released = released;
        }
        rename(c);
    })
}

#[test]
fn an_output_that_stays_encrypted_need_not_be_bootstrapped_tr_a5() {
    let proof = partly_bootstrapped([true, false]);
    assert!(matches!(proof, Refusal::CircuitProofInvalid { segment: 0, .. }), "TR.A9, not {proof}");
    for released in [[false, true], [true, true]] {
        assert_eq!(partly_bootstrapped(released).name(), "NotBootstrapped", "TR.A5");
    }
    assert_eq!(partly_bootstrapped([false, false]), Refusal::ReleaseNotAllowed, "TR.A6");
}

#[test]
fn the_policy_of_linear_programs_is_of_all_outputs_tr_a5() {
    let isolating = refused(naming(1), |c| {
        let program = super::proven::program([1, 1, 4], 0);
        c.facts.program_id = program.id().0;
        c.facts.program_text = program.to_text().into_bytes();
    });
    assert_eq!(isolating.name(), "IsolatingWeight", "TR.A5");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_nodes_release_the_named_output_and_never_squash_the_other() {
    let mut cluster = Cluster::new(70).await;
    cluster.allow(&[1]);
    for node in 0..4 {
        cluster.start(node, Conduct::Honest).await;
    }
    let named = proven().facts.outputs[1].handle;
    let domain = ReleaseDomain { chain_id: 31337, verifying_contract: [8; 20] };
    let signed =
        Release { epoch: 1, request_id: REQUEST, handles: vec![named], plaintexts: PLAINTEXTS.to_vec() };
    for answer in release_at(&cluster, &[0, 1, 2, 3], &cluster.request()).await {
        let answer = answer.unwrap();
        assert_eq!(answer.values.len(), 1);
        assert_eq!(answer.values[0].handle, named);
        assert_eq!(answer.values[0].blocks, PLAINTEXTS.map(u32::from));
        assert_eq!(answer.release_digest, signed.digest(domain), "the signature names no other handle");
        assert!(answer.faults.is_empty(), "{:?}", answer.faults);
    }
    let squashed = cluster.squashed();
    let value = &proven().presented.outputs[1];
    assert!(squashed.len() == 4 && squashed.iter().all(|asked| asked == value), "each node, that value");
    for node in 0..4 {
        let storage = &cluster.node(node).parts().storage;
        assert_eq!(storage.budget().unwrap().spent(), PLAINTEXTS.len() as u64, "blocks of one output");
    }

    // Were the chain to name more afterwards, nothing more would be decrypted of the request.
    cluster.allow(&[0, 1]);
    cluster.stop(2).await;
    cluster.start(2, Conduct::Honest).await;
    for node in [0, 2] {
        let again = release(&cluster, node, cluster.request()).await.unwrap();
        assert_eq!(again.values.len(), 1, "TR.P3");
        assert_eq!(again.values[0].handle, named);
    }
    assert_eq!(cluster.squashed().len(), 4, "nothing is squashed again");
}

/// A node that has spoken for one set speaks for no other, even if it has no result yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_speaks_for_one_set_tr_p1() {
    let mut cluster = Cluster::new(71).await;
    cluster.allow(&[1]);
    cluster.start(0, Conduct::Honest).await;
    let alone = release(&cluster, 0, cluster.request()).await.unwrap_err();
    assert_eq!(super::nodes::refusal(&alone), "SquashedDigestQuorum");
    cluster.allow(&[0, 1]);
    let other = release(&cluster, 0, cluster.request()).await.unwrap_err();
    assert_eq!(super::nodes::refusal(&other), "StorageFailed", "TR.P1");
    assert!(other.message().contains("already sent another SquashDigest"), "{}", other.message());
    cluster.allow(&[1]);
    let again = release(&cluster, 0, cluster.request()).await.unwrap_err();
    assert_eq!(super::nodes::refusal(&again), "SquashedDigestQuorum", "the first set is still its own");
}
