//! The prover in the order of `verify.rs`, without any haste: the oracle of the fast one, and able to cheat.

use crate::case::{Case, key};
use crate::columns::Columns;
use crate::dense::{Roots, extension, inner_product};
use crate::multiplicities;
use crate::product::{self, Product, quadratic};
use crate::reduction;
use crate::switch;
use crate::trace::Trace;
use crate::tree::{self, TreeLie};
use ark_bn254::{Fr, G1Affine};
use ark_ff::{One, Zero};
use trine_prover::bootstrapping::KeyWords;
use trine_prover::opening;
use trine_verifier::bootstrapping::accumulator::{self, AccumulatorPoint, accumulator_claim, digits_claim};
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::key::{
    self as combined_key, KeyPoint, key_claim, rotation_claim, trivial_key,
};
use trine_verifier::bootstrapping::keyswitch::{KeyswitchPoint, keyswitch_claim};
use trine_verifier::bootstrapping::lookup::{Fingerprints, blocks, leaf_claims};
use trine_verifier::bootstrapping::outputs::{OutputPoint, draw_handle_point, handle_claims, outputs_claim};
use trine_verifier::bootstrapping::parameters::SUBSETS;
use trine_verifier::bootstrapping::product::{ACCUMULATOR, KEY, ProductEnd, ProductProof};
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::shape::Column;
use trine_verifier::bootstrapping::statement::StatementInputs;
use trine_verifier::bootstrapping::switch::{
    ProductPoint, SwitchPoint, SwitchProof, kinds, switch_claim, switch_digits_claim, switch_key_claim,
};
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, absorb_statement};
use trine_verifier::bootstrapping::weight::exponent_value;
use trine_verifier::bootstrapping::{Check, Checks, CircuitProof, Statement};
use trine_verifier::opening::eq_table;
use trine_verifier::proof::GroupProof;
use trine_verifier::{Transcript, digest};

/// A message that is not the honest one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// `v_A` is the sum of the products, whatever the columns say.
    AccumulatorSum,
    /// `C'` is what makes PB.A4 hold.
    CombinedKey,
    /// `K` is what makes PB.C2 hold.
    KeyWord,
    /// `V` is what makes PB.C2 hold.
    Power,
    /// `v` is changed in one cell, so that its claim holds.
    RotationCell,
    /// `y` is what the exponents need.
    SwitchProduct,
    /// `k_w` is what makes PB.E4 hold.
    SwitchKey,
    /// `k_d` is what makes PB.E4 hold.
    SwitchDigits,
    /// The tree.
    Tree(TreeLie),
    /// A multiplicity makes up for cells out of range, the look-up challenge being known.
    Multiplicity,
    /// The first output handle is changed after the point is known, its value there being the same.
    LateHandle,
    /// The word `shape` tells another log P.
    ShapeWord(usize),
    /// A slot that the shape does not use holds a polynomial, which is committed to and opened like others.
    UnusedSlot(usize),
    /// The cell of a row of the first digits stands above the column's rows, in the same polynomial.
    CellAbove(usize),
}

/// What is proved, and how.
pub struct Prover<'a> {
    pub case: &'a Case,
    pub trace: &'a Trace,
    /// The key that sums are over; the registered one is opened.
    pub keys: &'a KeyWords,
    /// Checks that the prover knows are made.
    pub checks: Checks,
    pub forgeries: Vec<Forgery>,
    /// Words of the input handles, where they are not the case's.
    pub inputs: Option<Vec<Vec<Fr>>>,
}

/// A proof and the statement that it is of.
pub struct Proven {
    pub statement: Statement,
    pub proof: CircuitProof,
    pub transcript: Transcript,
    /// Linear claims that the columns do not satisfy: the prover's own check.
    pub false_claims: Vec<Check>,
}

impl<'a> Prover<'a> {
    /// The honest prover of a trace.
    pub fn honest(case: &'a Case, trace: &'a Trace) -> Self {
        Self { case, trace, keys: &case.keys, checks: Checks::ALL, forgeries: vec![], inputs: None }
    }

