//! Reader of `.ptau` files: powers of tau as snarkjs keeps them after a ceremony.
//!
//! Layout: `"ptau"`, version (u32), number of sections (u32); each section is type (u32), length (u64), bytes; all
//! integers little-endian. Section 1: bytes of a coordinate (u32), the modulus, log2 of the powers (u32), the
//! ceremony's log2 (u32). Section 2: `2^(power+1) - 1` points `[tau^i]_1`. Section 3: `2^power` points `[tau^i]_2`.
//! Coordinates are in Montgomery form, little-endian; the real part of an Fq2 coordinate comes first.
//!
//! Sections 4 and 5: `2^power` points `[alpha tau^i]_1`, `[beta tau^i]_1`. Section 6: `[beta]_2`.
//!
//! [`read`] takes what a commitment key needs: a prefix of section 2 and two points of section 3; [`phase_one`] what a second
//! phase does. The record of the contributions is not read: the operator compares the file's hash with the one that the
//! ceremony published.

pub mod phase_one;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use trine_verifier::srs::{CommitmentKey, G2_EXPONENTS, G2_POWERS, SrsError, VerifierSrs};

/// Bytes of a coordinate.
const COORDINATE_BYTES: usize = 32;
/// Bytes of a point of G1.
const G1_BYTES: u64 = 64;
/// Bytes of a point of G2.
const G2_BYTES: u64 = 128;
/// Most sections: a prepared file has 12.
const MOST_SECTIONS: u32 = 64;
/// log2 of the powers of the largest ceremony.
const MOST_POWER: u32 = 28;

/// Why a file is no powers-of-tau file of BN254.
#[derive(Debug, thiserror::Error)]
pub enum PtauError {
    /// Reading fails.
    #[error(transparent)]
    Io(io::Error),
    /// The file ends early.
    #[error("file ends inside {part}")]
    Truncated {
        /// What is being read.
        part: &'static str,
    },
    /// A file that is something else.
    #[error("file starts with {got:02x?}, expected \"ptau\"")]
    Magic {
        /// First bytes of the file.
        got: [u8; 4],
    },
    /// A version that this code does not read.
    #[error("file has version {got}, expected 1")]
    Version {
        /// Version of the file.
        got: u32,
    },
    /// More sections than a file can have.
    #[error("file has {got} sections, expected at most {MOST_SECTIONS}")]
    SectionCount {
        /// Sections of the file.
        got: u32,
    },
    /// A section that occurs twice.
    #[error("section {section} occurs twice")]
    RepeatedSection {
        /// Type of the section.
        section: u32,
    },
    /// A section that is missing.
    #[error("section {section} is missing")]
    MissingSection {
        /// Type of the section.
        section: u32,
    },
    /// A section with another length than the header says.
    #[error("section {section} has {got} bytes, expected {expected}")]
    SectionLength {
        /// Type of the section.
        section: u32,
        /// Its bytes.
        got: u64,
        /// Bytes that the header asks for, or that are left in the file.
        expected: u64,
    },
    /// Another curve.
    #[error("the coordinates are of another field than that of BN254")]
    Field,
    /// A power outside what is supported.
    #[error("file of 2^{power} powers of a ceremony of 2^{ceremony}, expected 2^1 to 2^{MOST_POWER}")]
    Power {
        /// log2 of the powers of the file.
        power: u32,
        /// log2 of the powers of the ceremony.
        ceremony: u32,
    },
    /// `[tau^0]_2` is not the generator.
    #[error("power 0 in G2 is not the generator")]
    Generator2,
    /// A point of sections 4 to 6, or beyond the second of section 3, that is none of the group, or infinity.
    #[error("section {section}: point {index} is not a canonical point of its group other than infinity")]
    Point {
        /// Type of the section.
        section: u32,
        /// Index of the point.
        index: u64,
    },
    /// Fewer powers than the circuit needs.
    #[error("2^{wanted} powers wanted, the file has 2^{power}")]
    TooFewPowers {
        /// log2 of the powers asked for.
        wanted: u32,
        /// log2 of the powers of the file.
        power: u32,
    },
    /// Not the powers of one tau.
    #[error(transparent)]
    Srs(#[from] SrsError),
}

/// Where a section lies.
#[derive(Clone, Copy)]
struct Section {
    start: u64,
    length: u64,
}

/// Reads the first `count` powers of tau, and checks curve, groups and that they are powers of one tau.
///
/// Every length is compared with the file before it is used; memory is allocated for `count` powers only.
pub fn read(mut file: impl Read + Seek, count: usize) -> Result<CommitmentKey, PtauError> {
    let [header, tau_g1, tau_g2] = sections(&mut file)?;
    let power = read_header(&mut file, header)?;
    check_length(2, tau_g1, ((2u64 << power) - 1) * G1_BYTES)?;
    check_length(3, tau_g2, (1u64 << power) * G2_BYTES)?;
    let available = (2usize << power) - 1;
    if count == 0 || count > available {
        return Err(SrsError::TooFewPowers { wanted: count, powers: available }.into());
    }

    seek(&mut file, tau_g2.start)?;
    let generator = read_g2(&mut file)?.ok_or(PtauError::Generator2)?;
    if generator != G2Affine::generator() {
        return Err(PtauError::Generator2);
    }
    let mut powers_h = [G2Affine::identity(); G2_POWERS];
    for (point, exponent) in powers_h.iter_mut().zip(G2_EXPONENTS) {
        if exponent >> power != 0 {
            return Err(PtauError::TooFewPowers { wanted: (exponent + 1).ilog2() + 1, power });
        }
        seek(&mut file, tau_g2.start + exponent * G2_BYTES)?;
        *point = read_g2(&mut file)?.ok_or(SrsError::PowerOfH { exponent })?;
    }
    let verifier = VerifierSrs::new(powers_h, count as u64, false)?;

    seek(&mut file, tau_g1.start)?;
    let mut powers = Vec::with_capacity(count);
    for index in 0..count as u64 {
        powers.push(read_g1(&mut file)?.ok_or(SrsError::Power { index })?);
    }
    Ok(CommitmentKey::new(powers, verifier)?)
}

fn check_length(section: u32, at: Section, expected: u64) -> Result<(), PtauError> {
    let got = at.length;
    if got == expected { Ok(()) } else { Err(PtauError::SectionLength { section, got, expected }) }
}

/// Finds the sections 1 to `COUNT`; each must lie inside the file.
fn sections<const COUNT: usize>(file: &mut (impl Read + Seek)) -> Result<[Section; COUNT], PtauError> {
    let end = file.seek(SeekFrom::End(0)).map_err(PtauError::Io)?;
    seek(file, 0)?;
    let magic: [u8; 4] = read_array(file, "magic")?;
    if magic != *b"ptau" {
        return Err(PtauError::Magic { got: magic });
    }
    let version = read_u32(file, "version")?;
    if version != 1 {
        return Err(PtauError::Version { got: version });
    }
    let count = read_u32(file, "number of sections")?;
    if count > MOST_SECTIONS {
        return Err(PtauError::SectionCount { got: count });
    }
    let mut found = [None; COUNT];
    let mut start = 12u64;
    for _ in 0..count {
        seek(file, start)?;
        let section = read_u32(file, "section type")?;
        let length = u64::from_le_bytes(read_array(file, "section length")?);
        start += 12;
        let left = end.saturating_sub(start);
        if length > left {
            return Err(PtauError::SectionLength { section, got: length, expected: left });
        }
        let slot = (section as usize).checked_sub(1).and_then(|i| found.get_mut(i));
        if slot.is_some_and(|slot| slot.replace(Section { start, length }).is_some()) {
            return Err(PtauError::RepeatedSection { section });
        }
        start += length;
    }
    let mut all = [Section { start: 0, length: 0 }; COUNT];
    for ((section, slot), found) in (1..).zip(&mut all).zip(found) {
        *slot = found.ok_or(PtauError::MissingSection { section })?;
    }
    Ok(all)
}

/// Checks curve and size; returns log2 of the powers.
fn read_header(file: &mut (impl Read + Seek), header: Section) -> Result<u32, PtauError> {
    let expected = 4 + COORDINATE_BYTES as u64 + 8;
    if header.length != expected {
        return Err(PtauError::SectionLength { section: 1, got: header.length, expected });
    }
    seek(file, header.start)?;
    let bytes = read_u32(file, "header")?;
    let modulus = limbs(read_array(file, "header")?);
    if bytes as usize != COORDINATE_BYTES || modulus != Fq::MODULUS {
        return Err(PtauError::Field);
    }
    let power = read_u32(file, "header")?;
    let ceremony = read_u32(file, "header")?;
    if power == 0 || power > ceremony || ceremony > MOST_POWER {
        return Err(PtauError::Power { power, ceremony });
    }
    Ok(power)
}

fn seek(file: &mut impl Seek, to: u64) -> Result<(), PtauError> {
    file.seek(SeekFrom::Start(to)).map(|_| ()).map_err(PtauError::Io)
}

fn read_array<const LENGTH: usize>(
    file: &mut impl Read,
    part: &'static str,
) -> Result<[u8; LENGTH], PtauError> {
    let mut bytes = [0; LENGTH];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(PtauError::Truncated { part }),
        Err(error) => Err(PtauError::Io(error)),
    }
}

