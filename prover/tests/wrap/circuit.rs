//! The wrap circuit against the native verifier: they accept alike, and reject under the same spec id.

use crate::case::{Case, case};
use ark_bn254::Fr;
use ark_ff::{PrimeField, Zero};
use proptest::prelude::*;
use std::sync::OnceLock;
use trine_prover::wrap::checks::Checks;
use trine_prover::wrap::{WrapWitness, constraint_report, first_failure, structure, synthesise};
use trine_verifier::lookup::{leaf_claims, verify_tree};
use trine_verifier::proof::FieldProof;
use trine_verifier::reduction::verify_reduction;
use trine_verifier::relation::{layer_claim, output_claims};
use trine_verifier::statement::{PublicInputs, StatementInputs};
use trine_verifier::transcript::ARGUMENT_TAG;
use trine_verifier::verify::{round_digests, verify_field};
use trine_verifier::{Class, Transcript};

/// Public inputs and witness of an honest proof.
pub fn honest(case: &Case) -> (PublicInputs, WrapWitness) {
    let proof = case.prove();
    let digests = case.statement.inputs(&case.class).unwrap();
    let rounds = round_digests(&case.class, &proof.group).unwrap();
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let public = verify_field(&case.class, &digests, &rounds, &proof.field, &mut transcript).unwrap();
    (public, WrapWitness { matrix: digests.matrix, field: proof.field })
}

/// What the native code says of the same public inputs and witness.
fn native_failure(class: &Class, public: &PublicInputs, witness: &WrapWitness) -> Option<&'static str> {
    let mut matrix = witness.matrix.clone();
    (matrix.shape, matrix.layouts) = (public.shape, public.layouts);
    let blank = WrapWitness::zero(class).matrix;
    let dense = matrix.coefficients.len() == blank.coefficients.len()
        && matrix.coefficients.iter().all(|row| row.len() == blank.coefficients[0].len())
        && matrix.constants.len() == blank.constants.len();
    if !dense || matrix.digest() != public.prog {
        return Some("PE.T1");
    }
    let inputs = StatementInputs { stmt: public.stmt, prog: public.prog, matrix };
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let found = match verify_field(class, &inputs, &public.rounds, &witness.field, &mut transcript) {
        Ok(found) => (found.rho, found.r, Ok((found.q, found.z, found.r_at_z))),
        // The native verifier draws what the circuit is given, and has drawn two challenges before this check.
        Err(error) if error.id() == "PE.J3" && witness.shape_failure(class).is_none() => {
            let (rho, r) = drawn_before_the_fold_chain(class, &inputs, public, &witness.field);
            (rho, r, Err(error.id()))
        }
        Err(error) => return Some(error.id()),
    };
    let (rho, r, rest) = found;
    if rho != public.rho {
        return Some("PE.J1");
    }
    if r != public.r {
        return Some("PE.J2");
    }
    match rest {
        Err(id) => Some(id),
        Ok((q, _, _)) if q != public.q => Some("PE.J4"),
        Ok((_, z, r_at_z)) => ((z, r_at_z) != (public.z, public.r_at_z)).then_some("PE.J5"),
    }
}

/// `rho` and `r` of a proof that passes up to the opening.
fn drawn_before_the_fold_chain(
    class: &Class,
    inputs: &StatementInputs,
    public: &PublicInputs,
    field: &FieldProof,
) -> (Fr, Fr) {
    let mut transcript = Transcript::new(ARGUMENT_TAG);
    let [d1, d2, d3, _] = &public.rounds;
    transcript.absorb("stmt", &inputs.stmt);
    transcript.absorb("shape", &inputs.matrix.shape);
    transcript.absorb_all("layout", &inputs.matrix.layouts);
    transcript.absorb("prog", &inputs.prog);
    transcript.absorb("d1", d1);
    let g = transcript.challenges("g", class.log_rows());
    transcript.absorb("d2", d2);
    let y = transcript.challenges("y", class.log_chunk);
    let leaf = verify_tree(class, &field.tree, &mut transcript).unwrap();
    let [multiplicities, cells] = leaf_claims(class, &leaf);
    let mut claims = vec![layer_claim(class, &inputs.matrix, &g), multiplicities, cells];
    claims.extend(output_claims(class, &y));
    verify_reduction(class, &claims, &field.reduction, &field.values, &mut transcript).unwrap();
    let rho = transcript.challenge("rho");
    transcript.absorb("d3", d3);
    (rho, transcript.challenge("r"))
}

