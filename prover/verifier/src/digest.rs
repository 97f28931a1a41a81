//! Keccak digests of `docs/spec/onchain.md`: `keccak256(abi.encode(...))` with tags.

use crate::Bytes32;
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField};
use sha3::{Digest, Keccak256};

/// Builds `keccak256(abi.encode(TAG, words...))`.
pub struct AbiHasher(Keccak256);

impl AbiHasher {
    /// Starts with nothing: `keccak256(abi.encode(words...))`.
    pub fn untagged() -> Self {
        Self(Keccak256::new())
    }

    /// Starts with `TAG_name = keccak256("trine.v1.name")`.
    pub fn tagged(name: &str) -> Self {
        Self(Keccak256::new()).word(&tag(name))
    }

    /// Appends a 32-byte word.
    #[must_use]
    pub fn word(mut self, word: &Bytes32) -> Self {
        self.0.update(word);
        self
    }

    /// Appends an unsigned integer as a word.
    #[must_use]
    pub fn uint(self, value: u64) -> Self {
        self.word(&uint_word(value))
    }

    /// Appends an address as a word.
    #[must_use]
    pub fn address(self, address: &crate::Address) -> Self {
        self.word(&address_word(address))
    }

    /// The digest.
    pub fn finish(self) -> Bytes32 {
        self.0.finalize().into()
    }
}

/// `keccak256("trine.v1.name")`.
pub fn tag(name: &str) -> Bytes32 {
    let mut hasher = Keccak256::new();
    hasher.update(b"trine.v1.");
    hasher.update(name.as_bytes());
    hasher.finalize().into()
}

/// `keccak256(abi.encodePacked(words))`.
pub fn packed<'a>(words: impl IntoIterator<Item = &'a Bytes32>) -> Bytes32 {
    let mut hasher = Keccak256::new();
    for word in words {
        hasher.update(word);
    }
    hasher.finalize().into()
}

/// An unsigned integer as a big-endian word.
pub fn uint_word(value: u64) -> Bytes32 {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().rev().zip(value.to_le_bytes()) {
        *to = from;
    }
    word
}

/// An address as a word.
pub fn address_word(address: &crate::Address) -> Bytes32 {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().rev().zip(address.iter().rev()) {
        *to = *from;
    }
    word
}

/// A prime field element as a big-endian word.
pub fn field_word<F: PrimeField>(value: &F) -> Bytes32 {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().rev().zip(value.into_bigint().to_bytes_le()) {
        *to = from;
    }
    word
}

/// Affine coordinates as words; the point at infinity is (0, 0).
pub fn point_words(point: &G1Affine) -> [Bytes32; 2] {
    match point.xy() {
        Some((x, y)) => [field_word(&x), field_word(&y)],
        None => [[0; 32]; 2],
    }
}

/// EIP-197 order: x_c1, x_c0, y_c1, y_c0.
pub fn g2_words(point: &G2Affine) -> [Bytes32; 4] {
    match point.xy() {
        Some((x, y)) => [field_word(&x.c1), field_word(&x.c0), field_word(&y.c1), field_word(&y.c0)],
        None => [[0; 32]; 4],
    }
}

/// `cut`: the digest modulo 2^253, as a scalar.
pub fn cut(digest: &Bytes32) -> Fr {
    let mut cleared = *digest;
    if let Some(first) = cleared.first_mut() {
        *first &= 0x1f;
    }
    Fr::from_be_bytes_mod_order(&cleared)
}

/// Digest of commit round `k`; 0 when the round has no point.
pub fn round(k: u64, points: &[G1Affine]) -> Fr {
    if points.is_empty() {
        return Fr::from(0u64);
    }
    let mut hasher = AbiHasher::tagged("round").uint(k).uint(points.len() as u64);
    for point in points {
        for word in point_words(point) {
            hasher = hasher.word(&word);
        }
    }
    cut(&hasher.finish())
}

/// A canonical scalar or coordinate from a big-endian word: `None` when it is not below the modulus.
pub fn field_from_word<F: PrimeField>(word: &Bytes32) -> Option<F> {
    let value = F::from_be_bytes_mod_order(word);
    (field_word(&value) == *word).then_some(value)
}

/// A point from its coordinates: below the modulus, on the curve; (0, 0) is the point at infinity.
pub fn point_from_words(x: &Bytes32, y: &Bytes32) -> Option<G1Affine> {
    if *x == [0; 32] && *y == [0; 32] {
        return Some(G1Affine::zero());
    }
    let point = G1Affine::new_unchecked(field_from_word::<Fq>(x)?, field_from_word::<Fq>(y)?);
    // The group has prime order: on the curve is in the subgroup.
    point.is_on_curve().then_some(point)
}
