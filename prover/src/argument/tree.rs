//! PE.H: all range checks in one tree of fractions (logUp-GKR), prover's side.

use super::columns::Columns;
use super::dense::{bind, eq_suffixes};
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use trine_verifier::Transcript;
use trine_verifier::class::{Class, Slot};
use trine_verifier::lookup::LeafClaim;
use trine_verifier::proof::{LayerProof, TreeProof};

/// A layer: numerators and denominators.
struct Layer {
    p: Vec<Fr>,
    q: Vec<Fr>,
}

/// Proves the tree; returns with the proof the leaf claim that the verifier arrives at.
///
/// Draws `alpha` first (PE.H1): everything that is looked up must have been absorbed.
pub fn prove_tree(class: &Class, columns: &Columns, transcript: &mut Transcript) -> (TreeProof, LeafClaim) {
    let alpha = transcript.challenge("alpha");
    let mut layers = vec![leaves(class, columns, alpha)];
    while layers[layers.len() - 1].p.len() > 2 {
        layers.push(parents(&layers[layers.len() - 1]));
    }
    let top = &layers[layers.len() - 1];
    let root = [top.p[0], top.p[1], top.q[0], top.q[1]];
    transcript.absorb_all("root", &root);
    let mu = transcript.challenge("mu");
    let (mut p, mut q) = merge(&root, mu);
    let mut point = vec![mu];
    let mut proofs = vec![];
    layers.pop();
    while let Some(layer) = layers.pop() {
        let (proof, next) = prove_layer(layer, &point, transcript);
        let mu = transcript.challenge("mu");
        (p, q) = merge(&proof.children, mu);
        proofs.push(proof);
        point = next;
        point.push(mu);
    }
    (TreeProof { root, layers: proofs }, LeafClaim { alpha, point, p, q })
}

fn merge([p0, p1, q0, q1]: &[Fr; 4], mu: Fr) -> (Fr, Fr) {
    (*p0 + mu * (*p1 - p0), *q0 + mu * (*q1 - q0))
}

/// Leaves by slot: `1 / (alpha - cell)`, `-mult / (alpha - x)`, else `0 / 1`.
fn leaves(class: &Class, columns: &Columns, alpha: Fr) -> Layer {
    let length = 1usize << class.layers();
    let slot_length = 1usize << class.log_slot();
    let (mut p, mut q) = (vec![Fr::zero(); length], vec![Fr::one(); length]);
    let slots = p.par_chunks_mut(slot_length).zip(q.par_chunks_mut(slot_length));
    slots.zip(class.slots().into_par_iter()).for_each(|((p, q), slot)| match slot {
        Slot::Cells { column, shift } => {
            for ((p, q), cell) in p.iter_mut().zip(q).zip(&columns.cells[column]) {
                *p = Fr::one();
                *q = alpha - Fr::from(u64::from(*cell) << shift);
            }
        }
        Slot::Table => {
            for (x, ((p, q), count)) in p.iter_mut().zip(q).zip(&columns.multiplicities).enumerate() {
                *p = -Fr::from(*count);
                *q = alpha - Fr::from(x as u64);
            }
        }
    });
    Layer { p, q }
}

/// Node i of the layer above has children i and i + half.
fn parents(layer: &Layer) -> Layer {
    let half = layer.p.len() / 2;
    let node = |i: usize| {
        let (p0, p1, q0, q1) = (layer.p[i], layer.p[i + half], layer.q[i], layer.q[i + half]);
        (p0 * q1 + p1 * q0, q0 * q1)
    };
    let (p, q) = (0..half).into_par_iter().map(node).unzip();
    Layer { p, q }
}

/// The sumcheck of one layer at `point`: `children` holds the nodes below.
fn prove_layer(children: Layer, point: &[Fr], transcript: &mut Transcript) -> (LayerProof, Vec<Fr>) {
    let half = children.p.len() / 2;
    let (mut p0, mut q0) = (children.p, children.q);
    let (mut p1, mut q1) = (p0.split_off(half), q0.split_off(half));
    let lambda = transcript.challenge("lambda");
    let mut rounds = vec![];
    let mut bound = vec![];
    for eq in eq_suffixes(point) {
        let term = |j: usize| {
            let at = |a: Fr, b: Fr, c: Fr, d: Fr| a * d + b * c + lambda * c * d;
            let (a0, b0, c0, d0) = (p0[2 * j], p1[2 * j], q0[2 * j], q1[2 * j]);
            let (a1, b1, c1, d1) = (p0[2 * j + 1], p1[2 * j + 1], q0[2 * j + 1], q1[2 * j + 1]);
            let difference = at(a1, b1, c1, d1) - at(a0, b0, c0, d0);
            let leading = at(a1 - a0, b1 - b0, c1 - c0, d1 - d0);
            (eq[j] * difference, eq[j] * leading)
        };
        let add = |a: (Fr, Fr), b: (Fr, Fr)| (a.0 + b.0, a.1 + b.1);
        let (e, t_inf) = (0..eq.len())
            .into_par_iter()
            .with_min_len(1 << 10)
            .map(term)
            .reduce(|| (Fr::zero(), Fr::zero()), add);
        transcript.absorb_all("round", &[e, t_inf]);
        let rho = transcript.challenge("rho_layer");
        for values in [&mut p0, &mut p1, &mut q0, &mut q1] {
            bind(values, &rho);
        }
        rounds.push([e, t_inf]);
        bound.push(rho);
    }
    let children = [p0[0], p1[0], q0[0], q1[0]];
    transcript.absorb_all("children", &children);
    (LayerProof { rounds, children }, bound)
}
