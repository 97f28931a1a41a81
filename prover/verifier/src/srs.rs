//! Structured reference string: powers of tau over BN254, the verifier's part and the key that commits to words.
//!
//! A commitment is `sum_i word_i * [tau^i]_1` (spec section 2). The verifier holds three powers in G2 alone, those that the
//! vanishing polynomial of the opening has; keyholders and clients hold a [`CommitmentKey`] too, because a handle names its
//! commitment and they recompute it.

use crate::Bytes32;
use crate::class::ARITY_BITS;
use crate::digest::{
    AbiHasher, field_from_word, field_word, g2_words, point_from_words, point_words, uint_word,
};
use ark_bn254::{Bn254, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, VariableBaseMSM};
use ark_ff::{Field, Zero};
use sha3::{Digest, Keccak256};

/// First bytes of a commitment key file.
pub const MAGIC: [u8; 8] = *b"TRINESRS";
/// Version of the file format.
pub const VERSION: u32 = 2;
/// Most powers that a key may have: 2^28, as in the largest public ceremony.
pub const MOST_POWERS: u64 = 1 << 28;

/// Flag bit of a file whose tau is known.
const DEVELOPMENT_FLAG: u32 = 1;
/// Powers of tau in G2 that the verifier has beside H.
pub const G2_POWERS: usize = 3;
/// Their exponents: those of `(X^s - U)(X - U)`, s the arity of the opening.
pub const G2_EXPONENTS: [u64; G2_POWERS] = [1, ARITY, ARITY + 1];
/// Fewest powers of a key: what ties `tau^s H` to tau.
pub const FEWEST_POWERS: u64 = ARITY;

/// The arity of the opening's folds.
const ARITY: u64 = 1 << ARITY_BITS;
/// Magic, version, flags, two counts, powers in G2.
const HEADER_BYTES: usize = 8 + 4 + 4 + 8 + 8 + G2_POWERS * 4 * 32;
/// A power: two coordinates.
const POWER_BYTES: usize = 64;

/// Why a reference string is refused, or cannot commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrsError {
    /// More coefficients than the key has powers.
    #[error("{length} coefficients to commit to, the key has {powers} powers")]
    TooLong {
        /// Coefficients.
        length: usize,
        /// Powers of the key.
        powers: usize,
    },
    /// Fewer powers than asked for.
    #[error("{wanted} powers wanted, the key has {powers}")]
    TooFewPowers {
        /// Powers asked for.
        wanted: usize,
        /// Powers of the key.
        powers: usize,
    },
    /// A file that is something else.
    #[error("file starts with {got:02x?}, expected \"TRINESRS\"")]
    Magic {
        /// First bytes of the file.
        got: [u8; 8],
    },
    /// A version that this code does not read.
    #[error("file has version {got}, expected {VERSION}")]
    Version {
        /// Version of the file.
        got: u32,
    },
    /// Flags that this version does not define.
    #[error("file has flags {got:#x}, expected 0 or 1")]
    Flags {
        /// Flags of the file.
        got: u32,
    },
    /// A number of powers outside what is supported.
    #[error(
        "{count} powers of at most {most}, expected {FEWEST_POWERS} to {MOST_POWERS} and no more than the most"
    )]
    Count {
        /// Powers in the file.
        count: u64,
        /// Powers of the whole reference string.
        most: u64,
    },
    /// Not as long as the number of powers says, or shorter than a header.
    #[error("file of {got} bytes, expected {expected}")]
    Length {
        /// Bytes of the file.
        got: u64,
        /// Bytes of a file with its number of powers; of the header when it ends there.
        expected: u64,
    },
    /// A power is not a canonical point of the curve, or the point at infinity.
    #[error("power {index} is not a canonical point of BN254 G1 other than infinity")]
    Power {
        /// Exponent of tau.
        index: u64,
    },
    /// `[tau^0]` is not the generator.
    #[error("power 0 is not the generator of BN254 G1")]
    Generator,
    /// A power in G2 is not in the group, or is the point at infinity.
    #[error("tau^{exponent} H is not a canonical point of the BN254 G2 subgroup other than infinity")]
    PowerOfH {
        /// Exponent of tau.
        exponent: u64,
    },
    /// The powers are not those of one tau.
    #[error("the powers are not successive powers of one tau in both groups")]
    Powers,
    /// A key for production that was to be read without the check of its powers.
    #[error("only a development key may be read without the check that its powers are of one tau")]
    Unchecked,
}

