//! PB.H1: the leaves of the tree. They are computed from the columns whenever they are needed, and never stored.

use super::super::columns::Polynomials;
use super::fill::TileCells;
use super::nodes::computed;
use super::tile;
use super::uniform::Uniform;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use std::borrow::Cow;
use trine_program::KeyKind;
use trine_verifier::bootstrapping::lookup::{self, Fingerprints, layers};
use trine_verifier::bootstrapping::parameters::KEY_KINDS;
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::weight::exponent_table;

/// Bits of cells whose sums and products are taken as integers.
pub(super) const SMALL_BITS: u32 = 30;

/// All leaves, block by block; `0 / 1` after the last.
pub(super) struct Leaves<'a> {
    blocks: Vec<LeafBlock<'a>>,
    /// The look-up challenge.
    pub(super) alpha: Fr,
    /// log2 of the leaves.
    pub(super) layers: usize,
    /// Layers that are computed whenever they are needed, the leaves among them.
    pub(super) computed: usize,
    /// Tiles that are uniform, of every layer.
    pub(super) uniform: Uniform,
}

/// Consecutive leaves of one kind.
struct LeafBlock<'a> {
    offset: usize,
    length: usize,
    kind: Kind<'a>,
}

/// Leaves by how they are computed.
pub(super) enum Kind<'a> {
    /// `1 / (alpha - 2^shift cell)`, and how many bits `2^shift cell` has at most.
    Cells { cells: Cow<'a, [u32]>, shift: usize, bits: u32 },
    /// `-multiplicity / (alpha - index)`.
    Range(Cow<'a, [u32]>),
    /// Denominators as they are, numerators 1 or negative multiplicities. There are few.
    Dense { multiplicities: Option<Cow<'a, [u32]>>, denominators: Vec<Fr> },
}

impl<'a> Leaves<'a> {
    /// The leaves of the blocks.
    pub(super) fn new(
        shape: &Shape,
        blocks: &[lookup::Block],
        fingerprints: &Fingerprints,
        polynomials: &Polynomials<'a>,
    ) -> Self {
        let source = Source { shape, fingerprints, polynomials };
        let leaf_block = |block: &lookup::Block| LeafBlock {
            offset: block.offset,
            length: 1 << block.variables,
            kind: source.kind(block.leaves, 1 << block.variables),
        };
        let alpha = fingerprints.alpha;
        let layers = layers(blocks);
        let blocks = blocks.iter().map(leaf_block).collect();
        let mut leaves =
            Self { blocks, alpha, layers, computed: computed(layers), uniform: Uniform::default() };
        leaves.uniform = Uniform::of(&leaves);
        leaves
    }

    /// Numerator and denominator of a leaf.
    pub(super) fn leaf(&self, index: usize) -> (Fr, Fr) {
        match self.block(index) {
            Some(block) => block.kind.leaf(self.alpha, index - block.offset),
            None => (Fr::zero(), Fr::one()),
        }
    }

    /// The kind of leaves that fill a tile, and the row of its first; none if it is shared, or padding.
    pub(super) fn kind_of_tile(&self, first: usize) -> Option<(&Kind<'a>, usize)> {
        let block = self.block(first).filter(|block| block.length >= tile::LENGTH)?;
        Some((&block.kind, first - block.offset))
    }

    /// The cells that fill a tile, where they are small.
    pub(super) fn cells_of_tile(&self, first: usize) -> Option<TileCells<'_>> {
        match self.kind_of_tile(first)? {
            (Kind::Cells { cells, shift, bits: bits @ ..=SMALL_BITS }, row) => {
                Some(TileCells { cells: cells[row..].first_chunk()?, shift: *shift as u32, bits: *bits })
            }
            _ => None,
        }
    }

    /// Whether all leaves from one on are `0 / 1`.
    pub(super) fn is_padding(&self, first: usize) -> bool {
        self.blocks.last().is_none_or(|block| first >= block.offset + block.length)
    }

    fn block(&self, index: usize) -> Option<&LeafBlock<'a>> {
        let after = self.blocks.partition_point(|block| block.offset <= index);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        (index - block.offset < block.length).then_some(block)
    }
}

impl Kind<'_> {
    fn leaf(&self, alpha: Fr, index: usize) -> (Fr, Fr) {
        match self {
            Self::Cells { cells, shift, .. } => {
                (Fr::one(), alpha - Fr::from(u64::from(cells[index]) << shift))
            }
            Self::Range(multiplicities) => (-Fr::from(multiplicities[index]), alpha - Fr::from(index as u64)),
            Self::Dense { multiplicities, denominators } => {
                let numerator = multiplicities.as_ref().map_or(Fr::one(), |counts| -Fr::from(counts[index]));
                (numerator, denominators[index])
            }
        }
    }
}

