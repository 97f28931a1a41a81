//! What a contribution, or the beacon, leaves behind: the new delta, and why it is an honest multiple of the one before
//! (CE.R2 to CE.R4).

use super::decode::{DecodeError, Reader};
use super::entropy::{Entropy, SecretScalar};
use super::error::CeremonyError;
use super::points::{g1_bytes, g2_bytes, hash_scalar};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::CurveGroup;
use trine_verifier::digest::field_word;

/// Most bytes of a name.
pub const MAX_NAME_BYTES: usize = 64;
/// Most bytes of a beacon.
pub const MAX_BEACON_BYTES: usize = 1024;
/// Fewest and most iterations of a beacon. A verifier repeats them.
pub const BEACON_ITERATIONS: [u64; 2] = [1 << 10, 1 << 32];

const CONTRIBUTION: u8 = 1;
const BEACON: u8 = 2;

/// Schnorr's proof that the contributor knows x with `after = x before`, made non-interactive for one place and name (CE.R3).
///
/// `response before = commitment + c after`, c from the record before, the name, both deltas and the commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knowledge {
    /// `nonce before`.
    pub commitment: G1Affine,
    /// `nonce + c x`.
    pub response: Fr,
}

/// Public bytes that nobody could know when the last contributor contributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How often they are hashed.
    pub iterations: u64,
}

/// How a record's factor comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A secret of the contributor.
    Contribution(Knowledge),
    /// The public end of the ceremony.
    Beacon(Beacon),
}

/// One record of a transcript (CE.R4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who contributed, in his own words.
    pub name: String,
    /// Hash of what stands before.
    pub previous: [u8; 32],
    /// The new delta in G1.
    pub delta_g1: G1Affine,
    /// The new delta in G2.
    pub delta_g2: G2Affine,
    /// How it came about.
    pub step: Step,
}

/// Refuses names that do not print on one line.
pub fn check_name(name: &str) -> Result<(), CeremonyError> {
    let bytes = name.len();
    let sound = (1..=MAX_NAME_BYTES).contains(&bytes) && !name.chars().any(char::is_control);
    if sound { Ok(()) } else { Err(CeremonyError::Name { bytes, max: MAX_NAME_BYTES }) }
}

impl Knowledge {
    /// Proves knowledge of `factor` for the step from `before` to the deltas of `record`.
    pub(super) fn prove(
        entropy: &Entropy,
        factor: &SecretScalar,
        before: G1Affine,
        record: &RecordHead<'_>,
    ) -> Self {
        // Under another name the challenge is another: one nonce for two challenges would give the factor away.
        let nonce = entropy.scalar(&format!("nonce of {}", record.name), record.previous);
        let commitment = (before * nonce.expose()).into_affine();
        let challenge = record.challenge(before, &commitment);
        Self { commitment, response: *nonce.expose() + challenge * factor.expose() }
    }

    /// Whether the proof is one for this step.
    pub(super) fn verifies(&self, before: G1Affine, record: &RecordHead<'_>) -> bool {
        let challenge = record.challenge(before, &self.commitment);
        let right = G1Projective::from(self.commitment) + *record.delta_g1 * challenge;
        before * self.response == right
    }
}

/// What a proof of knowledge is about.
pub(super) struct RecordHead<'a> {
    pub name: &'a str,
    pub previous: &'a [u8; 32],
    pub delta_g1: &'a G1Affine,
    pub delta_g2: &'a G2Affine,
}

impl RecordHead<'_> {
    fn challenge(&self, before: G1Affine, commitment: &G1Affine) -> Fr {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.challenge.v1").update(self.previous);
        hasher.update(&(self.name.len() as u64).to_le_bytes()).update(self.name.as_bytes());
        hasher.update(&g1_bytes(&before)).update(&g1_bytes(self.delta_g1)).update(&g2_bytes(self.delta_g2));
        hasher.update(&g1_bytes(commitment));
        hash_scalar(&hasher)
    }
}

