//! The proof, and its canonical bytes.
//!
//! Bytes: `"TRPE"`, version 2, class id, then every field in the order of the structs below, at the lengths that the
//! class fixes: points as two 32-byte big-endian coordinates ((0, 0) at infinity), scalars as 32 bytes big-endian.
//! Exactly one byte string encodes a proof.

use crate::Bytes32;
use crate::class::Class;
use crate::digest::{field_from_word, field_word, point_from_words, point_words};
use crate::opening::{CLOSING_POINTS, ClosingPoints, OpeningProof, residue_counts};
use ark_bn254::{Fr, G1Affine};

/// One layer of the range tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerProof {
    /// `(e, t_inf)` of each round.
    pub rounds: Vec<[Fr; 2]>,
    /// `p0, p1, q0, q1` at the layer's point.
    pub children: [Fr; 4],
}

/// The range tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeProof {
    /// `p0, p1, q0, q1` of the root.
    pub root: [Fr; 4],
    /// Layers 1 to D - 1; layer l has l rounds.
    pub layers: Vec<LayerProof>,
}

/// What the wrap circuit takes as its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProof {
    /// Steps PE.H2 to PE.H4.
    pub tree: TreeProof,
    /// Step PE.I2: `(s_0, s_inf)` of each round.
    pub reduction: Vec<[Fr; 2]>,
    /// Step PE.I3: values of all polynomials.
    pub values: Vec<Fr>,
    /// Step PE.J3.
    pub opening: OpeningProof,
}

/// What the contract folds. Inputs and outputs are named by the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupProof {
    /// First commit round.
    pub columns: Vec<G1Affine>,
    /// Second commit round.
    pub second: Vec<G1Affine>,
    /// Folds `f_1 ..`.
    pub folds: Vec<G1Affine>,
    /// Q, R and W.
    pub closing: ClosingPoints,
}

/// A proof of evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InnerProof {
    /// Group elements.
    pub group: GroupProof,
    /// Field elements.
    pub field: FieldProof,
}

/// Why bytes are no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a proof of this version.
    #[error("proof does not start with \"TRPE\", version 1")]
    Header,
    /// A proof of another class.
    #[error("proof of class {got}, expected {expected}")]
    Class {
        /// Class of the bytes.
        got: u8,
        /// Class asked for.
        expected: u8,
    },
    /// Wrong length.
    #[error("proof of {got} bytes, expected {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes of the class.
        expected: usize,
    },
    /// A scalar not below the modulus.
    #[error("{field}: not a canonical scalar")]
    Scalar {
        /// The field.
        field: &'static str,
    },
    /// A point not canonical or off the curve.
    #[error("{field}: not a canonical point of BN254 G1")]
    Point {
        /// The field.
        field: &'static str,
    },
}

const MAGIC: &[u8; 4] = b"TRPE";
const VERSION: u8 = 2;
const HEADER_BYTES: usize = 6;

/// Length in bytes of every proof of a class.
pub fn proof_bytes(class: &Class) -> usize {
    let d = class.layers();
    let points = class.first_input() + class.levels() - 1 + CLOSING_POINTS;
    let tree = 4 + (1..d).map(|l| 2 * l + 4).sum::<usize>();
    let opening = 1 + residue_counts(class.log_chunk).iter().sum::<usize>();
    let scalars = tree + 2 * class.log_chunk + class.polynomials() + opening;
    HEADER_BYTES + 32 * (2 * points + scalars)
}