/// The verifier's part of the reference string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifierSrs {
    /// `tau^e H` for the exponents of [`G2_EXPONENTS`], with H the generator of G2.
    pub powers_h: [G2Affine; G2_POWERS],
    /// Number of powers of tau in G1 that the reference string has.
    pub max_powers: u64,
    /// Whether somebody knows tau: never accept this in production.
    pub development: bool,
}

impl VerifierSrs {
    /// Checks that the powers in G2 are in the group and not the point at infinity, and the number of those in G1.
    ///
    /// The caller must still know that they are of one tau: [`CommitmentKey::new`] checks it, and [`Self::digest`] names them.
    pub fn new(
        powers_h: [G2Affine; G2_POWERS],
        max_powers: u64,
        development: bool,
    ) -> Result<Self, SrsError> {
        for (point, exponent) in powers_h.iter().zip(G2_EXPONENTS) {
            if point.is_zero() || !point.is_on_curve() || !point.is_in_correct_subgroup_assuming_on_curve() {
                return Err(SrsError::PowerOfH { exponent });
            }
        }
        if !(FEWEST_POWERS..=MOST_POWERS).contains(&max_powers) {
            return Err(SrsError::Count { count: max_powers, most: max_powers });
        }
        Ok(Self { powers_h, max_powers, development })
    }

    /// The reference string of a known tau: for development and tests.
    pub fn of_known_tau(tau: Fr, max_powers: u64) -> Result<Self, SrsError> {
        let power = |exponent: u64| (G2Affine::generator() * tau.pow([exponent])).into_affine();
        Self::new(G2_EXPONENTS.map(power), max_powers, true)
    }

    /// `tau H`.
    pub fn tau_h(&self) -> &G2Affine {
        let [tau_h, ..] = &self.powers_h;
        tau_h
    }

    /// SRS digest of `docs/spec/onchain.md`.
    pub fn digest(&self) -> Bytes32 {
        let mut hasher = AbiHasher::tagged("srs");
        for word in point_words(&G1Affine::generator()) {
            hasher = hasher.word(&word);
        }
        for word in self.powers_h.iter().flat_map(g2_words) {
            hasher = hasher.word(&word);
        }
        hasher.uint(self.max_powers).finish()
    }

    /// Whether `e(left, H) = e(w, tau H)`.
    pub fn check_pairing(&self, left: G1Affine, w: G1Affine) -> bool {
        Bn254::multi_pairing([left, -w], [G2Affine::generator(), *self.tau_h()]).is_zero()
    }

    /// Whether `e(points[0], H) e(points[1], tau H) e(points[2], tau^s H) e(points[3], tau^(s+1) H) = 1`.
    pub fn pairings_cancel(&self, points: [G1Affine; 1 + G2_POWERS]) -> bool {
        let [tau_h, arity_h, beyond_h] = self.powers_h;
        Bn254::multi_pairing(points, [G2Affine::generator(), tau_h, arity_h, beyond_h]).is_zero()
    }

    /// Whether `tau^s H` and `tau^(s+1) H` are of the tau of these powers in G1, which are of that of `tau H`.
    fn are_of_one_tau(&self, powers: &[G1Affine]) -> bool {
        let [tau_h, arity_h, beyond_h] = self.powers_h;
        let (Some(tau), Some(below)) = (powers.get(1), powers.get(ARITY as usize - 1)) else { return false };
        let equal = |a: &G1Affine, x: G2Affine, b: G1Affine, y: G2Affine| {
            Bn254::multi_pairing([*a, -b], [x, y]).is_zero()
        };
        equal(below, tau_h, G1Affine::generator(), arity_h)
            && equal(tau, arity_h, G1Affine::generator(), beyond_h)
    }
}

/// Successive powers of tau in G1, checked against the verifier's part.
///
/// May be a prefix of the reference string: `powers().len() <= verifier().max_powers`.
#[derive(Clone, PartialEq, Eq)]
pub struct CommitmentKey {
    powers: Vec<G1Affine>,
    verifier: VerifierSrs,
}

impl std::fmt::Debug for CommitmentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommitmentKey")
            .field("powers", &self.powers.len())
            .field("verifier", &self.verifier)
            .finish()
    }
}