/// What leaves are made of.
struct Source<'a, 'b> {
    shape: &'b Shape,
    fingerprints: &'b Fingerprints,
    polynomials: &'b Polynomials<'a>,
}

impl<'a> Source<'a, '_> {
    fn kind(&self, leaves: lookup::Leaves, length: usize) -> Kind<'a> {
        let f = self.fingerprints;
        let (multiplicities, denominators) = match leaves {
            lookup::Leaves::Cells { column, shift: [compute, casting] } if compute == casting => {
                let cells = self.cells(column, length);
                let most = cells.par_iter().copied().max().unwrap_or_default();
                let bits = u64::BITS - (u64::from(most) << compute).leading_zeros();
                return Kind::Cells { cells, shift: compute, bits };
            }
            lookup::Leaves::RangeTable => return Kind::Range(self.cells(Column::RangeMultiplicity, length)),
            lookup::Leaves::Cells { column, shift } => (None, self.shifted(column, shift, length)),
            lookup::Leaves::Decompositions => (None, self.decompositions(length)),
            lookup::Leaves::Exponents => (None, self.exponents(length)),
            lookup::Leaves::DecompositionTable(kind) => {
                let counts = self.cells(Column::KeyswitchMultiplicity(kind), length);
                (Some(counts), self.decomposition_table(kind, length))
            }
            lookup::Leaves::ExponentTable => {
                let powers = exponent_table(&f.evaluation).into_iter().take(length);
                let table = (0u64..).zip(powers).map(|(a, v)| f.exponent(Fr::from(a), v)).collect();
                (Some(self.cells(Column::ExponentMultiplicity, length)), table)
            }
        };
        let denominators = denominators.into_par_iter().map(|fingerprint| f.alpha - fingerprint).collect();
        Kind::Dense { multiplicities, denominators }
    }

    /// The cells of a column; zeros after its last.
    fn cells(&self, column: Column, length: usize) -> Cow<'a, [u32]> {
        let cells = self.polynomials.columns.get(column);
        match cells.get(..length) {
            Some(cells) => Cow::Borrowed(cells),
            None => Cow::Owned(cells.iter().copied().chain(std::iter::repeat(0)).take(length).collect()),
        }
    }

    /// Fingerprints of cells whose shift depends on the key of their slot.
    fn shifted(&self, column: Column, [compute, casting]: [usize; KEY_KINDS], length: usize) -> Vec<Fr> {
        let cells = self.cells(column, length);
        let value = |(row, cell): (usize, &u32)| {
            let scale = match self.fingerprints.kinds.get(row >> self.shape.parameters.log_n) {
                Some(KeyKind::Casting) => 1u64 << casting,
                Some(_) => 1 << compute,
                None => 0,
            };
            Fr::from(u128::from(*cell) * u128::from(scale))
        };
        cells.par_iter().enumerate().map(value).collect()
    }

    fn decompositions(&self, length: usize) -> Vec<Fr> {
        let (p, f) = (&self.shape.parameters, self.fingerprints);
        let offset = Fr::from(p.digit_offset());
        let tags = f.slot_tags();
        let ties = self.cells(Column::Tie, length);
        let digits: Vec<Cow<'a, [u32]>> =
            (0..p.max_levels()).map(|l| self.cells(Column::KeyswitchDigit(l as u8), length)).collect();
        let fingerprint = |row: usize| {
            let tag = tags.get(row >> p.log_n).copied().unwrap_or_default();
            f.decomposition(tag, Fr::from(ties[row]), digits.iter().map(|d| Fr::from(d[row]) - offset))
        };
        (0..length).into_par_iter().map(fingerprint).collect()
    }

    fn exponents(&self, length: usize) -> Vec<Fr> {
        let (exponents, powers) = (self.cells(Column::Exponent, length), self.polynomials.rotation);
        let fingerprint = |(row, a): (usize, &u32)| {
            self.fingerprints.exponent(Fr::from(*a), powers.get(row).copied().unwrap_or_default())
        };
        exponents.par_iter().enumerate().map(fingerprint).collect()
    }

    fn decomposition_table(&self, kind: u8, length: usize) -> Vec<Fr> {
        let f = self.fingerprints;
        let gadget = self.shape.parameters.keyswitching[usize::from(kind)];
        let tag = f.decomposition_tags[usize::from(kind)];
        let fingerprint = |row: usize| {
            let tie = Fr::from((row >> gadget.state_bits() & 1) as u64);
            f.decomposition(tag, tie, gadget.digits(row).into_iter().map(Fr::from))
        };
        (0..length).into_par_iter().map(fingerprint).collect()
    }
}