/// The circuit's answer, asked of its matrices; agrees with `first_failure` on the way.
fn recorded_failure(class: &Class, public: &PublicInputs, witness: &WrapWitness) -> Option<&'static str> {
    let mut checks = Checks::recording(&public.to_array());
    synthesise(&mut checks, class, witness);
    assert_eq!(checks.is_satisfied(), checks.first_failure().is_none(), "constraints and recorder agree");
    checks.first_failure()
}

#[test]
fn honest_proofs_satisfy_the_circuit() {
    for (class, inputs, outputs) in [
        (Class::REDUCED_TINY, 3, 2),
        (Class::REDUCED_TINY, 1, 1),
        (Class::REDUCED_TINY, 2, 1),
        (Class::REDUCED_TINY, 1, 2),
        (Class::REDUCED_CHUNKS, 3, 4),
        (Class::REDUCED_CHUNKS, 1, 3),
    ] {
        let (public, witness) = honest(&case(class, inputs, outputs, 11));
        assert_eq!(first_failure(&class, &public, &witness), None);
        assert_eq!(recorded_failure(&class, &public, &witness), None);
    }
}

#[test]
fn an_honest_production_proof_satisfies_the_circuit() {
    let class = Class::SLICE;
    let (public, witness) = honest(&case(class, 15, 4, 12));
    assert_eq!(recorded_failure(&class, &public, &witness), None);
}

#[test]
fn the_circuit_runs_the_verifiers_transcript() {
    for class in [Class::REDUCED_TINY, Class::REDUCED_CHUNKS] {
        let case = case(class, 2, 2, 13);
        let (public, witness) = honest(&case);
        let digests = case.statement.inputs(&class).unwrap();
        let mut native = Transcript::recording(ARGUMENT_TAG);
        verify_field(&class, &digests, &public.rounds, &witness.field, &mut native).unwrap();
        let mut checks = Checks::values(&public.to_array());
        assert_eq!(synthesise(&mut checks, &class, &witness), native.events());
    }
}

#[test]
fn the_circuit_does_not_depend_on_the_witness() {
    let class = Class::REDUCED_TINY;
    let expected = structure(&class).circuit_digest();
    for (inputs, outputs) in [(3, 2), (1, 1)] {
        let (public, witness) = honest(&case(class, inputs, outputs, 14));
        let mut checks = Checks::recording(&public.to_array());
        synthesise(&mut checks, &class, &witness);
        assert_eq!(checks.circuit_digest(), expected);
    }
    assert_ne!(structure(&Class::REDUCED_CHUNKS).circuit_digest(), expected);
}

#[test]
fn the_production_circuit_fits_its_domain() {
    let report = constraint_report(&Class::SLICE);
    let total: usize = report.iter().map(|(_, count)| count).sum();
    println!("{report:?}: {total} constraints, {} coefficients", structure(&Class::SLICE).density());
    assert!(total + 15 <= 1 << 17, "{total} constraints: the prover's domain doubles");
}

/// Every scalar of the field proof, in the order of the message table.
fn scalars(proof: &mut FieldProof) -> Vec<&mut Fr> {
    let FieldProof { tree, reduction, values, opening } = proof;
    let layers = tree.layers.iter_mut().flat_map(|l| l.rounds.iter_mut().flatten().chain(&mut l.children));
    tree.root
        .iter_mut()
        .chain(layers)
        .chain(reduction.iter_mut().flatten())
        .chain(values)
        .chain([&mut opening.f0_at_u])
        .chain(opening.residues.iter_mut().flatten())
        .collect()
}

fn public_scalars(public: &mut PublicInputs) -> [&mut Fr; 14] {
    let PublicInputs { stmt, shape, layouts: [l0, l1], prog, rounds: [d1, d2, d3, d4], rho, r, q, z, r_at_z } =
        public;
    [stmt, shape, l0, l1, prog, d1, d2, d3, d4, rho, r, q, z, r_at_z]
}

/// What becomes of a scalar.
#[derive(Clone, Copy, Debug)]
enum Change {
    Add(u64),
    Zero,
    Negate,
    Random([u8; 32]),
}