impl Beacon {
    /// Bytes and iterations within what verifiers recompute.
    pub fn new(bytes: Vec<u8>, iterations: u64) -> Result<Self, CeremonyError> {
        let [least, most] = BEACON_ITERATIONS;
        let sound = (1..=MAX_BEACON_BYTES).contains(&bytes.len()) && (least..=most).contains(&iterations);
        if sound {
            return Ok(Self { bytes, iterations });
        }
        let (bytes, max_bytes) = (bytes.len(), MAX_BEACON_BYTES);
        Err(CeremonyError::BeaconSize { bytes, max_bytes, iterations, least, most })
    }

    /// The factor: bytes hashed `iterations` times, then with the record before.
    pub fn factor(&self, previous: &[u8; 32]) -> Fr {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.beacon.v1").update(&self.bytes);
        let mut digest = *hasher.finalize().as_bytes();
        for _ in 0..self.iterations {
            digest = *blake3::hash(&digest).as_bytes();
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.beacon.factor.v1").update(&digest).update(previous);
        hash_scalar(&hasher)
    }
}

impl Record {
    pub(super) fn head(&self) -> RecordHead<'_> {
        RecordHead {
            name: &self.name,
            previous: &self.previous,
            delta_g1: &self.delta_g1,
            delta_g2: &self.delta_g2,
        }
    }

    /// Hash that the next record names; contributors publish it.
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.record.v1").update(&self.to_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Kind (1 byte), length of the name (1), name, hash before (32), delta in G1 (64) and G2 (128); then commitment (64) and
    /// response (32), or length of the beacon (2), beacon, iterations (8). Integers little-endian, the rest as on chain.
    pub fn to_bytes(&self) -> Vec<u8> {
        let kind = match self.step {
            Step::Contribution(_) => CONTRIBUTION,
            Step::Beacon(_) => BEACON,
        };
        let mut out = vec![kind, self.name.len() as u8];
        out.extend(self.name.as_bytes());
        out.extend(self.previous);
        out.extend(g1_bytes(&self.delta_g1));
        out.extend(g2_bytes(&self.delta_g2));
        match &self.step {
            Step::Contribution(knowledge) => {
                out.extend(g1_bytes(&knowledge.commitment));
                out.extend(field_word(&knowledge.response));
            }
            Step::Beacon(beacon) => {
                out.extend((beacon.bytes.len() as u16).to_le_bytes());
                out.extend(&beacon.bytes);
                out.extend(beacon.iterations.to_le_bytes());
            }
        }
        out
    }

    /// Reads what [`Self::to_bytes`] makes: canonical, points of their groups and not at infinity.
    pub(super) fn read(reader: &mut Reader<'_>, index: usize) -> Result<Self, DecodeError> {
        let kind = reader.byte("kind of a record")?;
        let length = reader.byte("name of a record")?;
        let name = reader.bytes(usize::from(length), "name of a record")?;
        let name = std::str::from_utf8(name).ok().filter(|name| check_name(name).is_ok());
        let name = name.ok_or(DecodeError::Name { index })?.to_owned();
        let previous = reader.array("hash of a record")?;
        let delta_g1 = reader.g1("delta in G1", index)?;
        let delta_g2 = reader.g2("delta in G2", index)?;
        let step = match kind {
            CONTRIBUTION => Step::Contribution(Knowledge {
                commitment: reader.g1("commitment", index)?,
                response: reader.scalar("response", index)?,
            }),
            BEACON => Step::Beacon(read_beacon(reader, index)?),
            got => return Err(DecodeError::Kind { index, got }),
        };
        Ok(Self { name, previous, delta_g1, delta_g2, step })
    }
}

fn read_beacon(reader: &mut Reader<'_>, index: usize) -> Result<Beacon, DecodeError> {
    let length = u16::from_le_bytes(reader.array("length of the beacon")?);
    let bytes = reader.bytes(usize::from(length), "beacon")?.to_vec();
    let iterations = u64::from_le_bytes(reader.array("iterations of the beacon")?);
    Beacon::new(bytes, iterations).map_err(|_| DecodeError::Beacon { index, iterations })
}
