//! Attestation of an evaluation key: the committee says that commitments are of the bytes that its nodes hold (TR.B5 to
//! TR.B8).
//!
//! A proof of bootstrapping takes the commitments of a key as they are: somebody has to vouch that they are of a key, and
//! of the key that is the committee's. Each node computes them by itself from its own bytes and signs what it found.

use super::{AttestError, CommitteeKey, CommitteeSignature, ReleaseDomain, VerifiedShare, keccak, word};
use crate::protocol::committee::NodeIndex;
use std::collections::{BTreeMap, BTreeSet};

/// What the committee signs about its evaluation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyAttestation {
    /// Epoch of the committee.
    pub epoch: u64,
    /// Digest of the commitments, scheme `trine.key.kzg.v1`.
    pub key_digest: [u8; 32],
    /// Digest of the key set's bytes, scheme `trine.key.blake3.v1`.
    pub content_digest: [u8; 32],
}

impl KeyAttestation {
    /// The EIP-712 digest of `EvaluationKey`, in the domain of releases (TR.B5).
    pub fn digest(&self, domain: ReleaseDomain) -> [u8; 32] {
        domain.digest(&keccak(&[
            &keccak(&[b"EvaluationKey(uint256 epoch,bytes32 keyDigest,bytes32 contentDigest)"]),
            &word(self.epoch),
            &self.key_digest,
            &self.content_digest,
        ]))
    }
}

/// What one node answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAnswer {
    /// The node asked.
    pub node: NodeIndex,
    /// What it attests.
    pub attestation: KeyAttestation,
    /// Its share of the signature, 96 bytes.
    pub share: Vec<u8>,
}

/// Why an answer does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// Attests something else than the others: another epoch, other commitments, other bytes.
    #[error(
        "node {node} attests epoch {}, key {}, content {}",
        got.epoch, hex::encode(got.key_digest), hex::encode(got.content_digest)
    )]
    OtherAttestation {
        /// Who.
        node: u8,
        /// What it attests.
        got: Box<KeyAttestation>,
    },
    /// Its share is not its signature under what it attests.
    #[error("{0}")]
    Share(AttestError),
    /// The node answered before.
    #[error("node {node} answered more than once")]
    Repeated {
        /// Who.
        node: u8,
    },
}

/// Fewer nodes than a signature needs attest the same, or what they signed does not combine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TR.B8: {reason}; {} answers do not count", faults.len())]
pub struct KeyAttestationError {
    /// What is missing.
    pub reason: AttestError,
    /// Answers that do not count.
    pub faults: Vec<KeyFault>,
}

/// An attested key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedKey {
    /// What at least 2t + 1 nodes attest.
    pub attestation: KeyAttestation,
    /// Their signature.
    pub signature: CommitteeSignature,
    /// Answers that do not count, with their nodes.
    pub faults: Vec<KeyFault>,
}

