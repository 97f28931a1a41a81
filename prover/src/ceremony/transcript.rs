//! The file that goes from one contributor to the next: head, records, and the two queries that delta divides (CE.R5, CE.F1).

use super::chain::{Chain, Head, MAX_RECORDS};
use super::decode::{DecodeError, Reader, sealed};
use super::entropy::Entropy;
use super::error::CeremonyError;
use super::points::{g1_bytes, scale};
use super::record::{Beacon, Knowledge, Record, RecordHead, Step, check_name};
use crate::groth::ProvingKey;
use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::Field;
use ark_serialize::CanonicalSerialize;
use zeroize::Zeroizing;

/// First bytes of a transcript file.
pub const MAGIC: [u8; 8] = *b"TRINECER";
/// Version of the file format.
pub const VERSION: u32 = 1;
/// Longest transcript file that is read: far above 2^24 points.
pub const MAX_FILE_BYTES: u64 = 1 << 31;
/// Name of the beacon's record.
pub const BEACON_NAME: &str = "beacon";

const POINT_BYTES: u64 = 64;

/// A ceremony so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// Circuit, powers, initial key.
    pub head: Head,
    /// Contributions in order, then the beacon.
    pub records: Vec<Record>,
    /// `(beta A_i + alpha B_i + C_i) / delta` for each witness variable.
    pub l_query: Vec<G1Affine>,
    /// `tau^i (tau^m - 1) / delta`.
    pub h_query: Vec<G1Affine>,
}

/// Digest of a key, as arkworks serialises it without compression.
pub fn key_digest(key: &ProvingKey) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"trine.ceremony.initial.key.v1");
    // A hasher takes every byte.
    let _ = key.serialize_uncompressed(&mut hasher);
    *hasher.finalize().as_bytes()
}

impl Transcript {
    /// A ceremony without contributions, from the digests of circuit and powers and their initial key.
    pub fn new(circuit: [u8; 32], powers: [u8; 32], initial: &ProvingKey) -> Self {
        let head = Head { circuit, powers, initial_key: key_digest(initial) };
        Self { head, records: vec![], l_query: initial.l_query.clone(), h_query: initial.h_query.clone() }
    }

    /// Multiplies delta by a secret factor, proves knowledge of it and forgets it. Returns the hash that the contributor
    /// publishes.
    ///
    /// The chain so far is checked; whether it stands on the right circuit and powers is [`verify`](super::verify())'s.
    pub fn contribute(&mut self, name: &str, entropy: Entropy) -> Result<[u8; 32], CeremonyError> {
        check_name(name)?;
        let chain = self.open_chain()?;
        let factor = entropy.scalar("factor", &chain.hash);
        let delta_g1 = (chain.delta_g1 * factor.expose()).into_affine();
        let delta_g2 = (chain.delta_g2 * factor.expose()).into_affine();
        let head = RecordHead { name, previous: &chain.hash, delta_g1: &delta_g1, delta_g2: &delta_g2 };
        let knowledge = Knowledge::prove(&entropy, &factor, chain.delta_g1, &head);
        let step = Step::Contribution(knowledge);
        let record = Record { name: name.into(), previous: chain.hash, delta_g1, delta_g2, step };
        self.append(record, factor.expose())
    }

    /// Closes the ceremony by a beacon: a factor that everybody computes, from bytes that nobody could foresee.
    pub fn close(&mut self, beacon: Beacon) -> Result<[u8; 32], CeremonyError> {
        let chain = self.open_chain()?;
        if chain.contributions == 0 {
            return Err(CeremonyError::NoContribution);
        }
        let factor = beacon.factor(&chain.hash);
        let record = Record {
            name: BEACON_NAME.into(),
            previous: chain.hash,
            delta_g1: (chain.delta_g1 * factor).into_affine(),
            delta_g2: (chain.delta_g2 * factor).into_affine(),
            step: Step::Beacon(beacon),
        };
        self.append(record, &factor)
    }

    fn open_chain(&self) -> Result<Chain, CeremonyError> {
        let chain = Chain::follow(&self.head, &self.records)?;
        let index = self.records.len();
        if chain.closed {
            return Err(CeremonyError::AfterBeacon { index });
        }
        if index == MAX_RECORDS {
            return Err(CeremonyError::RecordCount { got: index + 1, max: MAX_RECORDS });
        }
        Ok(chain)
    }

    fn append(&mut self, record: Record, factor: &Fr) -> Result<[u8; 32], CeremonyError> {
        let index = self.records.len();
        let inverse = Zeroizing::new(factor.inverse().ok_or(CeremonyError::Identity { index })?);
        self.l_query = scale(&self.l_query, &inverse);
        self.h_query = scale(&self.h_query, &inverse);
        let hash = record.hash();
        self.records.push(record);
        Ok(hash)
    }

    /// Magic, version (4 bytes), digests of circuit, powers and initial key (32 each), number of records (4), records, points of
    /// both queries (8 each), all little-endian; the points as on chain; BLAKE3 of everything before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        self.head.write(&mut out, &self.records);
        for query in [&self.l_query, &self.h_query] {
            out.extend((query.len() as u64).to_le_bytes());
        }
        self.l_query.iter().chain(&self.h_query).for_each(|point| out.extend(g1_bytes(point)));
        sealed(out)
    }

    /// Reads what [`Self::to_bytes`] makes. Points are canonical and of their groups; nothing is said about what they are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        Reader::header(bytes, MAGIC, VERSION)?;
        let mut reader = Reader::of_file(bytes)?;
        reader.bytes(MAGIC.len() + 4, "header")?;
        let (head, records) = Head::read(&mut reader)?;
        let l = u64::from_le_bytes(reader.array("number of points")?);
        let h = u64::from_le_bytes(reader.array("number of points")?);
        let expected = l.saturating_add(h).saturating_mul(POINT_BYTES);
        let got = reader.left() as u64;
        if got != expected {
            return Err(DecodeError::Length { got, expected });
        }
        let mut query = |part, count: u64| -> Result<Vec<G1Affine>, DecodeError> {
            (0..count as usize).map(|index| reader.g1_or_infinity(part, index)).collect()
        };
        let (l_query, h_query) = (query("point of the query l", l)?, query("point of the query h", h)?);
        Ok(Self { head, records, l_query, h_query })
    }
}