impl InnerProof {
    /// Canonical bytes.
    pub fn to_bytes(&self, class: &Class) -> Vec<u8> {
        let mut out = Vec::with_capacity(proof_bytes(class));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, class.id]);
        let group = &self.group;
        let singles = group.closing.to_array();
        for point in group.columns.iter().chain(&group.second).chain(&group.folds).chain(&singles) {
            for word in point_words(point) {
                out.extend_from_slice(&word);
            }
        }
        let field = &self.field;
        let tree = field.tree.layers.iter().flat_map(|l| l.rounds.iter().flatten().chain(&l.children));
        let scalars = field
            .tree
            .root
            .iter()
            .chain(tree)
            .chain(field.reduction.iter().flatten())
            .chain(&field.values)
            .chain(std::iter::once(&field.opening.f0_at_u))
            .chain(field.opening.residues.iter().flatten());
        for scalar in scalars {
            out.extend_from_slice(&field_word(scalar));
        }
        out
    }

    /// Reads canonical bytes. The length is checked before anything is allocated.
    pub fn from_bytes(class: &Class, bytes: &[u8]) -> Result<Self, ProofError> {
        let header = bytes.get(..HEADER_BYTES).ok_or(ProofError::Header)?;
        let [m0, m1, m2, m3, version, id] = header else { return Err(ProofError::Header) };
        if [*m0, *m1, *m2, *m3] != *MAGIC || *version != VERSION {
            return Err(ProofError::Header);
        }
        if *id != class.id {
            return Err(ProofError::Class { got: *id, expected: class.id });
        }
        let expected = proof_bytes(class);
        if bytes.len() != expected {
            return Err(ProofError::Length { got: bytes.len(), expected });
        }
        let mut reader = Reader(bytes.get(HEADER_BYTES..).unwrap_or_default());
        let group = GroupProof {
            columns: reader.points("columns", class.first_round_points())?,
            second: reader.points("second", class.second_round_points())?,
            folds: reader.points("folds", class.levels() - 1)?,
            closing: reader.closing()?,
        };
        let root = reader.array("root")?;
        let layers = (1..class.layers())
            .map(|l| {
                Ok(LayerProof {
                    rounds: reader.pairs("layers.rounds", l)?,
                    children: reader.array("layers.children")?,
                })
            })
            .collect::<Result<_, ProofError>>()?;
        let field = FieldProof {
            tree: TreeProof { root, layers },
            reduction: reader.pairs("reduction", class.log_chunk)?,
            values: reader.scalars("values", class.polynomials())?,
            opening: OpeningProof {
                f0_at_u: reader.scalar("opening.f0_at_u")?,
                residues: residue_counts(class.log_chunk)
                    .into_iter()
                    .map(|count| reader.scalars("opening.residues", count))
                    .collect::<Result<_, _>>()?,
            },
        };
        Ok(Self { group, field })
    }
}

/// Reads 32-byte words; the caller has checked the length, a shortage is an error all the same.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Option<Bytes32> {
        let (word, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(*word)
    }

    fn scalar(&mut self, field: &'static str) -> Result<Fr, ProofError> {
        self.word().and_then(|w| field_from_word(&w)).ok_or(ProofError::Scalar { field })
    }

    fn scalars(&mut self, field: &'static str, count: usize) -> Result<Vec<Fr>, ProofError> {
        (0..count).map(|_| self.scalar(field)).collect()
    }

    fn array<const C: usize>(&mut self, field: &'static str) -> Result<[Fr; C], ProofError> {
        self.scalars(field, C)?.try_into().map_err(|_| ProofError::Scalar { field })
    }

    fn pairs(&mut self, field: &'static str, count: usize) -> Result<Vec<[Fr; 2]>, ProofError> {
        (0..count).map(|_| self.array(field)).collect()
    }

    fn point(&mut self, field: &'static str) -> Result<G1Affine, ProofError> {
        let (x, y) = (self.word(), self.word());
        x.zip(y).and_then(|(x, y)| point_from_words(&x, &y)).ok_or(ProofError::Point { field })
    }

    fn closing(&mut self) -> Result<ClosingPoints, ProofError> {
        Ok(ClosingPoints {
            quotient: self.point("quotient")?,
            remainder: self.point("remainder")?,
            witness: self.point("witness")?,
        })
    }

    fn points(&mut self, field: &'static str, count: usize) -> Result<Vec<G1Affine>, ProofError> {
        (0..count).map(|_| self.point(field)).collect()
    }
}
