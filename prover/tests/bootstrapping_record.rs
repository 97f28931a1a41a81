//! The proofs that `prover/verifier/testdata/bootstrapping/verify.py` checks, which was written from the spec.
//!
//! `TRINE_BLESS=1` records them again; otherwise they have to be what the prover gives today.

#![expect(dead_code, reason = "the plain prover can also be told to cheat")]

#[path = "bootstrapping/case.rs"]
mod case;
#[path = "bootstrapping/circuits.rs"]
mod circuits;
#[path = "bootstrapping/columns.rs"]
mod columns;
#[path = "bootstrapping/dense.rs"]
mod dense;
#[path = "bootstrapping/evaluator.rs"]
mod evaluator;
#[path = "bootstrapping/fault.rs"]
mod fault;
#[path = "bootstrapping/multiplicities.rs"]
mod multiplicities;
#[path = "bootstrapping/plain.rs"]
mod plain;
#[path = "bootstrapping/product.rs"]
mod product;
#[path = "bootstrapping/reduction.rs"]
mod reduction;
#[path = "bootstrapping/rotation.rs"]
mod rotation;
#[path = "bootstrapping/switch.rs"]
mod switch;
#[path = "bootstrapping/trace.rs"]
mod trace;
#[path = "bootstrapping/tree.rs"]
mod tree;

use ark_bn254::Fr;
use case::{Case, key};
use plain::{Proven, Prover};
use std::path::Path;
use trine_verifier::bootstrapping::statement::PublicInputs;
use trine_verifier::bootstrapping::{Parameters, verify};
use trine_verifier::digest::field_word;
use trine_verifier::opening::CLOSING_POINTS;

/// Bytes of a proof before its points, and of a point.
const HEADER_BYTES: usize = 7;
const POINT_BYTES: usize = 64;

#[test]
fn recorded_proofs_are_those_of_the_prover() {
    for (name, parameters, bootstrappings, seed) in
        [("reduced", Parameters::REDUCED, 6, 11), ("gadgets", Parameters::REDUCED_GADGETS, 3, 12)]
    {
        let text = record(parameters, bootstrappings, seed);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("verifier/testdata/bootstrapping");
        let path = folder.join(format!("{name}.json"));
        if std::env::var_os("TRINE_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let recorded = std::fs::read_to_string(&path).unwrap();
        assert!(recorded == text, "{} differs: run with TRINE_BLESS=1 to accept", path.display());
    }
}

/// A proof of a random circuit that the native verifier accepts, as JSON.
fn record(parameters: Parameters, bootstrappings: usize, seed: u64) -> String {
    let case = Case::random(parameters, bootstrappings, seed);
    let trace = case.evaluate();
    let proven = Prover::honest(&case, &trace).prove();
    let public = verify(&parameters, key().verifier(), &proven.statement, &proven.proof).unwrap();
    let opening = &public.opening;
    let outputs = [opening.rho, opening.r, opening.q, opening.z, opening.r_at_z];
    [
        "{".to_string(),
        format!("\"parameters\": {},", constants(&parameters)),
        format!("\"circuit\": {:?},", case.circuit.to_text()),
        format!("\"stmt\": {},", words(&[public.stmt])[0]),
        format!("\"digests\": [\n{}\n],", words(&public.rounds).join(",\n")),
        format!("\"proof\": [\n{}\n],", elements(&case, &proven, &public).join(",\n")),
        format!("\"outputs\": [\n{}\n]", words(&outputs).join(",\n")),
        "}\n".to_string(),
    ]
    .join("\n")
}

fn constants(p: &Parameters) -> String {
    let [compute, casting] = p.keyswitching.map(|g| format!("[{}, {}]", g.base_bits, g.levels));
    let numbers = [
        ("id", usize::from(p.id)),
        ("log_n", p.log_n),
        ("groups", p.groups),
        ("log_steps", p.log_steps),
        ("base_bits", p.base_bits),
        ("limb_bits", p.limb_bits),
        ("log_chunk", p.log_chunk),
        ("max_log_bootstrappings", p.max_log_bootstrappings),
        ("max_inputs", p.max_inputs),
        ("max_outputs", p.max_outputs),
        ("log_output_blocks", p.log_output_blocks),
    ];
    let numbers = numbers.map(|(name, number)| format!("\"{name}\": {number}"));
    format!("{{{}, \"compute\": {compute}, \"casting\": {casting}}}", numbers.join(", "))
}

/// The field elements of the proof's canonical bytes, which follow the points.
fn elements(case: &Case, proven: &Proven, public: &PublicInputs) -> Vec<String> {
    assert_eq!(public.shape, case.shape.word());
    let group = &proven.proof.group;
    let points = group.columns.len() + group.second.len() + group.folds.len() + CLOSING_POINTS;
    let bytes = proven.proof.to_bytes(&case.shape);
    bytes[HEADER_BYTES + POINT_BYTES * points..].chunks(32).map(quoted).collect()
}

fn words(elements: &[Fr]) -> Vec<String> {
    elements.iter().map(|e| quoted(&field_word(e))).collect()
}

fn quoted(word: &[u8]) -> String {
    format!("\"{}\"", hex::encode(word))
}
