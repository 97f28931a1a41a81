//! The proof, and its canonical bytes.
//!
//! Bytes: `"TRPB"`, version 2, parameter set, log2 of the slots of bootstrappings, then every field in the order of the structs
//! below, at the lengths that the shape fixes: points as two 32-byte big-endian coordinates ((0, 0) at infinity), scalars as
//! 32 bytes big-endian. Exactly one byte string encodes a proof.

use super::checks::Checks;
use super::lookup::{blocks, layers};
use super::parameters::GROUPING;
use super::product::ProductProof;
use super::shape::Shape;
use super::switch::{SwitchProof, rounds};
use crate::Bytes32;
use crate::digest::{field_from_word, field_word, point_from_words, point_words};
use crate::opening::{CLOSING_POINTS, ClosingPoints, OpeningProof, residue_counts};
use crate::proof::{GroupProof, LayerProof, ProofError, TreeProof};
use ark_bn254::{Fr, G1Affine};

/// Field elements of a proof: the witness of a wrap circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProof {
    /// PB.A2: the accumulator in the evaluation basis at the random point.
    pub accumulator: Fr,
    /// PB.A3: digits and combined key.
    pub product: ProductProof,
    /// PB.C1: powers of the rotation and key.
    pub key: ProductProof,
    /// PB.E: keyswitch product and modulus switch.
    pub switch: SwitchProof,
    /// PB.H: the look-up tree.
    pub tree: TreeProof,
    /// PB.I2: `(s(0), leading coefficient)` of each round.
    pub reduction: Vec<[Fr; 2]>,
    /// PB.I3: values of the polynomials of all used slots.
    pub values: Vec<Fr>,
    /// PE.J3.
    pub opening: OpeningProof,
}

/// A proof of a circuit. `group.second` holds the commitments to the powers of the rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitProof {
    /// Group elements.
    pub group: GroupProof,
    /// Field elements.
    pub field: FieldProof,
}

const MAGIC: &[u8; 4] = b"TRPB";
const VERSION: u8 = 2;
const HEADER_BYTES: usize = 7;

/// Numbers of elements of a proof.
struct Lengths {
    log_n: usize,
    accumulator_outer: usize,
    key_outer: usize,
    switch: usize,
    layers: usize,
    reduction: usize,
    values: usize,
    residues: Vec<usize>,
    columns: usize,
    second: usize,
    folds: usize,
}

impl Lengths {
    fn of(shape: &Shape) -> Self {
        let p = &shape.parameters;
        Self {
            log_n: p.log_n,
            accumulator_outer: 1 + p.log_steps + shape.log_bootstrappings,
            key_outer: GROUPING + p.log_steps,
            switch: rounds(shape),
            layers: layers(&blocks(shape, &Checks::ALL)),
            reduction: p.log_chunk,
            values: shape.used().len(),
            residues: residue_counts(p.log_chunk),
            columns: shape.first_round().len(),
            second: shape.second_round().len(),
            folds: shape.levels() - 1,
        }
    }

    fn bytes(&self) -> usize {
        let points = self.columns + self.second + self.folds + CLOSING_POINTS;
        let products = 2 * (2 * self.log_n + 2) + 3 * (self.accumulator_outer + self.key_outer);
        let switch = 3 + 2 * self.switch;
        let tree = 4 + (1..self.layers).map(|l| 2 * l + 4).sum::<usize>();
        let opening = 1 + self.residues.iter().sum::<usize>();
        let scalars = 1 + products + switch + tree + 2 * self.reduction + self.values + opening;
        HEADER_BYTES + 32 * (2 * points + scalars)
    }
}

/// Length in bytes of every proof of a shape.
pub fn proof_bytes(shape: &Shape) -> usize {
    Lengths::of(shape).bytes()
}

impl CircuitProof {
    /// Canonical bytes.
    pub fn to_bytes(&self, shape: &Shape) -> Vec<u8> {
        let mut out = Vec::with_capacity(proof_bytes(shape));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, shape.parameters.id, shape.log_bootstrappings as u8]);
        let group = &self.group;
        let singles = group.closing.to_array();
        for point in group.columns.iter().chain(&group.second).chain(&group.folds).chain(&singles) {
            for word in point_words(point) {
                out.extend_from_slice(&word);
            }
        }
        for scalar in self.field.scalars() {
            out.extend_from_slice(&field_word(scalar));
        }
        out
    }

    /// Reads canonical bytes. The length is checked before anything is allocated.
    pub fn from_bytes(shape: &Shape, bytes: &[u8]) -> Result<Self, ProofError> {
        let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(ProofError::Header)?;
        let [m0, m1, m2, m3, version, id, slots] = header;
        if [*m0, *m1, *m2, *m3] != *MAGIC || *version != VERSION {
            return Err(ProofError::Header);
        }
        let lengths = Lengths::of(shape);
        for (got, expected) in [(*id, shape.parameters.id), (*slots, shape.log_bootstrappings as u8)] {
            if got != expected {
                return Err(ProofError::Class { got, expected });
            }
        }
        let expected = lengths.bytes();
        if bytes.len() != expected {
            return Err(ProofError::Length { got: bytes.len(), expected });
        }
        let mut reader = Reader(body);
        let group = GroupProof {
            columns: reader.points("columns", lengths.columns)?,
            second: reader.points("rotation", lengths.second)?,
            folds: reader.points("folds", lengths.folds)?,
            closing: reader.closing()?,
        };
        Ok(Self { group, field: FieldProof::read(&mut reader, &lengths)? })
    }
}

