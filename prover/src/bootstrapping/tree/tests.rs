//! The verifier accepts the tree of columns in their ranges, and its leaf claims hold on them.

use super::*;
use crate::bootstrapping::columns::{Columns, KeyWords};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use trine_program::KeyKind;
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::lookup::{Leaves as Looked, blocks, layers, leaf_claims, verify_tree};
use trine_verifier::bootstrapping::parameters::Parameters;
use trine_verifier::bootstrapping::shape::{Column, Family};
use trine_verifier::bootstrapping::weight::exponent_value;
use trine_verifier::bootstrapping::{Check, Checks, Rejection};
use trine_verifier::opening::eq_table;

/// What is looked up: columns, powers of the rotation, keys of the slots.
struct Instance {
    shape: Shape,
    columns: Columns,
    rotation: Vec<Fr>,
    kinds: Vec<KeyKind>,
    evaluation: Vec<Fr>,
}

impl Instance {
    /// Random columns that satisfy all look-ups, and their multiplicities.
    fn new(parameters: Parameters, bootstrappings: usize, outputs: Vec<usize>, seed: u64) -> Self {
        let mut random = ChaCha20Rng::seed_from_u64(seed);
        let shape = Shape::of(parameters, bootstrappings, vec![1], outputs).unwrap();
        let kinds = (0..shape.bootstrappings())
            .map(|_| if random.gen_bool(0.5) { KeyKind::Casting } else { KeyKind::Compute })
            .collect();
        let evaluation = (0..parameters.log_n).map(|_| Fr::from(random.r#gen::<u128>())).collect();
        let columns = Columns::zeros(&shape);
        let mut instance = Self { shape, columns, rotation: vec![], kinds, evaluation };
        for family in Family::ALL {
            instance.fill_family(family, &mut random);
        }
        instance.fill_decompositions(&mut random);
        instance.fill_exponents(&mut random);
        instance
    }

    fn kind(&self, row: usize) -> usize {
        usize::from(self.kinds.get(row >> self.shape.parameters.log_n) == Some(&KeyKind::Casting))
    }

    fn fill_family(&mut self, family: Family, random: &mut ChaCha20Rng) {
        let p = self.shape.parameters;
        for limb in 0..family.limbs(&p) {
            let shifts = family.shifts(&p, limb);
            let column = family.limb(limb as u8);
            for row in 0..1usize << self.shape.variables(column) {
                let shift = if shifts[0] == shifts[1] { shifts[0] } else { shifts[self.kind(row)] };
                let cell = random.gen_range(0..1u32 << (p.limb_bits - shift));
                self.columns.get_mut(column)[row] = cell;
                self.columns.get_mut(Column::RangeMultiplicity)[cell as usize] += 1;
                if shifts != [0; 2] {
                    self.columns.get_mut(Column::RangeMultiplicity)[(cell as usize) << shift] += 1;
                }
            }
        }
    }

    fn fill_decompositions(&mut self, random: &mut ChaCha20Rng) {
        let p = self.shape.parameters;
        for row in 0..1usize << self.shape.variables(Column::Tie) {
            let kind = self.kind(row);
            let gadget = p.keyswitching[kind];
            let entry = random.gen_range(0..2usize << gadget.state_bits());
            self.columns.get_mut(Column::KeyswitchMultiplicity(kind as u8))[entry] += 1;
            self.columns.get_mut(Column::Tie)[row] = (entry >> gadget.state_bits()) as u32;
            let digits = gadget.digits(entry).into_iter().chain(std::iter::repeat(0));
            for (level, digit) in digits.take(p.max_levels()).enumerate() {
                let cell = (digit + p.digit_offset() as i64) as u32;
                self.columns.get_mut(Column::KeyswitchDigit(level as u8))[row] = cell;
            }
        }
    }

    fn fill_exponents(&mut self, random: &mut ChaCha20Rng) {
        for row in 0..1usize << self.shape.variables(Column::Exponent) {
            let exponent = random.gen_range(0..2 * self.shape.parameters.n());
            self.columns.get_mut(Column::Exponent)[row] = exponent as u32;
            self.columns.get_mut(Column::ExponentMultiplicity)[exponent] += 1;
            self.rotation.push(exponent_value(&self.evaluation, exponent as u64));
        }
    }

    /// Fingerprints drawn from a transcript, and the transcript.
    fn start(&self) -> (Fingerprints, Transcript) {
        let mut transcript = Transcript::new("trine.test.tree");
        let kinds = self.kinds.clone();
        let fingerprints = Fingerprints::draw(kinds, &self.evaluation, &Checks::ALL, &mut transcript);
        (fingerprints, transcript)
    }

    /// The columns beside keys and handles of nothing, which are not looked up.
    fn polynomials(&self) -> Polynomials<'_> {
        static KEYS: KeyWords = KeyWords { bootstrapping: vec![], keyswitching: [vec![], vec![]] };
        let (columns, rotation) = (&self.columns, &self.rotation);
        Polynomials { columns, rotation, keys: &KEYS, inputs: &[], outputs: &[] }
    }

    /// The tree with so many layers computed from the leaves.
    fn prove_computing(&self, backend: Backend, computed: Option<usize>) -> (TreeProof, LeafPoint) {
        let polynomials = self.polynomials();
        let (fingerprints, mut transcript) = self.start();
        let blocks = blocks(&self.shape, &Checks::ALL);
        let go_on = &mut || false;
        match computed {
            None => {
                prove_tree(backend, &self.shape, &blocks, &fingerprints, &polynomials, go_on, &mut transcript)
            }
            Some(computed) => {
                let mut leaves = Leaves::new(&self.shape, &blocks, &fingerprints, &polynomials);
                leaves.computed = computed;
                prove_layers(backend, &leaves, go_on, &mut transcript)
            }
        }
        .unwrap()
    }

    fn prove(&self, backend: Backend) -> (TreeProof, LeafPoint) {
        self.prove_computing(backend, None)
    }

    fn verify(&self, proof: &TreeProof, checks: &Checks) -> Result<LeafPoint, Rejection> {
        let (_, mut transcript) = self.start();
        verify_tree(layers(&blocks(&self.shape, &Checks::ALL)), proof, checks, &mut transcript)
    }

    /// Left side of a linear claim, by dense weights.
    fn evaluate(&self, claim: &Claim) -> Fr {
        let part = |part: &trine_verifier::bootstrapping::claim::Part| -> Fr {
            let weights = part.weight.table();
            let column = |column: &Column| -> Fr {
                if *column == Column::Rotation {
                    return weights.iter().zip(&self.rotation).map(|(w, v)| *w * v).sum();
                }
                weights.iter().zip(self.columns.get(*column)).map(|(w, x)| *w * Fr::from(*x)).sum()
            };
            part.columns.iter().map(|(c, coefficient)| *coefficient * column(c)).sum()
        };
        claim.parts.iter().map(part).sum()
    }

    /// Numerator and denominator of a leaf, by the definition.
    fn leaf(&self, fingerprints: &Fingerprints, looked: Looked, row: usize) -> (Fr, Fr) {
        let (p, f) = (&self.shape.parameters, fingerprints);
        let cell = |column: Column| Fr::from(self.columns.get(column)[row]);
        let (numerator, fingerprint) = match looked {
            Looked::Cells { column, shift } => {
                let shift = if shift[0] == shift[1] { shift[0] } else { shift[self.kind(row)] };
                (Fr::from(1u64), cell(column) * Fr::from(1u64 << shift))
            }
            Looked::Decompositions => {
                let offset = Fr::from(p.digit_offset());
                let digits = (0..p.max_levels()).map(|l| cell(Column::KeyswitchDigit(l as u8)) - offset);
                let tag = f.slot_tags()[row >> p.log_n];
                (Fr::from(1u64), f.decomposition(tag, cell(Column::Tie), digits))
            }
            Looked::Exponents => (Fr::from(1u64), f.exponent(cell(Column::Exponent), self.rotation[row])),
            Looked::RangeTable => (-cell(Column::RangeMultiplicity), Fr::from(row as u64)),
            Looked::DecompositionTable(kind) => {
                let gadget = p.keyswitching[usize::from(kind)];
                let tie = Fr::from((row >> gadget.state_bits()) as u64);
                let digits = gadget.digits(row).into_iter().map(Fr::from);
                let tag = f.decomposition_tags[usize::from(kind)];
                (-cell(Column::KeyswitchMultiplicity(kind)), f.decomposition(tag, tie, digits))
            }
            Looked::ExponentTable => {
                let power = exponent_value(&f.evaluation, row as u64);
                (-cell(Column::ExponentMultiplicity), f.exponent(Fr::from(row as u64), power))
            }
        };
        (numerator, f.alpha - fingerprint)
    }

    /// Numerators and denominators of all leaves at a point.
    fn leaves_at(&self, point: &[Fr]) -> (Fr, Fr) {
        let (fingerprints, _) = self.start();
        let weights = eq_table(point);
        let (mut numerator, mut denominator) = (Fr::from(0u64), Fr::from(0u64));
        let mut used = 0;
        for block in blocks(&self.shape, &Checks::ALL) {
            for row in 0..1 << block.variables {
                let (p, q) = self.leaf(&fingerprints, block.leaves, row);
                numerator += weights[block.offset + row] * p;
                denominator += weights[block.offset + row] * q;
                used += 1;
            }
        }
        (numerator, denominator + weights[used..].iter().sum::<Fr>())
    }

    /// What holds of any tree, whether or not its root vanishes.
    fn assert_consistent(&self, backend: Backend, checks: &Checks) -> TreeProof {
        let (proof, leaf) = self.prove(backend);
        assert_eq!(self.verify(&proof, checks).as_ref(), Ok(&leaf));
        assert_eq!(self.leaves_at(&leaf.point), (leaf.numerator, leaf.denominator));
        let (fingerprints, _) = self.start();
        let blocks = blocks(&self.shape, &Checks::ALL);
        for claim in leaf_claims(&self.shape, &blocks, &fingerprints, &leaf) {
            assert_eq!(self.evaluate(&claim), claim.value);
        }
        proof
    }
}

fn instances() -> Vec<Instance> {
    vec![
        Instance::new(Parameters::REDUCED, 1, vec![1], 1),
        Instance::new(Parameters::REDUCED, 3, vec![1, 2], 2),
        Instance::new(Parameters::REDUCED, 7, vec![3, 1], 3),
        Instance::new(Parameters::REDUCED_GADGETS, 1, vec![1], 4),
        Instance::new(Parameters::REDUCED_GADGETS, 4, vec![2, 1, 2], 5),
    ]
}

#[test]
fn verifier_accepts_the_tree_and_its_leaf_claims_hold() {
    for instance in instances() {
        instance.assert_consistent(Backend::detect(), &Checks::ALL);
    }
}

#[test]
fn cells_in_no_table_leave_a_consistent_tree_whose_root_does_not_vanish() {
    for (k, mut instance) in instances().into_iter().enumerate() {
        let mut random = ChaCha20Rng::seed_from_u64(k as u64);
        for column in instance.shape.first_round_columns() {
            instance.columns.get_mut(column).iter_mut().for_each(|cell| *cell = random.r#gen());
        }
        let proof = instance.assert_consistent(Backend::detect(), &Checks::without(&[Check::RootNumerator]));
        assert_eq!(instance.verify(&proof, &Checks::ALL), Err(Rejection::RootNumerator));
    }
}

#[test]
fn one_wrong_cell_leaves_a_root_that_does_not_vanish() {
    let mut instance = Instance::new(Parameters::REDUCED, 2, vec![1], 6);
    instance.columns.get_mut(Column::Remainder(0))[5] ^= 1;
    let (proof, _) = instance.prove(Backend::detect());
    assert_eq!(instance.verify(&proof, &Checks::ALL), Err(Rejection::RootNumerator));
}

#[test]
fn back_ends_and_thread_counts_give_the_same_proof() {
    let instance = Instance::new(Parameters::REDUCED, 5, vec![2], 7);
    let expected = instance.prove(Backend::portable());
    for backend in Backend::all() {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for computed in 1..=3 {
                let proof = pool.install(|| instance.prove_computing(backend, Some(computed)));
                assert!(proof == expected, "{backend:?}, {threads} threads, {computed} layers");
            }
        }
    }
}

#[test]
#[ignore = "slow: prints the seconds of trees of production"]
fn production_in_seconds() {
    let logs = std::env::var("TREE_BOOTSTRAPPINGS").unwrap_or("1,4".into());
    for bootstrappings in logs.split(',').map(|count| count.parse().unwrap()) {
        let instance = Instance::new(Parameters::PRODUCTION, bootstrappings, vec![1], 8);
        let mut proofs = vec![];
        for backend in Backend::all() {
            let (start, before) = (std::time::Instant::now(), processor_seconds());
            proofs.push(instance.prove(backend));
            let (seconds, busy) = (start.elapsed().as_secs_f64(), processor_seconds() - before);
            let memory = most_memory();
            println!("{bootstrappings}, {backend:?}: {seconds:.2} s, {busy:.2} s of processors, {memory}");
        }
        assert!(instance.verify(&proofs[0].0, &Checks::ALL).as_ref() == Ok(&proofs[0].1));
        assert!(proofs.iter().all(|proof| *proof == proofs[0]));
    }
}

impl Instance {
    /// Sets cells of the columns whose tiles of leaves are made of integers.
    fn set_cells(&mut self, cell: impl Fn(usize) -> Option<u32>) {
        for column in self.shape.first_round_columns() {
            for (row, to) in self.columns.get_mut(column).iter_mut().enumerate() {
                *to = cell(row).unwrap_or(*to);
            }
        }
    }