    fn forges(&self, forgery: Forgery) -> bool {
        self.forgeries.contains(&forgery)
    }

    /// Proves that the case's inputs give the trace's outputs.
    pub fn prove(&self) -> Proven {
        let statement = self.case.statement(&self.trace.outputs);
        self.prove_statement(statement)
    }

    /// Proves a statement over the case's words.
    pub fn prove_statement(&self, statement: Statement) -> Proven {
        let mut cells = self.trace.cells.clone();
        let early = self.forges(Forgery::Multiplicity);
        multiplicities::count(&self.case.shape, &self.case.circuit, &self.checks, early, &mut cells);
        let columns = Columns {
            case: self.case,
            cells: &cells,
            rotation: vec![],
            inputs: self.inputs.as_deref(),
            outputs: &self.trace.outputs,
        };
        let run =
            Run { prover: self, columns, claims: vec![], transcript: Transcript::recording(ARGUMENT_TAG) };
        run.prove(statement)
    }
}

struct Run<'a> {
    prover: &'a Prover<'a>,
    columns: Columns<'a>,
    claims: Vec<Claim>,
    transcript: Transcript,
}

impl Run<'_> {
    fn prove(mut self, mut statement: Statement) -> Proven {
        let case = self.prover.case;
        let (shape, circuit, checks) = (&case.shape, &case.circuit, &self.prover.checks);
        if checks.makes(Check::Statement) {
            absorb_statement(&self.told(&statement), &mut self.transcript);
        }
        // PB.T2
        let slots = self.slots();
        let first = slots.partition_point(|slot| *slot < shape.second_round()[0]);
        let columns = self.commit(1, &slots[..first]);
        let (accumulator, product, key_product, second) = self.rotation();
        let switch = self.modulus_switch();
        // PB.F1 to PB.O2
        let f = KeyswitchPoint::draw(shape, &mut self.transcript);
        self.claims.push(keyswitch_claim(shape, circuit, &f));
        let g = OutputPoint::draw(shape, &mut self.transcript);
        self.claims.push(outputs_claim(shape, circuit, &g));
        let y = draw_handle_point(shape, &mut self.transcript);
        self.claims.extend(handle_claims(shape, &y));
        // PB.H1 to PB.H5
        let tree = self.tree(&product.1.z);
        // PB.I1 to PB.I3
        self.claims.retain(|claim| checks.makes(claim.check));
        let false_claims = self.claims.iter().filter(|claim| self.columns.sum(claim) != claim.value);
        let false_claims = false_claims.map(|claim| claim.check).collect();
        let mut polynomials = self.polynomials(&slots);
        let reduction =
            reduction::prove(&self.columns, &self.claims, &slots, &polynomials, &mut self.transcript);
        if self.prover.forges(Forgery::LateHandle) {
            statement = self.change_handle(&reduction.point, &mut polynomials);
        }
        // PE.J1 to PE.J5
        let (m, transcript) = (case.parameters.log_chunk, &mut self.transcript);
        let polynomials = reduction::spread(shape, &slots, &polynomials);
        let opened = opening::open(key(), m, &polynomials, &reduction.point, transcript).unwrap();
        let group = GroupProof { columns, second, folds: opened.folds, closing: opened.closing };
        let field = FieldProof {
            accumulator,
            product: product.0,
            key: key_product,
            switch,
            tree,
            reduction: reduction.rounds,
            values: reduction.values,
            opening: opened.proof,
        };
        Proven { statement, proof: CircuitProof { group, field }, transcript: self.transcript, false_claims }
    }

    /// What the statement fixes, as the prover tells it.
    fn told(&self, statement: &Statement) -> StatementInputs {
        let case = self.prover.case;
        let mut inputs = statement.inputs(&case.parameters).unwrap();
        inputs.shape = case.shape.clone();
        for forgery in &self.prover.forgeries {
            if let Forgery::ShapeWord(log) = forgery {
                inputs.shape.log_bootstrappings = *log;
            }
        }
        inputs
    }

    /// Slots that the prover uses: those of the shape, and one that is not, if it is told to.
    fn slots(&self) -> Vec<usize> {
        let mut slots = self.prover.case.shape.used().to_vec();
        slots.extend(self.prover.forgeries.iter().filter_map(|forgery| match forgery {
            Forgery::UnusedSlot(slot) => Some(*slot),
            _ => None,
        }));
        slots.sort_unstable();
        slots
    }

    fn polynomials(&self, slots: &[usize]) -> Vec<Vec<Fr>> {
        let shape = &self.prover.case.shape;
        let mut polynomials = self.columns.polynomials(slots);
        for forgery in &self.prover.forgeries {
            let at = |slot: &usize| slots.binary_search(slot).ok();
            match forgery {
                Forgery::UnusedSlot(slot) => {
                    at(slot).into_iter().for_each(|index| polynomials[index][3] = Fr::from(7));
                }
                Forgery::CellAbove(row) => {
                    let place = shape.place(Column::Digit(0));
                    let (row, above) = (place.offset + row, place.offset + row + (1 << place.variables));
                    at(&place.polynomial).into_iter().for_each(|index| polynomials[index].swap(row, above));
                }
                _ => {}
            }
        }
        polynomials
    }

    /// Commits to polynomials and absorbs the digest of the round.
    fn commit(&mut self, round: u64, slots: &[usize]) -> Vec<G1Affine> {
        let polynomials = self.polynomials(slots);
        let points: Vec<G1Affine> = polynomials.iter().map(|f| key().commit_fr(f).unwrap()).collect();
        let label = if round == 1 { "d1" } else { "d2" };
        self.transcript.absorb(label, &digest::round(round, &points));
        points
    }

    /// PB.A1 to PB.D2. The first product comes with where the second ends.
    fn rotation(&mut self) -> (Fr, (ProductProof, KeyPoint), ProductProof, Vec<G1Affine>) {
        let case = self.prover.case;
        let shape = &case.shape;
        let r = AccumulatorPoint::draw(shape, &mut self.transcript);
        let [digits, combined] = self.accumulator_tables(&r);
        let weights = accumulator_weights(case, &r);
        let sum = product::sum(&r.z, &weights, &digits, &combined);
        let from_columns = self.columns.sum(&accumulator_claim(shape, &r, Fr::zero()));
        let honest =
            self.prover.checks.makes(Check::Accumulator) && !self.prover.forges(Forgery::AccumulatorSum);
        let value = if honest { from_columns } else { sum };
        self.transcript.absorb("A.value", &value);
        self.claims.push(accumulator_claim(shape, &r, value));
        let end = product::prove(value, &r.z, weights, digits, combined, ACCUMULATOR, &mut self.transcript);
        let s = AccumulatorPoint::from_parts(shape, end.inner.point.clone(), &end.outer.point).unwrap();
        let [left, mut right] = end.ends;
        assert_eq!(end.weight, accumulator::outer_weight(&r, &s));
        if self.prover.forges(Forgery::CombinedKey) {
            right = end.outer.claim / (end.weight * left);
        }
        let product = self.send_product(end, [left, right], ACCUMULATOR.values);
        self.claims.push(digits_claim(shape, &s, left));
        let (key_product, x) = self.combined_key(&r, &s, right);
        // PB.D1, PB.D2
        let claim = rotation_claim(&s, &x, key_product.left);
        self.columns.rotation = self.rotation_values(&x, &claim);
        let second = self.commit(2, shape.second_round());
        self.claims.push(claim);
        (value, (product, x), key_product, second)
    }

    fn send_product(&mut self, end: Product, [left, right]: [Fr; 2], label: &'static str) -> ProductProof {
        self.transcript.absorb_all(label, [&left, &right]);
        ProductProof { inner: end.inner.messages, outer: end.outer.messages, left, right }
    }

    /// D and C' by z, u, step and slot.
    fn accumulator_tables(&self, r: &AccumulatorPoint) -> [Vec<Fr>; 2] {
        let trace = self.prover.trace;
        let roots = Roots::new(self.prover.case.parameters.log_n);
        let elements = |f: &[i128]| -> Vec<Fr> { f.iter().map(|c| Fr::from(*c)).collect() };
        let digits = trace.digits.iter().flatten().flat_map(|f| roots.evaluate(&elements(f))).collect();
        let fold = |[mask, body]: &[Vec<i128>; 2]| -> Vec<Fr> {
            let pairs = elements(mask).into_iter().zip(elements(body));
            pairs.map(|(mask, body)| mask + r.u * (body - mask)).collect()
        };
        let combined = trace.combined.iter().flatten().flat_map(|pair| roots.evaluate(&fold(pair))).collect();
        [digits, combined]
    }

    /// PB.C1 to PB.C3.
    fn combined_key(
        &mut self,
        r: &AccumulatorPoint,
        s: &AccumulatorPoint,
        claim: Fr,
    ) -> (ProductProof, KeyPoint) {
        let [powers, words] = self.key_tables(r, s);
        let weights = eq_table(&s.step).into_iter().flat_map(|e| std::iter::repeat_n(e, SUBSETS)).collect();
        let end = product::prove(claim, &s.z, weights, powers, words, KEY, &mut self.transcript);
        let at = ProductEnd {
            inner: end.inner.point.clone(),
            outer: end.outer.point.clone(),
            claim: end.outer.claim,
        };
        let x = KeyPoint::from_end(&at).unwrap();
        assert_eq!(end.weight, combined_key::outer_weight(s, &x));
        let trivial = trivial_key(r, s, &x);
        let [mut power, folded] = end.ends;
        let mut word = folded - trivial;
        if self.prover.forges(Forgery::KeyWord) {
            word = at.claim / (end.weight * power) - trivial;
        }
        if self.prover.forges(Forgery::Power) {
            power = at.claim / (end.weight * folded);
        }
        self.claims.push(key_claim(r, s, &x, word));
        (self.send_product(end, [power, word], KEY.values), x)
    }

    /// V and K by z, subset and step.
    fn key_tables(&self, r: &AccumulatorPoint, s: &AccumulatorPoint) -> [Vec<Fr>; 2] {
        let (case, trace) = (self.prover.case, self.prover.trace);
        let p = &case.parameters;
        let roots = Roots::new(p.log_n);
        let slots = eq_table(&s.slot);
        // By c, then u.
        let folds = eq_table(&[r.u, s.u]);
        let (mut powers, mut words) = (vec![], vec![]);
        for place in 0..p.steps() * SUBSETS {
            powers.extend((0..p.n()).map(|z| {
                let exponents = trace.exponents.iter().skip(place).step_by(p.steps() * SUBSETS);
                slots.iter().zip(exponents).map(|(weight, a)| *weight * roots.power(z, *a)).sum::<Fr>()
            }));
            let mut folded = vec![Fr::zero(); p.n()];
            let key = self.prover.keys.bootstrapping[place * 4 * p.n()..].chunks_exact(p.n());
            for (polynomial, fold) in key.zip(&folds) {
                folded.iter_mut().zip(polynomial).for_each(|(sum, word)| *sum += *fold * Fr::from(*word));
            }
            if place == 1 {
                folded[0] += r.u * s.u + (Fr::one() - r.u) * (Fr::one() - s.u);
            }
            words.extend(roots.evaluate(&folded));
        }
        [powers, words]
    }

    /// PB.D1: `W_x` of the committed exponents.
    fn rotation_values(&self, x: &KeyPoint, claim: &Claim) -> Vec<Fr> {
        let exponents = self.columns.cells.get(Column::Exponent).iter();
        let value = |a: &Fr| exponent_value(&x.z, multiplicities::small(a).unwrap() as u64);
        let mut values: Vec<Fr> = exponents.map(value).collect();
        if self.prover.forges(Forgery::RotationCell) {
            let weights = claim.parts[0].weight.table();
            let missing = claim.value - inner_product(&weights, &values);
            values[17] += missing / weights[17];
        }
        values
    }

    /// PB.E1 to PB.E6.
    fn modulus_switch(&mut self) -> SwitchProof {
        let case = self.prover.case;
        let (shape, circuit) = (&case.shape, &case.circuit);
        let e = SwitchPoint::draw(shape, &mut self.transcript);
        let [digits, words] = switch::tables(case, self.prover.trace, self.prover.keys, &e);
        let mut product = inner_product(&digits, &words);
        if self.prover.forges(Forgery::SwitchProduct) {
            let claim = switch_claim(shape, circuit, &e, Fr::zero());
            product = claim.value - self.columns.sum(&claim);
        }
        self.transcript.absorb("E.product", &product);
        self.claims.push(switch_claim(shape, circuit, &e, product));
        let variables = trine_verifier::bootstrapping::switch::rounds(shape);
        let mut pairs = [[digits, words]];
        let rounds = quadratic(product, &mut pairs, variables, ["E.rounds", "t"], &mut self.transcript);
        let [mut digits, mut key] = pairs[0].clone().map(|table| table[0]);
        if self.prover.forges(Forgery::SwitchKey) {
            key = rounds.claim / digits;
        }
        if self.prover.forges(Forgery::SwitchDigits) {
            digits = rounds.claim / key;
        }
        self.transcript.absorb_all("E.values", [&digits, &key]);
        let t = ProductPoint::from_rounds(shape, &rounds.point).unwrap();
        self.claims.push(switch_digits_claim(shape, circuit, &e, &t, digits));
        self.claims.push(switch_key_claim(&e, &t, key));
        SwitchProof { product, rounds: rounds.messages, digits, key }
    }

    /// PB.H1 to PB.H5.
    fn tree(&mut self, evaluation: &[Fr]) -> trine_verifier::proof::TreeProof {
        let (case, checks) = (self.prover.case, &self.prover.checks);
        let kinds = kinds(&case.shape, &case.circuit);
        let fingerprints = Fingerprints::draw(kinds, evaluation, checks, &mut self.transcript);
        let blocks = blocks(&case.shape, checks);
        let leaves = tree::leaves(&self.columns, &blocks, &fingerprints);
        let lie = self.prover.forgeries.iter().find_map(|forgery| match forgery {
            Forgery::Tree(lie) => Some(*lie),
            _ => None,
        });
        let (proof, leaf) = tree::prove(leaves, lie, &mut self.transcript);
        self.claims.extend(leaf_claims(&case.shape, &blocks, &fingerprints, &leaf));
        proof
    }

    /// Another first output handle with the same value at the point, and the statement with it.
    fn change_handle(&self, point: &[Fr], polynomials: &mut [Vec<Fr>]) -> Statement {
        let case = self.prover.case;
        let place = self.slots().binary_search(&case.shape.place(Column::Output(0)).polynomial).unwrap();
        let weights = eq_table(point);
        let before = extension(&polynomials[place], point);
        polynomials[place][0] += weights[1];
        polynomials[place][1] -= weights[0];
        assert_eq!(extension(&polynomials[place], point), before);
        let mut outputs = self.prover.trace.outputs.clone();
        outputs[0] = polynomials[place].clone();
        case.statement(&outputs)
    }
}

/// `w~` of the accumulator's sumcheck over u, step and slot.
fn accumulator_weights(case: &Case, r: &AccumulatorPoint) -> Vec<Fr> {
    let steps = eq_table(&r.step);
    let next = |step: usize| steps.get(step + 1).copied().unwrap_or_default();
    let weight =
        |slot: Fr| (0..case.parameters.steps()).flat_map(move |step| [slot * next(step); 2]).collect();
    eq_table(&r.slot).into_iter().flat_map(|slot| -> Vec<Fr> { weight(slot) }).collect()
}