impl FieldProof {
    /// All elements in their order.
    fn scalars(&self) -> impl Iterator<Item = &Fr> {
        let switch = &self.switch;
        let layers = self.tree.layers.iter().flat_map(|l| l.rounds.iter().flatten().chain(&l.children));
        std::iter::once(&self.accumulator)
            .chain(product_scalars(&self.product))
            .chain(product_scalars(&self.key))
            .chain([&switch.product])
            .chain(switch.rounds.iter().flatten())
            .chain([&switch.digits, &switch.key])
            .chain(&self.tree.root)
            .chain(layers)
            .chain(self.reduction.iter().flatten())
            .chain(&self.values)
            .chain([&self.opening.f0_at_u])
            .chain(self.opening.residues.iter().flatten())
    }

    fn read(reader: &mut Reader<'_>, lengths: &Lengths) -> Result<Self, ProofError> {
        let accumulator = reader.scalar("accumulator")?;
        let product = reader.product("product", lengths.log_n, lengths.accumulator_outer)?;
        let key = reader.product("key", lengths.log_n, lengths.key_outer)?;
        let switch = SwitchProof {
            product: reader.scalar("switch.product")?,
            rounds: reader.arrays("switch.rounds", lengths.switch)?,
            digits: reader.scalar("switch.digits")?,
            key: reader.scalar("switch.key")?,
        };
        let root = reader.array("tree.root")?;
        let layers = (1..lengths.layers)
            .map(|l| {
                Ok(LayerProof {
                    rounds: reader.arrays("tree.layers.rounds", l)?,
                    children: reader.array("tree.layers.children")?,
                })
            })
            .collect::<Result<_, ProofError>>()?;
        let reduction = reader.arrays("reduction", lengths.reduction)?;
        let values = reader.scalars("values", lengths.values)?;
        let f0_at_u = reader.scalar("opening.f0_at_u")?;
        let residues = lengths
            .residues
            .iter()
            .map(|count| reader.scalars("opening.residues", *count))
            .collect::<Result<_, _>>()?;
        let opening = OpeningProof { f0_at_u, residues };
        Ok(Self {
            accumulator,
            product,
            key,
            switch,
            tree: TreeProof { root, layers },
            reduction,
            values,
            opening,
        })
    }
}

fn product_scalars(p: &ProductProof) -> impl Iterator<Item = &Fr> {
    p.inner.iter().flatten().chain(p.outer.iter().flatten()).chain([&p.left, &p.right])
}

/// Takes words off the front; the length has been checked.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Option<Bytes32> {
        let (word, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(*word)
    }

    fn scalar(&mut self, field: &'static str) -> Result<Fr, ProofError> {
        self.word().and_then(|word| field_from_word(&word)).ok_or(ProofError::Scalar { field })
    }

    fn scalars(&mut self, field: &'static str, count: usize) -> Result<Vec<Fr>, ProofError> {
        (0..count).map(|_| self.scalar(field)).collect()
    }

    fn array<const LENGTH: usize>(&mut self, field: &'static str) -> Result<[Fr; LENGTH], ProofError> {
        let scalars = self.scalars(field, LENGTH)?;
        scalars.try_into().map_err(|_| ProofError::Scalar { field })
    }

    fn arrays<const LENGTH: usize>(
        &mut self,
        field: &'static str,
        count: usize,
    ) -> Result<Vec<[Fr; LENGTH]>, ProofError> {
        (0..count).map(|_| self.array(field)).collect()
    }

    fn product(
        &mut self,
        field: &'static str,
        inner: usize,
        outer: usize,
    ) -> Result<ProductProof, ProofError> {
        Ok(ProductProof {
            inner: self.arrays(field, inner)?,
            outer: self.arrays(field, outer)?,
            left: self.scalar(field)?,
            right: self.scalar(field)?,
        })
    }

    fn point(&mut self, field: &'static str) -> Result<G1Affine, ProofError> {
        let words = self.word().zip(self.word());
        words.and_then(|(x, y)| point_from_words(&x, &y)).ok_or(ProofError::Point { field })
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