    /// The proof does not depend on which layers are stored.
    fn assert_computed(&self, what: &str) {
        let expected = self.prove_computing(Backend::detect(), Some(20));
        for computed in 1..=3 {
            let proof = self.prove_computing(Backend::detect(), Some(computed));
            assert!(proof == expected, "{computed} layers, {what}");
        }
    }

    /// How many tiles of the second layer above the leaves are of triples, and how many tiles of leaves are uniform cells.
    fn special_tiles(&self) -> (usize, usize) {
        let polynomials = self.polynomials();
        let (fingerprints, _) = self.start();
        let blocks = blocks(&self.shape, &Checks::ALL);
        let leaves = Leaves::new(&self.shape, &blocks, &fingerprints, &polynomials);
        let tiles = (1usize << leaves.layers) >> tile::VARIABLES;
        let triples = (0..tiles / 4).filter(|tile| triple::Triple::of(&leaves, *tile).is_some());
        let uniform = leaves.uniform.layer(leaves.layers).iter().enumerate();
        let uniform =
            uniform.filter(|(tile, uniform)| **uniform && !leaves.is_padding(tile << tile::VARIABLES));
        (triples.count(), uniform.count())
    }
}

#[test]
fn layers_that_are_computed_give_the_proof_of_those_that_are_stored() {
    instances().iter().for_each(|instance| instance.assert_computed("cells in their ranges"));
    for mut instance in instances().into_iter().take(2) {
        // As large as triples take, and one of them larger; as large as pairs take, and one of them larger.
        for bits in [22, 30] {
            let largest = (1u32 << bits) - 1;
            let extreme = |row: usize| [0, largest - 1, largest][row % 3];
            instance.set_cells(|row| Some(extreme(row)));
            instance.assert_computed(&format!("cells of {bits} bits"));
            instance.columns.get_mut(Column::Remainder(1))[0] = largest + 1;
            instance.assert_computed(&format!("a cell of more than {bits} bits"));
        }
        instance.columns.get_mut(Column::Remainder(1))[0] = u32::MAX;
        instance.assert_computed("the largest cell");
    }
}

#[test]
fn uniform_tiles_give_the_same_proof() {
    for mut instance in instances().into_iter().take(2) {
        for (value, at) in [(5, 2), ((1 << 22) - 1, 1)] {
            // Whole tiles of one value, some of which stand above each other in all columns.
            instance.set_cells(|row| (row >> tile::VARIABLES).is_multiple_of(at).then_some(value));
            instance.assert_computed(&format!("tiles of {value}"));
        }
    }
}

#[test]
fn special_tiles_occur() {
    let mut instance = Instance::new(Parameters::REDUCED, 7, vec![3, 1], 3);
    let (triples, uniform) = instance.special_tiles();
    assert!(triples > 0 && uniform == 0, "{triples}, {uniform}");
    instance.set_cells(|row| (row >> tile::VARIABLES).is_multiple_of(2).then_some(5));
    let (triples, uniform) = instance.special_tiles();
    assert!(triples > 0 && uniform > 0, "{triples}, {uniform}");
}

#[test]
fn an_interrupted_proof_stops() {
    let instance = Instance::new(Parameters::REDUCED, 1, vec![1], 9);
    let (fingerprints, mut transcript) = instance.start();
    let polynomials = instance.polynomials();
    let mut asked = 0;
    let mut interrupted = || {
        asked += 1;
        asked == 5
    };
    let blocks = blocks(&instance.shape, &Checks::ALL);
    let leaves = Leaves::new(&instance.shape, &blocks, &fingerprints, &polynomials);
    let proof = prove_layers(Backend::detect(), &leaves, &mut interrupted, &mut transcript);
    assert_eq!((proof, asked), (Err(Interrupted), 5));
}

/// Time that the process has spent on processors: what a busy machine does not distort much.
fn processor_seconds() -> f64 {
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = status.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // utime and stime, in hundredths of a second.
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap_or_default() / 100.0).sum()
}

/// Most memory that the process has held so far.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}