fn read_u32(file: &mut impl Read, part: &'static str) -> Result<u32, PtauError> {
    Ok(u32::from_le_bytes(read_array(file, part)?))
}

fn limbs(bytes: [u8; COORDINATE_BYTES]) -> BigInt<4> {
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*bytes);
    }
    BigInt::new(limbs)
}

/// A coordinate: `None` when it is not below the modulus.
fn read_coordinate(file: &mut impl Read) -> Result<Option<Fq>, PtauError> {
    // arkworks, too, keeps x * 2^256 mod p.
    let montgomery = limbs(read_array(file, "point")?);
    Ok((montgomery < Fq::MODULUS).then(|| Fq::new_unchecked(montgomery)))
}

/// A point of G1; the caller checks the curve. `None` when a coordinate is not canonical.
fn read_g1(file: &mut impl Read) -> Result<Option<G1Affine>, PtauError> {
    let (x, y) = (read_coordinate(file)?, read_coordinate(file)?);
    Ok(x.zip(y).map(|(x, y)| G1Affine::new_unchecked(x, y)))
}

/// A point of G2; the caller checks curve and subgroup. `None` when a coordinate is not canonical.
fn read_g2(file: &mut impl Read) -> Result<Option<G2Affine>, PtauError> {
    let mut fq2 = || -> Result<Option<Fq2>, PtauError> {
        let (real, imaginary) = (read_coordinate(file)?, read_coordinate(file)?);
        Ok(real.zip(imaginary).map(|(real, imaginary)| Fq2::new(real, imaginary)))
    };
    let (x, y) = (fq2()?, fq2()?);
    Ok(x.zip(y).map(|(x, y)| G2Affine::new_unchecked(x, y)))
}
