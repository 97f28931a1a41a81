//! Attestation: one BLS12-381 signature of the committee over what was decrypted, and over its evaluation key.
//!
//! The only module that knows `threshold_crypto`. Its traps: it is not constant time; its own hash to G2 cannot be
//! computed on chain, so messages are hashed by `blst` (RFC 9380) and signed with `sign_g2`; `combine_signatures`
//! verifies nothing; node i is evaluated at i + 1.

mod evaluation_key;

pub use evaluation_key::{AttestedKey, KeyAnswer, KeyAttestation, KeyAttestationError, KeyFault};

use super::committee::{CommitteeSize, NodeIndex};
use blst::BLST_ERROR;
use blst::min_pk;
use rand::{CryptoRng, RngCore};
use sha3::{Digest, Keccak256};
use std::collections::BTreeMap;
use threshold_crypto::ff::{Field, PrimeField};
use threshold_crypto::group::{CurveAffine, EncodedPoint};
use threshold_crypto::poly::Poly;
use threshold_crypto::serde_impl::SerdeSecret;
use threshold_crypto::{Fr, FrRepr, G2Affine, PublicKeySet, SecretKeySet, SecretKeyShare, SignatureShare};
use zeroize::Zeroizing;

/// Domain separation tag of the committee's signatures (docs/spec/onchain.md).
pub const RELEASE_DST: &[u8] = b"TRINE-V1-RELEASE-BLS12381G2_XMD:SHA-256_SSWU_RO_";
const G1_COMPRESSED: usize = 48;
const G2_COMPRESSED: usize = 96;

/// Where a release holds: the EIP-712 domain of `ReleaseVerifier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseDomain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the ReleaseVerifier contract.
    pub verifying_contract: [u8; 20],
}

impl ReleaseDomain {
    /// The EIP-712 digest of a struct with this hash.
    fn digest(self, content: &[u8; 32]) -> [u8; 32] {
        let separator = keccak(&[
            &keccak(&[b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"]),
            &keccak(&[b"Trine Release"]),
            &keccak(&[b"1"]),
            &word(self.chain_id),
            &[0; 12],
            &self.verifying_contract,
        ]);
        keccak(&[&[0x19, 0x01], &separator, content])
    }
}

/// What the committee signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Epoch of the committee.
    pub epoch: u64,
    /// The request.
    pub request_id: [u8; 32],
    /// Released handles, in the order of the request.
    pub handles: Vec<[u8; 32]>,
    /// Plaintexts of all their blocks, handle by handle.
    pub plaintexts: Vec<u8>,
}

impl Release {
    /// `keccak256` of the plaintexts as 32-byte words.
    pub fn result_hash(&self) -> [u8; 32] {
        let words: Vec<u8> = self.plaintexts.iter().flat_map(|p| word(u64::from(*p))).collect();
        keccak(&[&words])
    }

    /// The EIP-712 digest (TR.B1).
    pub fn digest(&self, domain: ReleaseDomain) -> [u8; 32] {
        domain.digest(&keccak(&[
            &keccak(&[b"Release(uint256 epoch,bytes32 requestId,bytes32[] handles,bytes32 resultHash)"]),
            &word(self.epoch),
            &self.request_id,
            &keccak(&[&self.handles.concat()]),
            &self.result_hash(),
        ]))
    }
}

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn word(value: u64) -> [u8; 32] {
    let mut out = [0; 32];
    out[24..].copy_from_slice(&value.to_be_bytes());
    out
}

/// Why a key, a share or a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttestError {
    /// Bytes of another length.
    #[error("{what} of {got} bytes, expected {expected}")]
    Length {
        /// What they should be.
        what: &'static str,
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// No point of the group, or the identity where it may not stand.
    #[error("{what} is no point of the group")]
    Point {
        /// What it should be.
        what: &'static str,
    },
    /// A scalar that is zero or not below the group order.
    #[error("signing share is zero or not below the group order")]
    Scalar,
    /// A polynomial of another degree: other coalitions could sign than the committee's size says.
    #[error("committee key of degree {got}, expected {expected}")]
    Degree {
        /// Degree given.
        got: usize,
        /// 2t.
        expected: usize,
    },
    /// A signature share that its node's public key does not verify.
    #[error("signature share of node {node} does not verify")]
    Share {
        /// Its sender.
        node: u8,
    },
    /// Fewer signers than the polynomial needs.
    #[error("{got} signature shares, {needed} are needed")]
    TooFewSigners {
        /// Valid shares.
        got: usize,
        /// 2t + 1.
        needed: usize,
    },
    /// The combined signature does not verify under the committee's key.
    #[error("combined signature does not verify")]
    Combined,
}

/// A node's share of the committee's key. Neither cloned nor printed; zeroised by `threshold_crypto` when dropped.
pub struct SigningShare(SecretKeyShare);

impl SigningShare {
    /// The scalar, 32 bytes little-endian.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Four numbers of 64 bits into memory: nothing that can fail.
        Zeroizing::new(bincode::serialize(&SerdeSecret(&self.0)).unwrap_or_default())
    }

