//! Circuit and native verifier accept alike, and reject under the same spec id.

use crate::circuit::recorded_failure;
use crate::honest::{Honest, all};
use crate::mutation::{Mutated, PLACES, public};
use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use std::collections::BTreeMap;
use trine_prover::wrap::bootstrapping::{WrapWitness, first_failure};

/// Mutated proofs.
const CASES: u64 = 1_000;
/// Every so many cases are also asked of the matrices.
const RECORDED: u64 = 40;

/// The witness of a mutated proof; the spec id where it has another number of messages than its shape.
fn witness(honest: &Honest, mutated: &Mutated) -> Result<WrapWitness, &'static str> {
    let witness = honest.witness(&mutated.field)?;
    Ok(WrapWitness { program: mutated.program.clone(), ..witness })
}

fn circuit_failure(honest: &Honest, mutated: &Mutated, recorded: bool) -> Option<&'static str> {
    match witness(honest, mutated) {
        Err(id) => Some(id),
        Ok(witness) if recorded => recorded_failure(&honest.class, &mutated.public, &witness),
        Ok(witness) => first_failure(&honest.class, &mutated.public, &witness),
    }
}

#[test]
fn circuit_and_native_verifier_agree_on_mutated_proofs() {
    let honest = all();
    let found: Vec<Option<&'static str>> = (0..CASES)
        .into_par_iter()
        .map(|case| {
            let honest = &honest[case as usize / PLACES % honest.len()];
            let mut random = ChaCha20Rng::seed_from_u64(case);
            let mut mutated = Mutated::new(honest);
            mutated.mutate(case as usize % PLACES, &mut random);
            let native = honest.native_failure(&mutated.public, &mutated.program, &mutated.field);
            let circuit = circuit_failure(honest, &mutated, case % RECORDED == 0);
            // Another statement than the proof's has no native form: malformed, or found by the first challenge.
            let of_another = native == Some("PB.T1") && circuit == Some("PB.A4");
            assert!(
                circuit == native || of_another,
                "case {case}: {}: {circuit:?}, {native:?}",
                mutated.what
            );
            native
        })
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for id in found {
        *counts.entry(id.unwrap_or("accepted")).or_default() += 1;
    }
    println!("{counts:?}");
    for id in [
        "accepted", "PB.T1", "PB.T2", "PB.A4", "PB.C2", "PB.E4", "PB.H2", "PB.H3", "PB.H4", "PB.I3", "PE.J1",
        "PE.J2", "PE.J3", "PE.J4", "PE.J5", "PB.T3",
    ] {
        assert!(counts.contains_key(id), "no mutation is {id}: {counts:?}");
    }
}

#[test]
fn every_public_input_is_bound() {
    for honest in [&all()[0], &all()[4]] {
        let ids = ["PB.A4"; 1].into_iter().chain(["PB.T1"; 7]).chain([
            "PB.T3", "PB.A4", "PB.E4", "PE.J2", "PE.J5", "PE.J1", "PE.J2", "PE.J4", "PE.J5", "PE.J5",
        ]);
        let witness = honest.witness(&honest.field).unwrap();
        for (index, id) in ids.enumerate() {
            let mut inputs = honest.public.clone();
            *public(&mut inputs)[index] += Fr::from(1u64);
            let failure = first_failure(&honest.class, &inputs, &witness);
            assert_eq!(failure, Some(id), "public input {index}");
            assert_eq!(honest.native_failure(&inputs, &witness.program, &honest.field), Some(id));
        }
    }
}

/// Values of unused slots are zero natively: the verifier puts them. Here they are witnessed.
#[test]
fn a_value_of_an_unused_slot_is_refused() {
    let honest = &all()[0];
    let witness = honest.witness(&honest.field).unwrap();
    let used = honest.inputs.shape.used();
    let unused: Vec<usize> =
        (0..honest.class.shape.polynomials()).filter(|slot| !used.contains(slot)).collect();
    assert!(unused.len() > 5, "{unused:?}");
    for slot in unused {
        let mut changed = witness.clone();
        changed.field.values[slot] = Fr::from(1u64);
        assert_eq!(first_failure(&honest.class, &honest.public, &changed), Some("PB.I3"), "slot {slot}");
    }
}

/// Messages of runs that a shape does not have count for nothing.
#[test]
fn messages_of_absent_rounds_and_layers_are_ignored() {
    let honest = &all()[0];
    let mut witness = honest.witness(&honest.field).unwrap();
    let rounds = honest.field.product.outer.len();
    let layers = honest.field.tree.layers.len();
    assert!(witness.field.product.outer.len() > rounds && witness.field.tree.layers.len() > layers);
    witness.field.product.outer[rounds..].fill([Fr::from(3u64); 3]);
    for layer in &mut witness.field.tree.layers[layers..] {
        layer.rounds.fill([Fr::from(5u64); 2]);
        layer.children = [Fr::from(7u64); 4];
    }
    assert_eq!(recorded_failure(&honest.class, &honest.public, &witness), None);
}