impl CommitteeKey {
    /// Combines answers of 2t + 1 nodes over equal digests (TR.B6 to TR.B8). Answers that do not count are named.
    ///
    /// What the caller must still discharge: that the committee's key is the one registered on chain, and that the
    /// content digest is that of the key set which it means.
    pub fn combine_attestation(
        &self,
        domain: ReleaseDomain,
        answers: &[KeyAnswer],
    ) -> Result<AttestedKey, KeyAttestationError> {
        let mut faults = Vec::new();
        let mut heard = BTreeSet::new();
        let mut shares: BTreeMap<KeyAttestation, Vec<VerifiedShare>> = BTreeMap::new();
        for answer in answers {
            // TR.B6: one voice a node, and only under its own share of the key.
            if !heard.insert(answer.node) {
                faults.push(KeyFault::Repeated { node: answer.node.get() });
                continue;
            }
            match self.verify_share(answer.node, &answer.attestation.digest(domain), &answer.share) {
                Ok(share) => shares.entry(answer.attestation).or_default().push(share),
                Err(error) => faults.push(KeyFault::Share(error)),
            }
        }
        // TR.B7: what most nodes attest; the others are named.
        let (attestation, agreeing) = shares.iter().max_by_key(|(_, of)| of.len()).map_or_else(
            || (None, Vec::new()),
            |(attestation, agreeing)| (Some(*attestation), agreeing.clone()),
        );
        let others = shares.iter().filter(|(other, _)| Some(**other) != attestation);
        faults.extend(others.flat_map(|(got, of)| {
            of.iter()
                .map(|share| KeyFault::OtherAttestation { node: share.node().get(), got: Box::new(*got) })
        }));
        // TR.B8
        match (attestation, self.combine(&agreeing)) {
            (Some(attestation), Ok(signature)) => Ok(AttestedKey { attestation, signature, faults }),
            (_, Err(reason)) => Err(KeyAttestationError { reason, faults }),
            (None, Ok(_)) => Err(KeyAttestationError { reason: AttestError::Combined, faults }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SigningShare, deal_signing_key};
    use super::*;
    use crate::protocol::committee::CommitteeSize;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    const DOMAIN: ReleaseDomain = ReleaseDomain { chain_id: 31337, verifying_contract: [3; 20] };
    const KEY: KeyAttestation = KeyAttestation { epoch: 1, key_digest: [4; 32], content_digest: [5; 32] };

    fn committee() -> (CommitteeKey, Vec<SigningShare>) {
        deal_signing_key(CommitteeSize::FOUR, &mut ChaCha20Rng::seed_from_u64(6)).unwrap()
    }

    fn answer(shares: &[SigningShare], node: u8, attestation: KeyAttestation) -> KeyAnswer {
        let share = shares[usize::from(node)].sign(&attestation.digest(DOMAIN)).unwrap().to_vec();
        KeyAnswer { node: CommitteeSize::FOUR.node(node).unwrap(), attestation, share }
    }

    /// Three honest answers and one of node 3.
    fn with_fourth(fourth: KeyAnswer) -> AttestedKey {
        let (key, shares) = committee();
        let mut answers: Vec<_> = (0..3).map(|node| answer(&shares, node, KEY)).collect();
        answers.insert(0, fourth);
        key.combine_attestation(DOMAIN, &answers).unwrap()
    }

    #[test]
    fn the_digest_binds_every_field_and_is_no_release_tr_b5() {
        let changed = [
            KeyAttestation { epoch: 2, ..KEY }.digest(DOMAIN),
            KeyAttestation { key_digest: [6; 32], ..KEY }.digest(DOMAIN),
            KeyAttestation { content_digest: [6; 32], ..KEY }.digest(DOMAIN),
            KeyAttestation { key_digest: [5; 32], content_digest: [4; 32], ..KEY }.digest(DOMAIN),
            KEY.digest(ReleaseDomain { chain_id: 1, ..DOMAIN }),
            KEY.digest(ReleaseDomain { verifying_contract: [4; 20], ..DOMAIN }),
        ];
        assert!(changed.iter().all(|digest| *digest != KEY.digest(DOMAIN)), "TR.B5");
    }

    #[test]
    fn three_of_four_attest_and_two_do_not_tr_b8() {
        let (key, shares) = committee();
        let answers: Vec<_> = (0..4).map(|node| answer(&shares, node, KEY)).collect();
        let attested = key.combine_attestation(DOMAIN, &answers[1..]).unwrap();
        assert_eq!((attested.attestation, attested.signature.signers()), (KEY, &[1u8, 2, 3][..]));
        assert!(attested.faults.is_empty());
        assert_eq!(key.combine_attestation(DOMAIN, &answers).unwrap().signature.signers().len(), 3);
        // 2t shares, and none.
        for few in [&answers[..2], &answers[..0]] {
            let refused = key.combine_attestation(DOMAIN, few).unwrap_err();
            assert_eq!(refused.reason, AttestError::TooFewSigners { got: few.len(), needed: 3 }, "TR.B8");
        }
        // Two attest one key, two another: nobody's.
        let other = KeyAttestation { key_digest: [9; 32], ..KEY };
        let split =
            [answers[0].clone(), answers[1].clone(), answer(&shares, 2, other), answer(&shares, 3, other)];
        let refused = key.combine_attestation(DOMAIN, &split).unwrap_err();
        assert_eq!(refused.reason, AttestError::TooFewSigners { got: 2, needed: 3 });
        assert_eq!(refused.faults.len(), 2);
    }

    #[test]
    fn a_node_that_attests_something_else_is_named_tr_b7() {
        let (_, shares) = committee();
        for other in [
            KeyAttestation { epoch: 2, ..KEY },
            KeyAttestation { key_digest: [9; 32], ..KEY },
            KeyAttestation { content_digest: [9; 32], ..KEY },
        ] {
            let attested = with_fourth(answer(&shares, 3, other));
            assert_eq!(attested.attestation, KEY, "TR.B7");
            assert_eq!(attested.faults, [KeyFault::OtherAttestation { node: 3, got: Box::new(other) }]);
        }
    }

    #[test]
    fn a_share_that_is_not_the_nodes_own_is_named_tr_b6() {
        let (_, shares) = committee();
        let refused = |fourth: KeyAnswer| with_fourth(fourth).faults;
        let honest = answer(&shares, 3, KEY);
        let wrong = [KeyFault::Share(AttestError::Share { node: 3 })];
        // A share over another digest, another domain, another node's share: each under the honest attestation.
        let other = KeyAttestation { key_digest: [9; 32], ..KEY };
        let share = answer(&shares, 3, other).share;
        assert_eq!(refused(KeyAnswer { share, ..honest.clone() }), wrong, "TR.B6");
        let elsewhere = ReleaseDomain { chain_id: 1, ..DOMAIN };
        let share = shares[3].sign(&KEY.digest(elsewhere)).unwrap().to_vec();
        assert_eq!(refused(KeyAnswer { share, ..honest.clone() }), wrong);
        let share = answer(&shares, 2, KEY).share;
        assert_eq!(refused(KeyAnswer { share, ..honest.clone() }), wrong);
        let short = refused(KeyAnswer { share: honest.share[1..].to_vec(), ..honest.clone() });
        assert!(matches!(short[..], [KeyFault::Share(AttestError::Length { got: 95, .. })]));
        // One node cannot be two signers.
        let (key, _) = committee();
        let twice = [answer(&shares, 1, KEY), answer(&shares, 1, KEY), answer(&shares, 2, KEY)];
        let refused = key.combine_attestation(DOMAIN, &twice).unwrap_err();
        assert_eq!(refused.reason, AttestError::TooFewSigners { got: 2, needed: 3 });
        assert_eq!(refused.faults, [KeyFault::Repeated { node: 1 }]);
    }
}