    /// Reads a scalar.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AttestError> {
        if bytes.len() != 32 {
            return Err(AttestError::Length { what: "signing share", got: bytes.len(), expected: 32 });
        }
        let mut limbs = [0u64; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
            *limb = chunk.iter().rev().fold(0, |acc, byte| acc << 8 | u64::from(*byte));
        }
        let mut scalar = Fr::from_repr(FrRepr(limbs)).map_err(|_| AttestError::Scalar)?;
        if scalar.is_zero() {
            return Err(AttestError::Scalar);
        }
        Ok(Self(SecretKeyShare::from_mut(&mut scalar)))
    }

    /// Signs a digest: 96 bytes compressed (TR.B2).
    pub fn sign(&self, release_digest: &[u8; 32]) -> Result<[u8; G2_COMPRESSED], AttestError> {
        Ok(self.0.sign_g2(hash_to_g2(release_digest)?).to_bytes())
    }
}

/// Public key of the committee: commitments to a polynomial of degree 2t.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitteeKey {
    size: CommitteeSize,
    set: PublicKeySet,
}

impl CommitteeKey {
    fn new(size: CommitteeSize, set: PublicKeySet) -> Result<Self, AttestError> {
        let expected = size.quorum() - 1;
        if set.threshold() != expected {
            return Err(AttestError::Degree { got: set.threshold(), expected });
        }
        min_pk::PublicKey::key_validate(&set.public_key().to_bytes())
            .map_err(|_| AttestError::Point { what: "committee key" })?;
        Ok(Self { size, set })
    }

