//! A prover that may commit to one thing, show another to the range tree, and claim a third.
//!
//! Its range tree is written for clarity and takes any field elements: a second opinion on the prover's.

use crate::case::{Case, name, output};
use crate::weakened::{Known, Without, claims, merge, start};
use ark_bn254::{Fr, G1Affine};
use ark_ff::{Field, One, Zero};
use trine_prover::argument::dense::bind;
use trine_prover::argument::reduction::prove_reduction;
use trine_prover::argument::{Columns, Witness};
use trine_prover::opening;
use trine_verifier::class::{Class, Slot};
use trine_verifier::lookup::LeafClaim;
use trine_verifier::opening::eq_table;
use trine_verifier::proof::{FieldProof, GroupProof, InnerProof, LayerProof, TreeProof};
use trine_verifier::transcript::ARGUMENT_TAG;
use trine_verifier::{Commitment, Statement, Transcript, digest};

/// Cells and multiplicities as field elements.
#[derive(Clone)]
pub struct Cells {
    pub columns: Vec<Vec<Fr>>,
    pub multiplicities: Vec<Fr>,
}

impl From<&Columns> for Cells {
    fn from(columns: &Columns) -> Self {
        let lift = |cells: &Vec<u32>| cells.iter().map(|c| Fr::from(*c)).collect();
        Self {
            columns: columns.cells.iter().map(lift).collect(),
            multiplicities: lift(&columns.multiplicities),
        }
    }
}

impl Cells {
    /// The words that the limbs of an output slot spell, whatever their size.
    pub fn output(&self, class: &Class, slot: usize) -> Vec<Fr> {
        let length = 1usize << (class.log_t() + class.log_blocks);
        let word = |row: usize| (0..class.limbs()).map(|k| class.limb_weight(k) * self.columns[k][row]).sum();
        (slot * length..(slot + 1) * length).map(word).collect()
    }
}

/// Which cells the layers of the range tree are about.
pub struct Shown {
    pub cells: Cells,
    /// Layers below this index (the root is layer 0) are about other cells.
    pub decoy: Option<(usize, Cells)>,
    /// Changes a multiplicity once alpha is known, so that the root's numerator vanishes.
    pub mend: bool,
}

pub struct Forger<'a> {
    pub case: &'a Case,
    pub statement: Statement,
    /// Polynomials behind the commitments.
    pub committed: Vec<Vec<Fr>>,
    /// Polynomials that the reduction is run on.
    pub claimed: Vec<Vec<Fr>>,
    pub shown: Shown,
    pub known: Known,
}

impl<'a> Forger<'a> {
    /// Commits to these cells, shows and claims them; outputs are what the limbs spell.
    pub fn new(case: &'a Case, cells: Cells) -> Self {
        let class = &case.class;
        let mut polynomials = cells.columns.clone();
        polynomials.push(cells.multiplicities.clone());
        let witness: Witness = case.witness();
        let lift = |words: &Vec<u64>| words.iter().map(|w| Fr::from(*w)).collect::<Vec<_>>();
        polynomials.extend(witness.inputs.iter().map(lift));
        polynomials.resize(class.first_output(), vec![]);
        polynomials.extend((0..case.statement.job.outputs.len()).map(|slot| cells.output(class, slot)));
        polynomials.resize(class.polynomials(), vec![]);
        let mut forger = Self {
            case,
            statement: case.statement.clone(),
            committed: polynomials.clone(),
            claimed: polynomials,
            shown: Shown { cells, decoy: None, mend: false },
            known: Known::default(),
        };
        forger.name_outputs();
        forger
    }

    /// Commits to another output, and names it in the statement.
    pub fn replace_output(&mut self, slot: usize, words: Vec<Fr>) {
        self.committed[self.case.class.first_output() + slot] = words;
        self.name_outputs();
    }

    fn name_outputs(&mut self) {
        let (class, domain) = (&self.case.class, self.statement.domain);
        let outputs = &self.committed[class.first_output()..];
        for (index, (named, words)) in self.statement.job.outputs.iter_mut().zip(outputs).enumerate() {
            let commitment = Commitment::new(self.case.key.commit_fr(words).unwrap()).unwrap();
            *named = name(&domain, class.blocks(), output(index), commitment);
        }
    }

    /// The proof that a verifier without one check is meant to accept.
    pub fn forge(&self, without: Without) -> InnerProof {
        self.forge_with(without, |polynomials, point, _, transcript| {
            opening::open(&self.case.key, self.case.class.log_chunk, polynomials, point, transcript).unwrap()
        })
    }

    /// The same with an opening of one's own: of polynomials, at a point, to values.
    pub fn forge_with(
        &self,
        without: Without,
        open: impl FnOnce(&[Vec<Fr>], &[Fr], &[Fr], &mut Transcript) -> opening::Opened,
    ) -> InnerProof {
        let (class, key) = (&self.case.class, &self.case.key);
        let digests = self.statement.inputs(class).unwrap();
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let columns: Vec<G1Affine> =
            self.committed[..class.first_input()].iter().map(|f| key.commit_fr(f).unwrap()).collect();
        let (d1, d2) = (digest::round(1, &columns), digest::round(2, &[]));
        let (g, y) = start(class, &digests, &d1, &d2, &mut transcript);
        let (tree, leaf) = prove_tree(class, &self.shown, self.known.alpha(&mut transcript), &mut transcript);
        let claims = claims(class, &digests.matrix, (&g, &leaf, &y), without);
        let reduction = prove_reduction(class, &claims, &self.claimed, &mut transcript);
        let opened = open(&self.committed, &reduction.point, &reduction.values, &mut transcript);
        InnerProof {
            group: GroupProof { columns, second: vec![], folds: opened.folds, closing: opened.closing },
            field: FieldProof {
                tree,
                reduction: reduction.rounds,
                values: reduction.values,
                opening: opened.proof,
            },
        }
    }
}

