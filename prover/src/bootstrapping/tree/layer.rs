//! PB.H4: the sumcheck of one layer.
//!
//! With `P1 = p1 + lambda q1`, a node is `p0 q1 + P1 q0`: the claim is the sum of that over the nodes, weighted by the
//! equality with the layer's point.

use super::leaves::Leaves;
use super::nodes::{self, Nodes};
use super::tile::{self, FRACTIONS, WIDTH};
use super::tiled::{Equality, Halves, Step, Virtual};
use ark_bn254::Fr;
use ark_ff::Field;
use trine_kernels::Backend;
use trine_verifier::Transcript;
use trine_verifier::opening::eq_table;

/// Elements of a layer from which on they are bound in tiles.
const TILED: usize = 16 * tile::LENGTH;

/// Rounds that have been sent, and what is left to show.
pub(super) struct Rounds<'a> {
    transcript: &'a mut Transcript,
    point: &'a [Fr],
    claim: Fr,
    rounds: Vec<[Fr; 2]>,
    bound: Vec<Fr>,
}

impl<'a> Rounds<'a> {
    /// No rounds yet: `claim` is the sum at the point.
    pub(super) fn new(point: &'a [Fr], claim: Fr, transcript: &'a mut Transcript) -> Self {
        Self { transcript, point, claim, rounds: vec![], bound: vec![] }
    }

    /// The part of the point whose variables are not bound.
    pub(super) fn rest(&self) -> &'a [Fr] {
        &self.point[self.bound.len()..]
    }

    /// Sends a round, given `t(0)` and the leading coefficient; returns its challenge.
    ///
    /// `claim = (1 - x) t(0) + x t(1)` gives the difference. An x of zero, which no transcript is known to give, leaves it
    /// open: the proof is then rejected.
    pub(super) fn send(&mut self, [at_zero, leading]: [Fr; 2]) -> Fr {
        let x = self.rest()[0];
        let difference = (self.claim - at_zero) * x.inverse().unwrap_or_default();
        self.transcript.absorb_all("H.round", &[difference, leading]);
        let challenge = self.transcript.challenge("h");
        self.claim = at_zero + challenge * (difference - leading + challenge * leading);
        self.rounds.push([difference, leading]);
        self.bound.push(challenge);
        challenge
    }

    /// The rounds, and their challenges.
    pub(super) fn finish(self) -> (Vec<[Fr; 2]>, Vec<Fr>) {
        (self.rounds, self.bound)
    }
}

/// The rounds of the layer above stored children; returns `p0, p1, q0, q1` at the point that the rounds end in.
pub(super) fn stored(
    backend: Backend,
    leaves: &Leaves<'_>,
    children: Nodes,
    lambda: Fr,
    rounds: &mut Rounds<'_>,
) -> [Fr; 4] {
    let uniform = leaves.uniform.layer(rounds.rest().len());
    let (p, q) = match children {
        Nodes::Tiles(tiles) => {
            let halves = Halves { tiles, stride: FRACTIONS, width: WIDTH, uniform };
            bind(backend, halves, Step::Combine(lambda), rounds)
        }
        Nodes::Elements(mut p, q) => {
            let half = p.len() / 2;
            p[half..].iter_mut().zip(&q[half..]).for_each(|(p, q)| *p += lambda * q);
            (p, q)
        }
    };
    last_rounds(backend, p, q, lambda, rounds)
}

/// The same above children that are computed from the leaves: `passes` times, before they are stored.
pub(super) fn computed(
    backend: Backend,
    leaves: &Leaves<'_>,
    passes: usize,
    lambda: Fr,
    rounds: &mut Rounds<'_>,
) -> [Fr; 4] {
    let children = Virtual { leaves, variables: rounds.rest().len(), lambda };
    let first_rounds = children.first_rounds(backend, rounds.rest());
    for pass in 0..passes {
        let equality = Equality::new(backend, rounds.rest(), WIDTH >> pass);
        let sums = children.pass(backend, &rounds.bound, &equality, &first_rounds);
        rounds.send(sums);
    }
    let equality = Equality::new(backend, rounds.rest(), WIDTH >> passes);
    let (sums, halves) = children.store(backend, &rounds.bound, &equality);
    let challenge = rounds.send(sums);
    let (p, q) = bind(backend, halves, Step::Fold(challenge), rounds);
    last_rounds(backend, p, q, lambda, rounds)
}

/// Rounds inside the tiles; returns the bound children, one block of each tile.
fn bind(
    backend: Backend,
    mut halves: Halves<'_>,
    mut step: Step,
    rounds: &mut Rounds<'_>,
) -> (Vec<Fr>, Vec<Fr>) {
    loop {
        let width = step.width(halves.width);
        if let (Step::Fold(challenge), 1) = (step, width) {
            halves.fold_last(backend, challenge);
            return nodes::elements(backend, &halves.tiles, halves.stride, 1);
        }
        let equality = Equality::new(backend, rounds.rest(), width);
        step = Step::Fold(rounds.send(halves.pass(backend, step, &equality)));
    }
}

/// The rounds that are left, over halves of elements.
fn last_rounds(
    backend: Backend,
    mut p: Vec<Fr>,
    mut q: Vec<Fr>,
    lambda: Fr,
    rounds: &mut Rounds<'_>,
) -> [Fr; 4] {
    while p.len() >= TILED {
        let tiles = nodes::tiles(backend, &p, &q);
        let halves = Halves { tiles, stride: FRACTIONS, width: WIDTH, uniform: &[] };
        (p, q) = bind(backend, halves, Step::Keep, rounds);
    }
    while p.len() > 2 {
        let challenge = rounds.send(sums(&p, &q, rounds.rest()));
        for vector in [&mut p, &mut q] {
            *vector = vector.chunks_exact(2).map(|pair| pair[0] + challenge * (pair[1] - pair[0])).collect();
        }
    }
    [p[0], p[1] - lambda * q[1], q[0], q[1]]
}

/// `t(0)` and the leading coefficient.
fn sums(p: &[Fr], q: &[Fr], rest: &[Fr]) -> [Fr; 2] {
    let half = p.len() / 2;
    let mut sums = [Fr::default(); 2];
    for (y, weight) in eq_table(&rest[1..]).into_iter().enumerate() {
        let node = |children: [Fr; 4]| children[0] * children[3] + children[2] * children[1];
        let at = |i: usize| [p[i], q[i], p[half + i], q[half + i]];
        let (low, high) = (at(2 * y), at(2 * y + 1));
        sums[0] += weight * node(low);
        sums[1] += weight * node(std::array::from_fn(|k| high[k] - low[k]));
    }
    sums
}