    /// Commitments to the coefficients, constant first, 48 bytes compressed each.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A list of points into memory: nothing that can fail. The first 8 bytes are its length.
        bincode::serialize(&self.set).unwrap_or_default().split_off(8)
    }

    /// Reads commitments: exactly 2t + 1 points, the leading one not the identity, each in the subgroup.
    pub fn from_bytes(size: CommitteeSize, bytes: &[u8]) -> Result<Self, AttestError> {
        let expected = size.quorum() * G1_COMPRESSED;
        if bytes.len() != expected {
            return Err(AttestError::Length { what: "committee key", got: bytes.len(), expected });
        }
        for coefficient in bytes.chunks_exact(G1_COMPRESSED) {
            min_pk::PublicKey::key_validate(coefficient)
                .map_err(|_| AttestError::Point { what: "commitment of the committee key" })?;
        }
        let mut listed = (size.quorum() as u64).to_le_bytes().to_vec();
        listed.extend_from_slice(bytes);
        let set = bincode::deserialize(&listed).map_err(|_| AttestError::Point { what: "committee key" })?;
        Self::new(size, set)
    }

    /// The committee's public key as EIP-2537 reads it: x, y, 64 bytes each.
    pub fn public_key_eip2537(&self) -> Result<[u8; 128], AttestError> {
        let point = min_pk::PublicKey::key_validate(&self.set.public_key().to_bytes())
            .map_err(|_| AttestError::Point { what: "committee key" })?;
        let mut out = [0; 128];
        for (to, from) in out.chunks_exact_mut(64).zip(point.serialize().chunks_exact(48)) {
            to[16..].copy_from_slice(from);
        }
        Ok(out)
    }

    /// Checks one signature share (TR.B3).
    pub fn verify_share(
        &self,
        node: NodeIndex,
        release_digest: &[u8; 32],
        share: &[u8],
    ) -> Result<VerifiedShare, AttestError> {
        let bytes = <&[u8; G2_COMPRESSED]>::try_from(share).map_err(|_| AttestError::Length {
            what: "signature share",
            got: share.len(),
            expected: G2_COMPRESSED,
        })?;
        let refused = AttestError::Share { node: node.get() };
        let share = SignatureShare::from_bytes(bytes).map_err(|_| refused.clone())?;
        let key = self.set.public_key_share(u64::from(node.get()));
        if key.verify_g2(&share, hash_to_g2(release_digest)?) {
            Ok(VerifiedShare { node, release_digest: *release_digest, share })
        } else {
            Err(refused)
        }
    }

    /// Combines shares of 2t + 1 different nodes over the same digest (TR.B4).
    pub fn combine(&self, shares: &[VerifiedShare]) -> Result<CommitteeSignature, AttestError> {
        let needed = self.size.quorum();
        let first = shares.first().ok_or(AttestError::TooFewSigners { got: 0, needed })?;
        let by_node: BTreeMap<u64, &SignatureShare> = shares
            .iter()
            .filter(|s| s.release_digest == first.release_digest)
            .map(|s| (u64::from(s.node.get()), &s.share))
            .collect();
        let signers: Vec<u8> = by_node.keys().take(needed).map(|n| *n as u8).collect();
        let too_few = AttestError::TooFewSigners { got: by_node.len(), needed };
        let signature = self.set.combine_signatures(by_node).map_err(|_| too_few)?;
        let signature = CommitteeSignature { signers, compressed: signature.to_bytes() };
        signature.verify(&self.set.public_key().to_bytes(), &first.release_digest)?;
        Ok(signature)
    }
}

/// A signature share that was checked: the only thing that combines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedShare {
    node: NodeIndex,
    release_digest: [u8; 32],
    share: SignatureShare,
}

impl VerifiedShare {
    /// Its signer.
    pub fn node(&self) -> NodeIndex {
        self.node
    }
}

/// The committee's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitteeSignature {
    signers: Vec<u8>,
    compressed: [u8; G2_COMPRESSED],
}

impl CommitteeSignature {
    /// Nodes whose shares were combined.
    pub fn signers(&self) -> &[u8] {
        &self.signers
    }

    /// As EIP-2537 reads it: x.c0, x.c1, y.c0, y.c1, 64 bytes each.
    pub fn eip2537(&self) -> Result<[u8; 256], AttestError> {
        let point = min_pk::Signature::sig_validate(&self.compressed, true)
            .map_err(|_| AttestError::Point { what: "signature" })?;
        let mut out = [0; 256];
        let serialized = point.serialize();
        for (place, from) in [1, 0, 3, 2].into_iter().enumerate() {
            out[64 * place + 16..64 * (place + 1)].copy_from_slice(&serialized[48 * from..48 * (from + 1)]);
        }
        Ok(out)
    }

    /// Verification by `blst`, which shares no code with the crate that combined it.
    fn verify(&self, public_key: &[u8], release_digest: &[u8; 32]) -> Result<(), AttestError> {
        let key = min_pk::PublicKey::key_validate(public_key).map_err(|_| AttestError::Combined)?;
        let signature =
            min_pk::Signature::sig_validate(&self.compressed, true).map_err(|_| AttestError::Combined)?;
        match signature.verify(false, release_digest, RELEASE_DST, &[], &key, false) {
            BLST_ERROR::BLST_SUCCESS => Ok(()),
            _ => Err(AttestError::Combined),
        }
    }
}

