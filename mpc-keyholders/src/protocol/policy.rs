//! Whether the outputs of a request that its consumer has named may be released at all (TR.A4, TR.A5): decided from the text
//! of the program, which the node takes from the chain and hashes by itself.
//!
//! Outputs of circuits are released under the policy of `trine_program::circuit::release`; those of linear programs, which
//! are not bootstrapped, under the development policy, in development mode alone. That one is asked of all outputs, whichever
//! are released.

use super::authorise::{ChainFacts, ChainHandle, ReleaseRules};
use super::evaluation::Program;
use super::refusal::Refusal;
use trine_fhe::noise::linear_variance;
use trine_program::circuit::release::Job;
use trine_program::circuit::{InputSource, Leaf, ReleaseViolation, releasable, segments, text};
use trine_program::policy::MAX_DEGREE;
use trine_program::{Circuit, Declaration, KeyKind, LinearProgram, ProgramId};
use trine_verifier::Origin;
use trine_verifier::bootstrapping::Parameters;

/// The program of the request, and the largest noise variance of a released block, unit q^2 (TR.A4, TR.A5); of a linear
/// program of any output's block.
pub(super) fn releasable_program(
    rules: &ReleaseRules,
    facts: &ChainFacts,
) -> Result<(Program, f64), Refusal> {
    if is_circuit(&facts.program_text) {
        return releasable_circuit(rules, facts);
    }
    let program = program_of(facts)?;
    let policy = rules.development.as_ref().ok_or(Refusal::DevelopmentRelease)?;
    policy.check(&program)?;
    let variance = linear_variance(&program, policy.fresh_variance);
    Ok((Program::Linear(program), variance))
}

/// Whether the first line is that of a circuit. What follows is read by the circuit's own parser.
pub(super) fn is_circuit(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').next() == Some(text::HEADER.as_bytes())
}

/// TR.A4: the text is the registered one, and reads as a program. Only canonical texts do, so that the identifier of
/// the program read is the hash of the text.
fn program_of(facts: &ChainFacts) -> Result<LinearProgram, Refusal> {
    let program = LinearProgram::from_text(&facts.program_text)?;
    let got = program.id().0;
    if got != facts.program_id {
        return Err(Refusal::ProgramText { got: hex::encode(got), expected: hex::encode(facts.program_id) });
    }
    Ok(program)
}

/// TR.A4 and TR.A5 for circuits: of the whole text, in however many segments it is proven.
fn releasable_circuit(rules: &ReleaseRules, facts: &ChainFacts) -> Result<(Program, f64), Refusal> {
    let malformed = |source| ReleaseViolation::Text { job: 0, source };
    let circuit = Circuit::from_text(&facts.program_text).map_err(malformed)?;
    check_count("inputs on chain", facts.inputs.len(), circuit.inputs().len())?;
    check_count("outputs on chain", facts.outputs.len(), circuit.outputs().len())?;
    let handles = facts.inputs.iter().zip(circuit.inputs()).enumerate();
    let inputs = handles.map(|(index, (handle, declared))| leaf(index, handle, declared));
    let job = Job {
        program_id: ProgramId(facts.program_id),
        text: &facts.program_text,
        inputs: inputs.collect::<Result<_, _>>()?,
    };
    let released: Vec<bool> = facts.outputs.iter().map(|output| output.released).collect();
    let records = releasable(&[job], &rules.noise, &released)?;
    let segments = segments(&circuit, &Parameters::PRODUCTION.segment_limits())?;
    let variance = records.iter().map(|record| record.variance).fold(0.0, f64::max);
    Ok((Program::Circuit { circuit, segments }, variance))
}

/// A registered ciphertext as the policy takes it: what the record on chain says, fresh, with the degree that the program
/// declares. A proof of plaintext knowledge bounds a plaintext to the four bits of a block and no further.
fn leaf(index: usize, handle: &ChainHandle, declared: &Declaration) -> Result<InputSource, Refusal> {
    let record = &handle.record;
    if !matches!(record.origin, Origin::Input { .. }) {
        let fault = "is of a computed value; only registered ciphertexts enter a released program";
        return Err(Refusal::Record { what: "input", index, fault });
    }
    let degree = match record.key_kind {
        KeyKind::Casting => MAX_DEGREE as u8,
        KeyKind::Compute => declared.degree,
    };
    let (value_type, key_kind, blocks) = (record.value_type, record.key_kind, record.blocks);
    let declaration = Declaration { value_type, key_kind, blocks, degree };
    Ok(InputSource::Leaf(Leaf { declaration, noise_level: 1 }))
}

pub(super) fn check_count(what: &'static str, got: usize, expected: usize) -> Result<(), Refusal> {
    if got == expected { Ok(()) } else { Err(Refusal::Count { what, got, expected }) }
}
