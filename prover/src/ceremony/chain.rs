//! The chain of records: each on top of the one before it, each an honest multiple (CE.C*).

use super::decode::{DecodeError, Reader};
use super::error::CeremonyError;
use super::points::is_multiple;
use super::record::{Record, Step};
use ark_bn254::{G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};

/// Most records of a transcript.
pub const MAX_RECORDS: usize = 1024;

/// What a ceremony is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Digest of the constraints.
    pub circuit: [u8; 32],
    /// Digest of the first phase.
    pub powers: [u8; 32],
    /// Digest of the key before any contribution.
    pub initial_key: [u8; 32],
}

impl Head {
    /// Hash that the first record names.
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.head.v1");
        hasher.update(&self.circuit).update(&self.powers).update(&self.initial_key);
        *hasher.finalize().as_bytes()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, records: &[Record]) {
        out.extend(self.circuit);
        out.extend(self.powers);
        out.extend(self.initial_key);
        out.extend((records.len() as u32).to_le_bytes());
        records.iter().for_each(|record| out.extend(record.to_bytes()));
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<(Self, Vec<Record>), DecodeError> {
        let head = Self {
            circuit: reader.array("digest of the circuit")?,
            powers: reader.array("digest of the powers")?,
            initial_key: reader.array("digest of the initial key")?,
        };
        let got = u32::from_le_bytes(reader.array("number of records")?);
        if got as usize > MAX_RECORDS {
            return Err(DecodeError::RecordCount { got, max: MAX_RECORDS as u32 });
        }
        let records = (0..got as usize).map(|index| Record::read(reader, index)).collect::<Result<_, _>>()?;
        Ok((head, records))
    }
}

/// Where a chain has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Hash of the last record; of the head, when there is none.
    pub hash: [u8; 32],
    /// delta in G1.
    pub delta_g1: G1Affine,
    /// delta in G2.
    pub delta_g2: G2Affine,
    /// Contributors so far.
    pub contributions: usize,
    /// Whether the beacon has closed the ceremony.
    pub closed: bool,
}

impl Chain {
    /// Follows the records, checking each (CE.C1 to CE.C7).
    pub fn follow(head: &Head, records: &[Record]) -> Result<Self, CeremonyError> {
        if records.len() > MAX_RECORDS {
            return Err(CeremonyError::RecordCount { got: records.len(), max: MAX_RECORDS });
        }
        let mut chain = Self {
            hash: head.hash(),
            delta_g1: G1Affine::generator(),
            delta_g2: G2Affine::generator(),
            contributions: 0,
            closed: false,
        };
        for (index, record) in records.iter().enumerate() {
            chain.check(index, record)?;
            chain.contributions += usize::from(matches!(record.step, Step::Contribution(_)));
            chain.closed = matches!(record.step, Step::Beacon(_));
            chain.hash = record.hash();
            (chain.delta_g1, chain.delta_g2) = (record.delta_g1, record.delta_g2);
        }
        Ok(chain)
    }

    fn check(&self, index: usize, record: &Record) -> Result<(), CeremonyError> {
        if record.previous != self.hash {
            let (got, expected) = (hex::encode(record.previous), hex::encode(self.hash));
            return Err(CeremonyError::Chain { index, got, expected });
        }
        if self.closed {
            return Err(CeremonyError::AfterBeacon { index });
        }
        if record.delta_g1 == self.delta_g1 || record.delta_g2 == self.delta_g2 {
            return Err(CeremonyError::Identity { index });
        }
        // gamma is the generator in every ceremony.
        if record.delta_g1 == G1Affine::generator() || record.delta_g2 == G2Affine::generator() {
            return Err(CeremonyError::GammaIsDelta { index });
        }
        match &record.step {
            Step::Contribution(knowledge) if !knowledge.verifies(self.delta_g1, &record.head()) => {
                return Err(CeremonyError::Knowledge { index });
            }
            Step::Beacon(beacon) => {
                let expected = (self.delta_g1 * beacon.factor(&self.hash)).into_affine();
                if record.delta_g1 != expected {
                    return Err(CeremonyError::Beacon { index });
                }
            }
            Step::Contribution(_) => {}
        }
        // e(delta_1, H) = e(G, delta_2)
        if is_multiple(G1Affine::generator(), record.delta_g1, record.delta_g2) {
            Ok(())
        } else {
            Err(CeremonyError::DeltaRatio { index })
        }
    }
}
