//! Steps PB.H2 to PB.H5, prover's side: the tree of fractions, every layer stored.

use crate::columns::Columns;
use crate::product::factored;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::lookup::{Block, Fingerprints, LeafPoint, Leaves, layers};
use trine_verifier::bootstrapping::shape::Column;
use trine_verifier::bootstrapping::weight::exponent_table;
use trine_verifier::proof::{LayerProof, TreeProof};

/// Where a liar makes the tree end in zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeLie {
    /// The root alone: layer 1 does not follow.
    Root,
    /// Every layer: the leaves do not follow.
    Layers,
}

/// Numerators and denominators of the leaves.
pub fn leaves(columns: &Columns<'_>, blocks: &[Block], f: &Fingerprints) -> [Vec<Fr>; 2] {
    let length = 1usize << layers(blocks);
    let (mut numerators, mut denominators) = (vec![], vec![]);
    for block in blocks {
        assert_eq!(block.offset, numerators.len());
        let fingerprints = fingerprints(columns, block.leaves, f);
        assert_eq!(fingerprints.len(), 1 << block.variables);
        denominators.extend(fingerprints.into_iter().map(|fingerprint| f.alpha - fingerprint));
        let counts = |column| columns.get(column).into_iter().map(|count: Fr| -count);
        match block.leaves {
            Leaves::RangeTable => numerators.extend(counts(Column::RangeMultiplicity)),
            Leaves::DecompositionTable(kind) => {
                numerators.extend(counts(Column::KeyswitchMultiplicity(kind)));
            }
            Leaves::ExponentTable => numerators.extend(counts(Column::ExponentMultiplicity)),
            _ => numerators.resize(denominators.len(), Fr::one()),
        }
    }
    numerators.resize(length, Fr::zero());
    denominators.resize(length, Fr::one());
    [numerators, denominators]
}

fn fingerprints(columns: &Columns<'_>, leaves: Leaves, f: &Fingerprints) -> Vec<Fr> {
    let p = &columns.case.parameters;
    match leaves {
        Leaves::Cells { column, shift: [compute, casting] } => {
            let scale = |row: usize| {
                let casts = compute != casting && f.kinds[row >> p.log_n].code() == 1;
                Fr::from(1u64 << if casts { casting } else { compute })
            };
            columns.get(column).into_iter().enumerate().map(|(row, cell)| cell * scale(row)).collect()
        }
        Leaves::Decompositions => {
            let tags = f.slot_tags();
            let ties = columns.get(Column::Tie);
            let digits: Vec<Vec<Fr>> =
                (0..p.max_levels()).map(|l| columns.get(Column::KeyswitchDigit(l as u8))).collect();
            let offset = Fr::from(p.digit_offset());
            let row = |(row, tie): (usize, &Fr)| {
                f.decomposition(tags[row >> p.log_n], *tie, digits.iter().map(|level| level[row] - offset))
            };
            ties.iter().enumerate().map(row).collect()
        }
        Leaves::Exponents => {
            let exponents = columns.get(Column::Exponent).into_iter();
            exponents.zip(&columns.rotation).map(|(a, v)| f.exponent(a, *v)).collect()
        }
        Leaves::RangeTable => (0..1u64 << p.limb_bits).map(Fr::from).collect(),
        Leaves::DecompositionTable(kind) => {
            let gadget = p.keyswitching[usize::from(kind)];
            let tag = f.decomposition_tags[usize::from(kind)];
            (0..1usize << gadget.table_variables())
                .map(|index| {
                    let tie = Fr::from((index >> gadget.state_bits()) as u64);
                    f.decomposition(tag, tie, gadget.digits(index).into_iter().map(Fr::from))
                })
                .collect()
        }
        Leaves::ExponentTable => {
            (0u64..).map(Fr::from).zip(exponent_table(&f.evaluation)).map(|(a, v)| f.exponent(a, v)).collect()
        }
    }
}

/// Fractions of every layer, the root's children first.
fn stack([numerators, denominators]: [Vec<Fr>; 2]) -> Vec<[Vec<Fr>; 2]> {
    let mut stack = vec![[numerators, denominators]];
    loop {
        let [p, q] = &stack[stack.len() - 1];
        if p.len() == 2 {
            stack.reverse();
            return stack;
        }
        let (p0, p1) = p.split_at(p.len() / 2);
        let (q0, q1) = q.split_at(q.len() / 2);
        let sums = (0..p0.len()).map(|x| p0[x] * q1[x] + p1[x] * q0[x]).collect();
        let products = q0.iter().zip(q1).map(|(a, b)| *a * b).collect();
        stack.push([sums, products]);
    }
}

/// Proves the tree over some leaves.
pub fn prove(
    leaves: [Vec<Fr>; 2],
    lie: Option<TreeLie>,
    transcript: &mut Transcript,
) -> (TreeProof, LeafPoint) {
    let stack = stack(leaves);
    let [p, q] = &stack[0];
    let mut root = [p[0], p[1], q[0], q[1]];
    if lie.is_some() {
        root[0] = -root[1] * root[2] / root[3];
    }
    transcript.absorb_all("H.root", &root);
    let mu = transcript.challenge("mu");
    let (mut p, mut q) = join(root, mu);
    let mut point = vec![mu];
    let mut proofs = vec![];
    for [numerators, denominators] in &stack[1..] {
        let lambda = transcript.challenge("lambda");
        let half = numerators.len() / 2;
        let mut tables: Vec<Vec<Fr>> =
            [numerators, denominators].iter().flat_map(|t| t.chunks(half).map(<[Fr]>::to_vec)).collect();
        let sums = |tables: &[Vec<Fr>], eq: &[Fr]| layer_sums(tables, eq, lambda);
        let rounds = factored(p + lambda * q, &point, &mut tables, &sums, ["H.round", "h"], transcript);
        let mut children = [tables[0][0], tables[1][0], tables[2][0], tables[3][0]];
        if lie == Some(TreeLie::Layers) {
            let [_, p1, q0, q1] = children;
            children[0] = (rounds.claim - lambda * q0 * q1 - p1 * q0) / q1;
        }
        transcript.absorb_all("H.children", &children);
        let mu = transcript.challenge("mu");
        (p, q) = join(children, mu);
        point = rounds.point;
        point.push(mu);
        proofs.push(LayerProof { rounds: rounds.messages, children });
    }
    (TreeProof { root, layers: proofs }, LeafPoint { point, numerator: p, denominator: q })
}

fn join([p0, p1, q0, q1]: [Fr; 4], mu: Fr) -> (Fr, Fr) {
    (p0 + mu * (p1 - p0), q0 + mu * (q1 - q0))
}

/// Of `p0 q1 + p1 q0 + lambda q0 q1`.
fn layer_sums(tables: &[Vec<Fr>], eq: &[Fr], lambda: Fr) -> [Fr; 3] {
    let fraction = |[p0, p1, q0, q1]: [Fr; 4]| p0 * q1 + p1 * q0 + lambda * q0 * q1;
    let mut sums = [Fr::zero(); 3];
    for (x, weight) in eq.iter().enumerate() {
        let low = [0, 1, 2, 3].map(|t| tables[t][2 * x]);
        let high = [0, 1, 2, 3].map(|t| tables[t][2 * x + 1]);
        let slope = [0, 1, 2, 3].map(|t| high[t] - low[t]);
        for (sum, values) in sums.iter_mut().zip([low, high, slope]) {
            *sum += *weight * fraction(values);
        }
    }
    sums
}
