//! Random polynomials and claims of every kind: for tests.

use super::super::columns::{Cells, Columns, KeyWords, Polynomials};
use ark_bn254::Fr;
use ark_ff::{UniformRand, Zero};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::accumulator::{AccumulatorPoint, accumulator_claim, digits_claim};
use trine_verifier::bootstrapping::checks::Checks;
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::key::{KeyPoint, key_claim, rotation_claim};
use trine_verifier::bootstrapping::keyswitch::{KeyswitchPoint, keyswitch_claim};
use trine_verifier::bootstrapping::lookup::{Fingerprints, LeafPoint, blocks, layers, leaf_claims};
use trine_verifier::bootstrapping::outputs::{OutputPoint, handle_claims, outputs_claim};
use trine_verifier::bootstrapping::parameters::{GROUPING, Parameters};
use trine_verifier::bootstrapping::shape::{Column, Shape};
use trine_verifier::bootstrapping::switch::{
    ProductPoint, SwitchPoint, kinds, switch_claim, switch_digits_claim, switch_key_claim,
};

/// Both keys, tables of one and two functions, all kinds of wires; bootstrappings are repeated to `count`.
pub fn circuit(count: usize) -> Circuit {
    let boxes = |seed: u64| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        (0..16).map(|_| format!(" {}", rng.next_u64())).collect::<String>()
    };
    let mut lines = vec![
        "trine circuit 1".to_owned(),
        "input uint8 compute 4 degree 3".to_owned(),
        "input bool casting 1 degree 1".to_owned(),
        "output nibbles compute 3 degree 3".to_owned(),
        "output bool compute 1 degree 1".to_owned(),
        format!("table 2{}", boxes(1)),
        format!("table 1{}", boxes(2)),
        "bootstrap compute 0 5 + 1*i0.0 + 4*i0.1".to_owned(),
        "bootstrap casting 1 77 + 3*i1.0".to_owned(),
    ];
    let next = |index: usize| format!("bootstrap compute 0 7 + -1*i0.3 + 2*b0.1 + -5*b{}.0", index - 1);
    lines.extend((2..count).map(next));
    lines.extend(
        ["1 + 2*i0.2 + -1*b0.1", "9 + 1*b1.0", "3 + 7*b0.0 + 1*b1.0", "0 + 1*b0.1"]
            .map(|row| format!("row {row}")),
    );
    Circuit::from_text(format!("{}\n", lines.join("\n")).as_bytes()).expect("canonical")
}

/// Random cells in every column, and what they are of.
pub struct Sample {
    pub shape: Shape,
    pub circuit: Circuit,
    columns: Columns,
    rotation: Vec<Fr>,
    keys: KeyWords,
    inputs: Vec<Vec<u64>>,
    outputs: Vec<Vec<u64>>,
}

impl Sample {
    pub fn new(parameters: Parameters, bootstrappings: usize, casting_key: bool, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let circuit = circuit(bootstrappings);
        let shape = Shape::new(parameters, &circuit).expect("small enough");
        let mut columns = Columns::zeros(&shape);
        for column in shape.first_round_columns() {
            let mask = (1u32 << parameters.limb_bits) - 1;
            columns.get_mut(column).iter_mut().for_each(|cell| *cell = rng.next_u32() & mask);
        }
        let mut words = |column: Column| (0..1 << shape.variables(column)).map(|_| rng.next_u64()).collect();
        let keys = KeyWords {
            bootstrapping: words(Column::BootstrappingKey),
            keyswitching: [
                words(Column::KeyswitchingKey(0)),
                if casting_key { words(Column::KeyswitchingKey(1)) } else { vec![] },
            ],
        };
        let mut inputs: Vec<Vec<u64>> = (0..2).map(|h| words(Column::Input(h))).collect();
        // Words past the end are zero: two words of the last block only.
        let block = 2 * parameters.n();
        inputs[0].truncate(3 * block + 2);
        let outputs = (0..2).map(|h| words(Column::Output(h))).collect();
        let rotation = random(1 << shape.variables(Column::Rotation), &mut rng);
        Self { shape, circuit, columns, rotation, keys, inputs, outputs }
    }

