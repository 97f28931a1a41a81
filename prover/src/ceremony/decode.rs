//! Bytes that somebody sent: every length is compared with what is there before it is used.

use ark_bn254::{Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use trine_verifier::Bytes32;
use trine_verifier::digest::{field_from_word, point_from_words};

/// Why bytes are no transcript or key of a ceremony.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Another kind of file.
    #[error("CE.F1: file starts with {got:02x?}, expected {expected:02x?}")]
    Magic {
        /// First bytes of the file.
        got: [u8; 8],
        /// First bytes of such a file.
        expected: [u8; 8],
    },
    /// A version that this code does not read.
    #[error("CE.F1: file has version {got}, expected {expected}")]
    Version {
        /// Version of the file.
        got: u32,
        /// Version that is read.
        expected: u32,
    },
    /// The bytes end early.
    #[error("CE.F1: file ends inside {part}")]
    Truncated {
        /// What is being read.
        part: &'static str,
    },
    /// Not as long as its numbers of points say.
    #[error("CE.F1: {got} bytes of points and digest, expected {expected}")]
    Length {
        /// Bytes left.
        got: u64,
        /// Bytes that the counts ask for.
        expected: u64,
    },
    /// More records than a transcript holds.
    #[error("CE.F1: {got} records, at most {max}")]
    RecordCount {
        /// Records named.
        got: u32,
        /// Most records.
        max: u32,
    },
    /// A record that is neither a contribution nor the beacon.
    #[error("CE.F1: record {index} has the kind {got}, expected 1 or 2")]
    Kind {
        /// Index of the record.
        index: usize,
        /// Its kind.
        got: u8,
    },
    /// A name that does not print on one line.
    #[error("CE.F1: record {index} has no name of 1 to 64 bytes without control characters")]
    Name {
        /// Index of the record.
        index: usize,
    },
    /// A beacon outside what verifiers recompute.
    #[error("CE.F1: record {index} has a beacon of {iterations} iterations, or too long or empty")]
    Beacon {
        /// Index of the record.
        index: usize,
        /// Its iterations.
        iterations: u64,
    },
    /// A point that is not canonical, off its group, or at infinity where none may be.
    #[error("CE.F2: {part} {index} is not a canonical point of its group")]
    Point {
        /// The point.
        part: &'static str,
        /// Its place.
        index: usize,
    },
    /// A scalar that is not below the modulus.
    #[error("CE.F2: {part} {index} is not below the modulus")]
    Scalar {
        /// The scalar.
        part: &'static str,
        /// Its place.
        index: usize,
    },
    /// The digest at the end is not that of the file.
    #[error("CE.F3: the file is damaged: its digest is another than the one at its end")]
    Damaged,
    /// A proving key that arkworks does not read.
    #[error("CE.F2: the proving key does not decode")]
    ProvingKey,
}

/// Takes parts off the front.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The bytes before the digest at the end, which is compared.
    pub fn of_file(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let Some((content, digest)) = bytes.split_last_chunk::<32>() else {
            return Err(DecodeError::Truncated { part: "digest" });
        };
        if blake3::hash(content).as_bytes() == digest { Ok(Self(content)) } else { Err(DecodeError::Damaged) }
    }

    /// Magic and version.
    pub fn header(bytes: &[u8], expected: [u8; 8], version: u32) -> Result<(), DecodeError> {
        let mut reader = Reader(bytes);
        let got = reader.array("magic")?;
        if got != expected {
            return Err(DecodeError::Magic { got, expected });
        }
        let got = u32::from_le_bytes(reader.array("version")?);
        if got == version { Ok(()) } else { Err(DecodeError::Version { got, expected: version }) }
    }

    pub fn left(&self) -> usize {
        self.0.len()
    }

    pub fn bytes(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const LENGTH: usize>(&mut self, part: &'static str) -> Result<[u8; LENGTH], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated { part })?;
        self.0 = rest;
        Ok(*taken)
    }

    pub fn byte(&mut self, part: &'static str) -> Result<u8, DecodeError> {
        let [byte] = self.array(part)?;
        Ok(byte)
    }

    /// A point of G1, infinity among them.
    pub fn g1_or_infinity(&mut self, part: &'static str, index: usize) -> Result<G1Affine, DecodeError> {
        let (x, y): (Bytes32, Bytes32) = (self.array(part)?, self.array(part)?);
        point_from_words(&x, &y).ok_or(DecodeError::Point { part, index })
    }

    pub fn g1(&mut self, part: &'static str, index: usize) -> Result<G1Affine, DecodeError> {
        let point = self.g1_or_infinity(part, index)?;
        if point.is_zero() { Err(DecodeError::Point { part, index }) } else { Ok(point) }
    }

    pub fn g2(&mut self, part: &'static str, index: usize) -> Result<G2Affine, DecodeError> {
        let refused = DecodeError::Point { part, index };
        let mut coordinate = || -> Result<Fq2, DecodeError> {
            let (imaginary, real): (Bytes32, Bytes32) = (self.array(part)?, self.array(part)?);
            let pair = field_from_word(&real).zip(field_from_word(&imaginary));
            pair.map(|(real, imaginary)| Fq2::new(real, imaginary)).ok_or(refused.clone())
        };
        let point = G2Affine::new_unchecked(coordinate()?, coordinate()?);
        // Two zero coordinates are infinity to arkworks.
        let sound =
            !point.is_zero() && point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve();
        if sound { Ok(point) } else { Err(refused) }
    }

    pub fn scalar(&mut self, part: &'static str, index: usize) -> Result<Fr, DecodeError> {
        field_from_word(&self.array(part)?).ok_or(DecodeError::Scalar { part, index })
    }
}

/// The bytes of a file: content, then its digest.
pub(super) fn sealed(mut content: Vec<u8>) -> Vec<u8> {
    let digest = blake3::hash(&content);
    content.extend(digest.as_bytes());
    content
}