impl CommitmentKey {
    /// Checks everything: points on the curve, generator first, by one pairing check on a random combination that
    /// every power is tau times the one before, and that the powers in G2 are of the same tau.
    ///
    /// The weights of the combination are 128 bits each, drawn by keccak from all the points.
    pub fn new(powers: Vec<G1Affine>, verifier: VerifierSrs) -> Result<Self, SrsError> {
        let count = powers.len() as u64;
        if count < FEWEST_POWERS || count > verifier.max_powers {
            return Err(SrsError::Count { count, most: verifier.max_powers });
        }
        VerifierSrs::new(verifier.powers_h, verifier.max_powers, verifier.development)?;
        // The group has prime order: on the curve is in the subgroup.
        if let Some(index) = powers.iter().position(|p| p.is_zero() || !p.is_on_curve()) {
            return Err(SrsError::Power { index: index as u64 });
        }
        if powers.first() != Some(&G1Affine::generator()) {
            return Err(SrsError::Generator);
        }
        let (low, high) = combination_weights(&powers, &verifier);
        let combine = |points: &[G1Affine]| {
            let high = G1Projective::msm_u64(points, &high).mul_bigint([0, 1]);
            (G1Projective::msm_u64(points, &low) + high).into_affine()
        };
        let (all_but_first, all_but_last) =
            (powers.get(1..).unwrap_or_default(), powers.get(..powers.len() - 1).unwrap_or_default());
        if !verifier.check_pairing(combine(all_but_first), combine(all_but_last))
            || !verifier.are_of_one_tau(&powers)
        {
            return Err(SrsError::Powers);
        }
        Ok(Self { powers, verifier })
    }

    /// `[tau^0], [tau^1], ...`
    pub fn powers(&self) -> &[G1Affine] {
        &self.powers
    }

    /// The verifier's part.
    pub fn verifier(&self) -> &VerifierSrs {
        &self.verifier
    }

    /// The key with its first `count` powers only, of the same reference string.
    pub fn prefix(&self, count: usize) -> Result<Self, SrsError> {
        let too_few = SrsError::TooFewPowers { wanted: count, powers: self.powers.len() };
        let powers = self.powers.get(..count).filter(|p| !p.is_empty()).ok_or(too_few)?.to_vec();
        Ok(Self { powers, verifier: self.verifier })
    }

    /// Commits to 64-bit words, lowest power first.
    pub fn commit_words(&self, words: &[u64]) -> Result<G1Affine, SrsError> {
        Ok(G1Projective::msm_u64(self.powers_for(words.len())?, words).into_affine())
    }

    /// Commits to 32-bit words, lowest power first.
    pub fn commit_small(&self, words: &[u32]) -> Result<G1Affine, SrsError> {
        Ok(G1Projective::msm_u32(self.powers_for(words.len())?, words).into_affine())
    }

    /// Commits to field elements, lowest power first.
    pub fn commit_fr(&self, coefficients: &[Fr]) -> Result<G1Affine, SrsError> {
        let powers = self.powers_for(coefficients.len())?;
        Ok(G1Projective::msm_unchecked(powers, coefficients).into_affine())
    }

    fn powers_for(&self, length: usize) -> Result<&[G1Affine], SrsError> {
        self.powers.get(..length).ok_or(SrsError::TooLong { length, powers: self.powers.len() })
    }

