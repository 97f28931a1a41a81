//! Honest proofs of several shapes, with what the native verifier says of them and of their mutations.

use crate::case::Case;
use crate::plain::Prover;
use ark_bn254::Fr;
use std::sync::OnceLock;
use trine_prover::wrap::bootstrapping::WrapWitness;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_prover::wrap::bootstrapping::program::{Combination, Program};
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::program::PROGRAM_TAG;
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::statement::{PublicInputs, StatementInputs};
use trine_verifier::bootstrapping::verify::{ARGUMENT_TAG, round_digests, verify_field};
use trine_verifier::bootstrapping::{Checks, Parameters};

/// An honest proof.
pub struct Honest {
    pub class: Class,
    pub case: Case,
    pub inputs: StatementInputs,
    pub public: PublicInputs,
    pub field: FieldProof,
}

impl Honest {
    /// Of a random circuit.
    pub fn new(parameters: Parameters, bootstrappings: usize, seed: u64) -> Self {
        let case = Case::random(parameters, bootstrappings, seed);
        let proven = Prover::honest(&case, &case.evaluate()).prove();
        let inputs = proven.statement.inputs(&parameters).unwrap();
        let rounds = round_digests(&inputs.shape, &proven.proof.group).unwrap();
        let field = proven.proof.field;
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let public = verify_field(&inputs, &rounds, &field, &Checks::ALL, &mut transcript).unwrap();
        Self { class: Class::new(&parameters).unwrap(), case, inputs, public, field }
    }

    /// The witness of a proof of this shape.
    pub fn witness(&self, field: &FieldProof) -> Result<WrapWitness, &'static str> {
        WrapWitness::new(&self.class, &self.inputs.shape, &self.case.circuit, field).map_err(|error| error.id)
    }

    /// Spec id of the first check that the native verifier finds broken.
    ///
    /// A statement is its circuit: other words or another program than the circuit's are none. They are asked of what binds
    /// them: the digest that the transcript absorbs.
    pub fn native_failure(
        &self,
        public: &PublicInputs,
        program: &Program,
        field: &FieldProof,
    ) -> Option<&'static str> {
        let StatementInputs { layouts, shape, .. } = &self.inputs;
        let stated = public.shape == shape.word() && public.layouts == *layouts;
        if !stated || digest(&public.shape, &public.layouts, program) != self.inputs.prog {
            return Some("PB.T1");
        }
        let inputs = StatementInputs { stmt: public.stmt, ..self.inputs.clone() };
        let mut transcript = Transcript::new(ARGUMENT_TAG);
        let found = match verify_field(&inputs, &public.rounds, field, &Checks::ALL, &mut transcript) {
            Ok(found) => found,
            Err(error) => return Some(error.id()),
        };
        let words = found.program_at_z == public.program_at_z;
        let (found, given) = (found.opening, &public.opening);
        [
            ("PE.J1", found.rho == given.rho),
            ("PE.J2", found.r == given.r),
            ("PE.J4", found.q == given.q),
            ("PE.J5", (found.z, found.r_at_z) == (given.z, given.r_at_z)),
            ("PB.T3", words),
        ]
        .into_iter()
        .find_map(|(id, holds)| (!holds).then_some(id))
    }
}

/// One proof for each log P of the class, and one more of the largest.
pub fn all() -> &'static [Honest] {
    static ALL: OnceLock<Vec<Honest>> = OnceLock::new();
    ALL.get_or_init(|| {
        let cases = [(1, 21), (2, 22), (3, 23), (5, 24), (8, 25)];
        cases.map(|(count, seed)| Honest::new(Parameters::REDUCED, count, seed)).into()
    })
}

/// `prog` of a program, well formed or not, written from the spec (section 6).
pub fn digest(shape: &Fr, layouts: &[Fr], program: &Program) -> Fr {
    let mut sponge = Transcript::new(PROGRAM_TAG);
    sponge.absorb("shape", shape);
    sponge.absorb_all("layout", layouts);
    sponge.absorb_all("words", &words(shape, layouts, program));
    sponge.challenge("prog")
}

/// The words of a program, well formed or not: every slot and row of the class.
pub fn words(shape: &Fr, layouts: &[Fr], program: &Program) -> Vec<Fr> {
    let element = |kind: u64, combination: &Combination, boxes: &[u64]| -> Fr {
        let mut words = vec![(kind, 10), (combination.constant, 5)];
        words.extend(boxes.iter().map(|steps| (*steps, 5)));
        words.extend(combination.terms.iter().map(|term| (*term, 23)));
        let power = trine_verifier::bootstrapping::claim::power_of_two;
        words.iter().rev().fold(Fr::from(0u64), |sum, (word, bits)| sum * power(*bits) + Fr::from(*word))
    };
    let slots = program.bootstrappings.iter().map(|slot| element(slot.kind, &slot.input, &slot.boxes));
    let used = used_rows(layouts, shape);
    let rows = program.rows.iter().enumerate();
    let rows = rows.map(|(index, row)| element(if index < used { 2 } else { 0 }, row, &[]));
    slots.chain(rows).collect()
}

/// Rows that shape and layouts declare.
pub fn used_rows(layouts: &[Fr], shape: &Fr) -> usize {
    entries(layouts, shape).1.iter().map(|entry| usize::from(entry >> 8) + 1).sum()
}

/// Layout entries of inputs and of outputs.
pub fn entries(layouts: &[Fr], shape: &Fr) -> (Vec<u16>, Vec<u16>) {
    use ark_ff::PrimeField;
    let word = shape.into_bigint().0[0];
    let (inputs, outputs) = ((word >> 16 & 0xff) as usize, (word >> 24 & 0xff) as usize);
    let entry = |place: usize| {
        let limbs = layouts.get(place / 15).copied().unwrap_or_default().into_bigint().0;
        (limbs[place % 15 / 4] >> (16 * (place % 15 % 4)) & 0xffff) as u16
    };
    ((0..inputs).map(entry).collect(), (inputs..inputs + outputs).map(entry).collect())
}