/// RFC 9380 `BLS12381G2_XMD:SHA-256_SSWU_RO_`. The signature with the scalar 1 is the hash itself, and this is the
/// part of `blst` that has a safe interface.
fn hash_to_g2(message: &[u8]) -> Result<G2Affine, AttestError> {
    let no_point = AttestError::Point { what: "hash of the message" };
    let mut one = [0; 32];
    one[31] = 1;
    let one = min_pk::SecretKey::from_bytes(&one).map_err(|_| no_point.clone())?;
    let mut encoded = <G2Affine as CurveAffine>::Uncompressed::empty();
    encoded.as_mut().copy_from_slice(&one.sign(message, RELEASE_DST, &[]).serialize());
    encoded.into_affine().map_err(|_| no_point)
}

/// Deals a key of degree 2t, one share for each node. Part of the dealer's ceremony (TR.K2).
pub(super) fn deal_signing_key<R: RngCore + CryptoRng>(
    size: CommitteeSize,
    rng: &mut R,
) -> Result<(CommitteeKey, Vec<SigningShare>), AttestError> {
    let coefficients = (0..size.quorum()).map(|_| random_scalar(rng)).collect::<Vec<Fr>>();
    let keys = SecretKeySet::from(Poly::from(coefficients));
    let committee_key = CommitteeKey::new(size, keys.public_keys())?;
    let shares = size.all().map(|n| SigningShare(keys.secret_key_share(u64::from(n.get())))).collect();
    Ok((committee_key, shares))
}