    /// The key as a file: magic, version (4 bytes), flags (4), powers in the file (8), powers of the reference string
    /// (8), all little-endian; the powers in G2 as four words each and those in G1 as two, as on chain.
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = if self.verifier.development { DEVELOPMENT_FLAG } else { 0 };
        let mut out = Vec::with_capacity(HEADER_BYTES + POWER_BYTES * self.powers.len());
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(flags.to_le_bytes());
        out.extend((self.powers.len() as u64).to_le_bytes());
        out.extend(self.verifier.max_powers.to_le_bytes());
        for point in &self.verifier.powers_h {
            out.extend(g2_words(point).as_flattened());
        }
        for point in &self.powers {
            out.extend(point_words(point).as_flattened());
        }
        out
    }

    /// Reads what [`Self::to_bytes`] makes, and checks all that [`Self::new`] checks.
    ///
    /// The length is checked before anything is allocated.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrsError> {
        let Self { powers, verifier } = Self::read(bytes)?;
        Self::new(powers, verifier)
    }

    /// Reads the file of a development key whose powers were checked once: the caller has compared its digest.
    ///
    /// All is checked but that the powers are of one tau, which takes half a minute for 2^22 of them. A key for
    /// production is refused, whatever its caller knows.
    pub fn from_known_bytes(bytes: &[u8]) -> Result<Self, SrsError> {
        let key = Self::read(bytes)?;
        if !key.verifier.development {
            return Err(SrsError::Unchecked);
        }
        Ok(key)
    }

    /// Points of the curve and the verifier's part, not yet held against each other.
    fn read(bytes: &[u8]) -> Result<Self, SrsError> {
        let header_only = SrsError::Length { got: bytes.len() as u64, expected: HEADER_BYTES as u64 };
        let mut reader = Reader(bytes);
        let magic = reader.take::<8>().ok_or(header_only.clone())?;
        if magic != MAGIC {
            return Err(SrsError::Magic { got: magic });
        }
        let version = u32::from_le_bytes(reader.take().ok_or(header_only.clone())?);
        if version != VERSION {
            return Err(SrsError::Version { got: version });
        }
        let flags = u32::from_le_bytes(reader.take().ok_or(header_only.clone())?);
        if flags & !DEVELOPMENT_FLAG != 0 {
            return Err(SrsError::Flags { got: flags });
        }
        let count = u64::from_le_bytes(reader.take().ok_or(header_only.clone())?);
        let most = u64::from_le_bytes(reader.take().ok_or(header_only.clone())?);
        if count < FEWEST_POWERS || count > most || most > MOST_POWERS {
            return Err(SrsError::Count { count, most });
        }
        // No overflow: the count is at most 2^28.
        let expected = HEADER_BYTES as u64 + POWER_BYTES as u64 * count;
        let length = SrsError::Length { got: bytes.len() as u64, expected };
        if bytes.len() as u64 != expected {
            return Err(length);
        }
        let mut powers_h = [G2Affine::identity(); G2_POWERS];
        for (point, exponent) in powers_h.iter_mut().zip(G2_EXPONENTS) {
            let mut word = || reader.take().ok_or(header_only.clone());
            *point = point_of_h(&[word()?, word()?, word()?, word()?], exponent)?;
        }
        let verifier = VerifierSrs::new(powers_h, most, flags == DEVELOPMENT_FLAG)?;
        let powers = (0..count)
            .map(|index| {
                let (x, y) = reader.take().zip(reader.take()).ok_or(length.clone())?;
                point_from_words(&x, &y).ok_or(SrsError::Power { index })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { powers, verifier })
    }
}

/// Takes fixed lengths off the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk::<LENGTH>()?;
        self.0 = rest;
        Some(*taken)
    }
}

/// `tau^exponent H` in EIP-197 order; [`VerifierSrs::new`] checks the group.
pub fn point_of_h(words: &[Bytes32; 4], exponent: u64) -> Result<G2Affine, SrsError> {
    let [x_c1, x_c0, y_c1, y_c0] = words;
    let coordinate = |word| field_from_word(word).ok_or(SrsError::PowerOfH { exponent });
    let x = Fq2::new(coordinate(x_c0)?, coordinate(x_c1)?);
    let y = Fq2::new(coordinate(y_c0)?, coordinate(y_c1)?);
    Ok(G2Affine::new_unchecked(x, y))
}

/// 128-bit weights for all pairs of neighbouring powers, as low and high halves.
fn combination_weights(powers: &[G1Affine], verifier: &VerifierSrs) -> (Vec<u64>, Vec<u64>) {
    let mut hasher = Keccak256::new();
    hasher.update(verifier.digest());
    for point in powers {
        let (x, y) = point.xy().unwrap_or_default();
        hasher.update(field_word(&x));
        hasher.update(field_word(&y));
    }
    let seed: Bytes32 = hasher.finalize().into();
    (1..powers.len() as u64)
        .map(|index| {
            let digest: Bytes32 =
                Keccak256::new().chain_update(seed).chain_update(uint_word(index)).finalize().into();
            let mut halves = digest
                .chunks_exact(8)
                .map(|half| half.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)));
            (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
        })
        .unzip()
}
