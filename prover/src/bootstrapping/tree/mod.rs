//! Steps PB.H2 to PB.H4: all look-ups in one tree of fractions (logUp-GKR), prover's side.
//!
//! Leaves are never stored, nor are the layers just above them: passes over them begin at the columns, and are stored when
//! variables are bound. A tree of 2^26 leaves takes 1 GB at most, one of 2^27 twice that.
//!
//! | module | holds |
//! | --- | --- |
//! | [`leaves`] | numerators and denominators of leaves, from the columns |
//! | [`fill`] | tiles of leaves and of the nodes above them, with variables bound |
//! | [`first_rounds`] | the first sums over cells, from their products as integers |
//! | [`tile`] | how elements lie in blocks |
//! | [`nodes`] | sums of fractions, stored layers |
//! | [`layer`] | the sumcheck of a layer, round by round |
//! | [`tiled`] | its sums over tiles |
//! | [`triple`] | the second layer above cells, from their products as integers |
//! | [`uniform`] | tiles whose leaves are equal |

mod fill;
mod first_rounds;
mod layer;
mod leaves;
mod nodes;
#[cfg(test)]
mod tests;
mod tile;
mod tiled;
mod triple;
mod uniform;

use super::columns::Polynomials;
use ark_bn254::Fr;
use layer::Rounds;
use leaves::Leaves;
use trine_kernels::Backend;
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::lookup::{Block, Fingerprints, LeafPoint};
use trine_verifier::bootstrapping::shape::Shape;
use trine_verifier::proof::{LayerProof, TreeProof};

/// The proof was not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("proof of look-ups was interrupted")]
pub struct Interrupted;

/// Proves the tree of the leaves `blocks`; returns with the proof what the verifier arrives at.
///
/// `fingerprints` have been drawn from the transcript. `interrupted` is asked before every layer. The proof does not depend
/// on the back end, nor on the number of threads.
pub fn prove_tree(
    backend: Backend,
    shape: &Shape,
    blocks: &[Block],
    fingerprints: &Fingerprints,
    polynomials: &Polynomials<'_>,
    interrupted: &mut dyn FnMut() -> bool,
    transcript: &mut Transcript,
) -> Result<(TreeProof, LeafPoint), Interrupted> {
    let leaves = Leaves::new(shape, blocks, fingerprints, polynomials);
    prove_layers(backend, &leaves, interrupted, transcript)
}

/// Root and layers of the tree of these leaves.
fn prove_layers(
    backend: Backend,
    leaves: &Leaves<'_>,
    interrupted: &mut dyn FnMut() -> bool,
    transcript: &mut Transcript,
) -> Result<(TreeProof, LeafPoint), Interrupted> {
    let mut stored = nodes::stored_layers(backend, leaves).into_iter();
    let root = stored.next().map_or([Fr::default(); 4], |nodes| nodes.first_children());
    transcript.absorb_all("H.root", &root);
    let mu = transcript.challenge("mu");
    let mut node = merge(&root, mu);
    let mut point = vec![mu];
    let mut layers = vec![];
    while point.len() < leaves.layers {
        if interrupted() {
            return Err(Interrupted);
        }
        let lambda = transcript.challenge("lambda");
        let mut rounds = Rounds::new(&point, node[0] + lambda * node[1], transcript);
        let children = match stored.next() {
            Some(children) => layer::stored(backend, leaves, children, lambda, &mut rounds),
            None => {
                let passes = nodes::passes(leaves, leaves.layers - point.len());
                layer::computed(backend, leaves, passes, lambda, &mut rounds)
            }
        };
        let (rounds, bound) = rounds.finish();
        layers.push(LayerProof { rounds, children });
        transcript.absorb_all("H.children", &children);
        let mu = transcript.challenge("mu");
        node = merge(&children, mu);
        point = bound;
        point.push(mu);
    }
    let [numerator, denominator] = node;
    Ok((TreeProof { root, layers }, LeafPoint { point, numerator, denominator }))
}

/// Numerator and denominator between the children.
fn merge([p0, p1, q0, q1]: &[Fr; 4], mu: Fr) -> [Fr; 2] {
    [*p0 + mu * (*p1 - p0), *q0 + mu * (*q1 - q0)]
}