impl Change {
    fn apply(self, to: &mut Fr) {
        *to = match self {
            Self::Add(n) => *to + Fr::from(n),
            Self::Zero => Fr::zero(),
            Self::Negate => -*to,
            Self::Random(bytes) => Fr::from_le_bytes_mod_order(&bytes),
        };
    }
}

/// A mutation of public inputs or witness.
#[derive(Clone, Debug)]
enum Mutation {
    Nothing,
    Scalar(prop::sample::Index, Change),
    Swap(prop::sample::Index, prop::sample::Index),
    Public(prop::sample::Index, Change),
    Coefficient(prop::sample::Index, i8),
    Constant(prop::sample::Index, u64),
    Shorter(prop::sample::Index),
    Longer(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (1u64..4).prop_map(Change::Add),
        Just(Change::Zero),
        Just(Change::Negate),
        any::<[u8; 32]>().prop_map(Change::Random),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        1 => Just(Mutation::Nothing),
        8 => (index(), change()).prop_map(|(i, c)| Mutation::Scalar(i, c)),
        2 => (index(), index()).prop_map(|(i, j)| Mutation::Swap(i, j)),
        6 => (index(), change()).prop_map(|(i, c)| Mutation::Public(i, c)),
        3 => (index(), any::<i8>()).prop_map(|(i, c)| Mutation::Coefficient(i, c)),
        2 => (index(), any::<u64>()).prop_map(|(i, c)| Mutation::Constant(i, c)),
        1 => index().prop_map(Mutation::Shorter),
        1 => index().prop_map(Mutation::Longer),
    ]
}

/// Shortens or lengthens one of the witness's lists.
fn resize(witness: &mut WrapWitness, index: prop::sample::Index, shorter: bool) {
    fn change<T: Clone>(list: &mut Vec<T>, shorter: bool) {
        match (list.pop(), shorter) {
            (Some(last), false) => list.extend([last.clone(), last]),
            (last, _) => drop(last),
        }
    }
    let field = &mut witness.field;
    match index.index(9) {
        0 => change(&mut field.tree.layers, shorter),
        1 => change(&mut field.tree.layers[3].rounds, shorter),
        2 => change(&mut field.reduction, shorter),
        3 => change(&mut field.values, shorter),
        4 => change(&mut field.opening.residues, shorter),
        5 => change(&mut field.opening.residues[0], shorter),
        6 => change(&mut witness.matrix.coefficients, shorter),
        7 => change(&mut witness.matrix.coefficients[1], shorter),
        _ => change(&mut witness.matrix.constants, shorter),
    }
}

fn mutate(mutation: &Mutation, public: &mut PublicInputs, witness: &mut WrapWitness) {
    match mutation {
        Mutation::Nothing => {}
        Mutation::Scalar(index, change) => {
            let mut all = scalars(&mut witness.field);
            let place = index.index(all.len());
            change.apply(all[place]);
        }
        Mutation::Swap(i, j) => {
            let mut all = scalars(&mut witness.field);
            let (i, j) = (i.index(all.len()), j.index(all.len()));
            let (a, b) = (*all[i], *all[j]);
            (*all[i], *all[j]) = (b, a);
        }
        Mutation::Public(index, change) => change.apply(public_scalars(public)[index.index(14)]),
        Mutation::Coefficient(index, value) => {
            let row = index.index(witness.matrix.coefficients.len());
            *index.get_mut(&mut witness.matrix.coefficients[row]) = *value;
        }
        Mutation::Constant(index, value) => *index.get_mut(&mut witness.matrix.constants) = *value,
        Mutation::Shorter(index) => resize(witness, *index, true),
        Mutation::Longer(index) => resize(witness, *index, false),
    }
}

fn base() -> &'static (PublicInputs, WrapWitness) {
    static BASE: OnceLock<(PublicInputs, WrapWitness)> = OnceLock::new();
    BASE.get_or_init(|| honest(&case(Class::REDUCED_TINY, 2, 2, 15)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 480, ..ProptestConfig::default() })]

    #[test]
    fn circuit_and_native_verifier_agree(mutation in mutation(), record in 0..24u8) {
        let class = Class::REDUCED_TINY;
        let (mut public, mut witness) = base().clone();
        mutate(&mutation, &mut public, &mut witness);
        let native = native_failure(&class, &public, &witness);
        prop_assert_eq!(first_failure(&class, &public, &witness), native);
        if record == 0 && witness.shape_failure(&class).is_none() {
            prop_assert_eq!(recorded_failure(&class, &public, &witness), native);
        }
    }
}