/// Numerators and denominators, layer by layer from the root's children (two nodes) to the leaves.
type Tower = Vec<(Vec<Fr>, Vec<Fr>)>;

fn tower(class: &Class, cells: &Cells, alpha: Fr) -> Tower {
    let (length, slot_length) = (1usize << class.layers(), 1usize << class.log_slot());
    let (mut p, mut q) = (vec![Fr::zero(); length], vec![Fr::one(); length]);
    for (index, slot) in class.slots().into_iter().enumerate() {
        let start = index * slot_length;
        match slot {
            Slot::Cells { column, shift } => {
                for (x, cell) in cells.columns[column].iter().enumerate() {
                    p[start + x] = Fr::one();
                    q[start + x] = alpha - Fr::from(1u64 << shift) * cell;
                }
            }
            Slot::Table => {
                for (x, count) in cells.multiplicities.iter().enumerate() {
                    p[start + x] = -*count;
                    q[start + x] = alpha - Fr::from(x as u64);
                }
            }
        }
    }
    let mut tower = vec![(p, q)];
    while tower[tower.len() - 1].0.len() > 2 {
        let (p, q) = &tower[tower.len() - 1];
        let half = p.len() / 2;
        let node = |i: usize| (p[i] * q[i + half] + p[i + half] * q[i], q[i] * q[i + half]);
        let above = (0..half).map(node).unzip();
        tower.push(above);
    }
    tower.reverse();
    tower
}

/// `sum p / q` over the leaves.
fn fractions(tower: &Tower) -> Fr {
    let (p, q) = &tower[0];
    p.iter().zip(q).map(|(p, q)| *p * q.inverse().unwrap()).sum()
}

fn prove_tree(
    class: &Class,
    shown: &Shown,
    alpha: Fr,
    transcript: &mut Transcript,
) -> (TreeProof, LeafClaim) {
    let mut cells = shown.cells.clone();
    if shown.mend {
        // The leaf of table entry 0 is -mult / alpha.
        let excess = fractions(&tower(class, &cells, alpha));
        cells.multiplicities[0] += alpha * excess;
    }
    let truth = tower(class, &cells, alpha);
    let decoy = shown.decoy.as_ref().map(|(below, cells)| (*below, tower(class, cells, alpha)));
    let layer = |index: usize| match &decoy {
        Some((below, decoy)) if index < *below => &decoy[index],
        _ => &truth[index],
    };
    let (top_p, top_q) = layer(0);
    let root = [top_p[0], top_p[1], top_q[0], top_q[1]];
    transcript.absorb_all("root", &root);
    let mu = transcript.challenge("mu");
    let (mut p, mut q) = merge(&root, mu);
    let (mut point, mut layers) = (vec![mu], vec![]);
    for index in 1..class.layers() {
        let (proof, next) = prove_layer(layer(index), &point, transcript);
        let mu = transcript.challenge("mu");
        (p, q) = merge(&proof.children, mu);
        layers.push(proof);
        point = next;
        point.push(mu);
    }
    (TreeProof { root, layers }, LeafClaim { alpha, point, p, q })
}

fn prove_layer(
    (p, q): &(Vec<Fr>, Vec<Fr>),
    point: &[Fr],
    transcript: &mut Transcript,
) -> (LayerProof, Vec<Fr>) {
    let half = p.len() / 2;
    let mut quarters = [p[..half].to_vec(), p[half..].to_vec(), q[..half].to_vec(), q[half..].to_vec()];
    let lambda = transcript.challenge("lambda");
    let (mut rounds, mut bound) = (vec![], vec![]);
    for i in 0..point.len() {
        let weights = eq_table(&point[i + 1..]);
        // g at X = 0, 1 and its leading coefficient, which is g of the differences.
        let sum = |pick: &dyn Fn(&[Fr], usize) -> Fr| -> Fr {
            let term = |(j, weight): (usize, &Fr)| {
                let [p0, p1, q0, q1] = quarters.each_ref().map(|values| pick(values, 2 * j));
                *weight * (p0 * q1 + p1 * q0 + lambda * q0 * q1)
            };
            weights.iter().enumerate().map(term).sum()
        };
        let e = sum(&|v, j| v[j + 1]) - sum(&|v, j| v[j]);
        let t_inf = sum(&|v, j| v[j + 1] - v[j]);
        transcript.absorb_all("round", [&e, &t_inf]);
        let rho = transcript.challenge("rho_layer");
        quarters.iter_mut().for_each(|values| bind(values, &rho));
        rounds.push([e, t_inf]);
        bound.push(rho);
    }
    let children = quarters.map(|values| values[0]);
    transcript.absorb_all("children", &children);
    (LayerProof { rounds, children }, bound)
}