/// A uniform nonzero scalar by rejection: `threshold_crypto` wants another major version of `rand`.
fn random_scalar<R: RngCore + CryptoRng>(rng: &mut R) -> Fr {
    loop {
        let mut limbs = [0u64; 4];
        limbs.fill_with(|| rng.next_u64());
        limbs[3] &= u64::MAX >> 1;
        match Fr::from_repr(FrRepr(limbs)) {
            Ok(scalar) if !scalar.is_zero() => return scalar,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn committee() -> (CommitteeKey, Vec<SigningShare>) {
        deal_signing_key(CommitteeSize::FOUR, &mut ChaCha20Rng::seed_from_u64(5)).unwrap()
    }

    fn verified(
        key: &CommitteeKey,
        shares: &[SigningShare],
        digest: &[u8; 32],
        who: &[u8],
    ) -> Vec<VerifiedShare> {
        who.iter()
            .map(|n| {
                let share = shares[usize::from(*n)].sign(digest).unwrap();
                key.verify_share(NodeIndex(*n), digest, &share).unwrap()
            })
            .collect()
    }

    #[test]
    fn any_three_of_four_make_the_same_signature_and_two_make_none_tr_b4() {
        let (key, shares) = committee();
        let digest = [9; 32];
        let one = key.combine(&verified(&key, &shares, &digest, &[0, 1, 2])).unwrap();
        let other = key.combine(&verified(&key, &shares, &digest, &[1, 3, 2])).unwrap();
        assert_eq!(one.compressed, other.compressed);
        assert_eq!(one.signers(), [0, 1, 2]);
        let two = key.combine(&verified(&key, &shares, &digest, &[1, 3]));
        assert_eq!(two, Err(AttestError::TooFewSigners { got: 2, needed: 3 }), "TR.B4");
        let twice = key.combine(&verified(&key, &shares, &digest, &[1, 3, 3]));
        assert_eq!(twice, Err(AttestError::TooFewSigners { got: 2, needed: 3 }));
        let mut mixed = verified(&key, &shares, &digest, &[0, 1]);
        mixed.extend(verified(&key, &shares, &[8; 32], &[2]));
        assert_eq!(key.combine(&mixed), Err(AttestError::TooFewSigners { got: 2, needed: 3 }));
    }

    #[test]
    fn a_wrong_signature_share_names_its_node_tr_b3() {
        let (key, shares) = committee();
        let share = shares[1].sign(&[9; 32]).unwrap();
        let refused = |node, digest: [u8; 32], bytes: &[u8]| {
            key.verify_share(NodeIndex(node), &digest, bytes).unwrap_err()
        };
        assert_eq!(refused(2, [9; 32], &share), AttestError::Share { node: 2 }, "TR.B3");
        assert_eq!(refused(1, [8; 32], &share), AttestError::Share { node: 1 });
        assert!(matches!(refused(1, [9; 32], &share[1..]), AttestError::Length { got: 95, .. }));
        let mut identity = [0; 96];
        identity[0] = 0xc0;
        assert_eq!(refused(1, [9; 32], &identity), AttestError::Share { node: 1 });
        assert_eq!(refused(1, [9; 32], &[0xff; 96]), AttestError::Share { node: 1 });
    }

    #[test]
    fn keys_read_back_and_other_degrees_are_refused() {
        let (key, shares) = committee();
        assert_eq!(CommitteeKey::from_bytes(CommitteeSize::FOUR, &key.to_bytes()).as_ref(), Ok(&key));
        let share = SigningShare::from_bytes(&shares[3].to_bytes()).unwrap();
        assert_eq!(share.sign(&[1; 32]), shares[3].sign(&[1; 32]));
        assert!(matches!(SigningShare::from_bytes(&[0; 32]), Err(AttestError::Scalar)));
        assert!(matches!(SigningShare::from_bytes(&[0xff; 32]), Err(AttestError::Scalar)));

        let degree_one = SecretKeySet::from(Poly::from(vec![Fr::one(), Fr::one()])).public_keys();
        let refused = CommitteeKey::new(CommitteeSize::FOUR, degree_one);
        assert_eq!(refused, Err(AttestError::Degree { got: 1, expected: 2 }));
        let mut low = key.to_bytes();
        low[96..].fill(0);
        low[96] = 0xc0;
        let refused = CommitteeKey::from_bytes(CommitteeSize::FOUR, &low);
        assert!(matches!(refused, Err(AttestError::Point { .. })), "a leading zero lowers the degree");
        let refused = CommitteeKey::from_bytes(CommitteeSize::FOUR, &key.to_bytes()[..96]);
        assert!(matches!(refused, Err(AttestError::Length { got: 96, expected: 144, .. })));
    }

    /// Each field of the message changes the digest, so that a signature cannot be moved.
    #[test]
    fn the_digest_binds_every_field_tr_b1() {
        let domain = ReleaseDomain { chain_id: 31337, verifying_contract: [3; 20] };
        let release = Release {
            epoch: 1,
            request_id: [4; 32],
            handles: vec![[5; 32], [6; 32]],
            plaintexts: vec![1, 2],
        };
        let base = release.digest(domain);
        let changed = [
            release.digest(ReleaseDomain { chain_id: 1, ..domain }),
            release.digest(ReleaseDomain { verifying_contract: [4; 20], ..domain }),
            Release { epoch: 2, ..release.clone() }.digest(domain),
            Release { request_id: [0; 32], ..release.clone() }.digest(domain),
            Release { handles: vec![[6; 32], [5; 32]], ..release.clone() }.digest(domain),
            Release { plaintexts: vec![2, 1], ..release.clone() }.digest(domain),
            Release { plaintexts: vec![1, 2, 0], ..release }.digest(domain),
        ];
        assert!(changed.iter().all(|d| *d != base), "TR.B1");
    }

    #[test]
    fn eip2537_encodings_are_padded_and_ordered() {
        let (key, shares) = committee();
        let signature = key.combine(&verified(&key, &shares, &[9; 32], &[0, 1, 2])).unwrap();
        let encoded = signature.eip2537().unwrap();
        let public = key.public_key_eip2537().unwrap();
        for coordinate in encoded.chunks_exact(64).chain(public.chunks_exact(64)) {
            assert_eq!(coordinate[..16], [0; 16]);
        }
        let point = min_pk::Signature::uncompress(&signature.compressed).unwrap().serialize();
        assert_eq!(encoded[16..64], point[48..96], "x.c0 first");
        assert_eq!(encoded[80..128], point[..48], "then x.c1");
    }
}