    pub fn polynomials(&self) -> Polynomials<'_> {
        let Self { columns, rotation, keys, inputs, outputs, .. } = self;
        Polynomials { columns, rotation, keys, inputs, outputs }
    }

    /// The polynomials of all slots as vectors of `2^m` coefficients.
    pub fn dense(&self) -> Vec<Vec<Fr>> {
        let length = 1 << self.shape.parameters.log_chunk;
        let mut dense = vec![vec![Fr::zero(); length]; self.shape.polynomials()];
        for (column, place) in self.shape.columns() {
            for (row, cell) in (place.offset..).zip(self.cells(*column)) {
                dense[place.polynomial + row / length][row % length] = cell;
            }
        }
        dense
    }

    /// One claim of each kind from random points, with its true value.
    pub fn claims(&self, seed: u64) -> Vec<Claim> {
        let mut claims = self.claims_of_zero(seed);
        claims.iter_mut().for_each(|claim| claim.value = self.value(claim));
        claims
    }

    /// The same with zero for every value.
    pub fn claims_of_zero(&self, seed: u64) -> Vec<Claim> {
        self.claims_at(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    fn claims_at(&self, rng: &mut ChaCha20Rng) -> Vec<Claim> {
        let (shape, circuit, p) = (&self.shape, &self.circuit, &self.shape.parameters);
        let slots = shape.log_bootstrappings;
        let mut accumulator = || AccumulatorPoint {
            z: random(p.log_n, rng),
            u: Fr::rand(rng),
            step: random(p.log_steps, rng),
            slot: random(slots, rng),
        };
        let (r, s) = (accumulator(), accumulator());
        let x = KeyPoint {
            z: random(p.log_n, rng),
            subset: random(GROUPING, rng),
            step: random(p.log_steps, rng),
        };
        let e = SwitchPoint {
            subset: random(GROUPING, rng),
            step: random(p.log_steps, rng),
            slot: random(slots, rng),
        };
        let t = ProductPoint {
            level: random(p.log_levels(), rng),
            word: random(p.log_n, rng),
            kind: Fr::rand(rng),
        };
        let f = KeyswitchPoint { word: random(p.log_n, rng), slot: random(slots, rng) };
        let g = OutputPoint { word: random(p.log_n + 1, rng), block: random(p.log_output_blocks, rng) };
        let y = random(p.log_chunk, rng);
        let fingerprints = Fingerprints {
            alpha: Fr::rand(rng),
            beta: Fr::rand(rng),
            decomposition_tags: [Fr::from(1u64), Fr::from(3u64)],
            kinds: kinds(shape, circuit),
            evaluation: x.z.clone(),
        };
        let blocks = blocks(shape, &Checks::ALL);
        let leaf =
            LeafPoint { point: random(layers(&blocks), rng), numerator: Fr::zero(), denominator: Fr::zero() };
        let value = Fr::zero();
        let mut claims = vec![
            accumulator_claim(shape, &r, value),
            digits_claim(shape, &s, value),
            key_claim(&r, &s, &x, value),
            rotation_claim(&s, &x, value),
            switch_claim(shape, circuit, &e, value),
            switch_digits_claim(shape, circuit, &e, &t, value),
            switch_key_claim(&e, &t, value),
            keyswitch_claim(shape, circuit, &f),
            outputs_claim(shape, circuit, &g),
        ];
        claims.extend(handle_claims(shape, &y));
        claims.extend(leaf_claims(shape, &blocks, &fingerprints, &leaf));
        claims
    }

    /// Both sides of the claim are sums over rows: the left one, row by row.
    fn value(&self, claim: &Claim) -> Fr {
        let mut sum = Fr::zero();
        for part in &claim.parts {
            let weights = part.weight.table();
            for (column, coefficient) in &part.columns {
                let product: Fr =
                    self.cells(*column).iter().zip(&weights).map(|(cell, weight)| *cell * weight).sum();
                sum += *coefficient * product;
            }
        }
        sum
    }

    /// The rows of any column.
    fn cells(&self, column: Column) -> Vec<Fr> {
        match column {
            Column::Mask | Column::Table => (0..1 << self.shape.variables(column))
                .map(|row: usize| self.public_cell(column, row))
                .collect(),
            _ => match self.polynomials().cells(column) {
                Cells::Small(cells) => cells.iter().map(|cell| Fr::from(*cell)).collect(),
                Cells::Words(words) => words.iter().map(|word| Fr::from(*word)).collect(),
                Cells::Elements(elements) => elements.to_vec(),
            },
        }
    }

    fn public_cell(&self, column: Column, row: usize) -> Fr {
        let p = &self.shape.parameters;
        let (j, line) = (row % p.n(), row / p.n());
        let (u, step, slot) = (line % 2, line / 2 % p.steps(), line / 2 / p.steps());
        let cell = match (column, u, step) {
            (Column::Mask, ..) => u64::from(step > 0 && step < p.groups + 2),
            (_, 1, 0) => self.circuit.bootstrappings().get(slot).map_or(0, |bootstrapping| {
                self.circuit.tables()[bootstrapping.table as usize].boxes[j / p.box_size()]
            }),
            _ => 0,
        };
        Fr::from(cell)
    }
}

pub fn random(count: usize, rng: &mut ChaCha20Rng) -> Vec<Fr> {
    (0..count).map(|_| Fr::rand(rng)).collect()
}