#[test]
fn every_public_input_is_bound() {
    let class = Class::REDUCED_TINY;
    let (public, witness) = base();
    for (index, id) in [
        "PE.H4", "PE.T1", "PE.T1", "PE.T1", "PE.T1", "PE.H4", "PE.H4", "PE.J2", "PE.J5", "PE.J1", "PE.J2",
        "PE.J4", "PE.J5", "PE.J5",
    ]
    .into_iter()
    .enumerate()
    {
        let mut public = *public;
        *public_scalars(&mut public)[index] += Fr::from(1u64);
        assert_eq!(first_failure(&class, &public, witness), Some(id), "public input {index}");
    }
}

#[test]
fn every_check_is_reached() {
    let class = Class::REDUCED_TINY;
    let (public, witness) = base();
    let check = |id: &str, change: &dyn Fn(&mut PublicInputs, &mut WrapWitness)| {
        let (mut public, mut witness) = (*public, witness.clone());
        change(&mut public, &mut witness);
        assert_eq!(first_failure(&class, &public, &witness), Some(id));
        assert_eq!(recorded_failure(&class, &public, &witness), Some(id));
        assert_eq!(native_failure(&class, &public, &witness), Some(id));
    };
    let one = Fr::from(1u64);
    check("PE.T1", &|_, w| w.matrix.constants[0] ^= 1);
    check("PE.H2", &|_, w| w.field.tree.root[0] += one);
    check("PE.H3", &|_, w| w.field.tree.root = [Fr::zero(), one, Fr::zero(), one]);
    check("PE.H4", &|_, w| w.field.tree.layers[2].children[1] += one);
    check("PE.I3", &|_, w| w.field.reduction[0][0] += one);
    check("PE.I3", &|_, w| w.field.values[0] += one);
    check("PE.J1", &|p, _| p.rho += one);
    check("PE.J2", &|p, _| p.rounds[2] += one);
    check("PE.J3", &|_, w| w.field.opening.residues[2][0] += one);
    check("PE.J4", &|_, w| w.field.opening.f0_at_u += one);
    check("PE.J5", &|p, _| p.rounds[3] += one);
    check("PE.J5", &|p, _| p.r_at_z += one);
}

/// Soundness that no mutation of a message finds: a variable that no constraint holds.
#[test]
fn changing_any_one_variable_breaks_a_constraint() {
    let class = Class::REDUCED_TINY;
    let (public, witness) = base();
    let mut checks = Checks::recording(&public.to_array());
    synthesise(&mut checks, &class, witness);
    let assignment = checks.assignment();
    let mut values = [vec![], vec![], vec![]];
    // For each variable the rows that name it: row, matrix, coefficient.
    let mut occurrences = vec![vec![]; assignment.len()];
    for (m, matrix) in checks.matrices().iter().enumerate() {
        for (row, terms) in matrix.iter().enumerate() {
            values[m].push(terms.iter().map(|(c, v)| *c * assignment[*v]).sum::<Fr>());
            terms.iter().for_each(|(c, v)| occurrences[*v].push((row, m, *c)));
        }
    }
    let delta = Fr::from(0x1234_5678_9abc_def1u64);
    let free = occurrences
        .into_iter()
        .skip(1)
        .map(|mut rows: Vec<(usize, usize, Fr)>| {
            rows.sort_by_key(|(row, ..)| *row);
            rows
        })
        .filter(|rows| {
            rows.chunk_by(|a, b| a.0 == b.0).all(|terms| {
                let row = terms[0].0;
                let mut row_values = [values[0][row], values[1][row], values[2][row]];
                terms.iter().for_each(|(_, m, c)| row_values[*m] += *c * delta);
                row_values[0] * row_values[1] == row_values[2]
            })
        })
        .count();
    // Inverses of the layout entries that are zero: 30 places, 2 inputs and 2 outputs used.
    assert_eq!(free, 30 - 4);
}
