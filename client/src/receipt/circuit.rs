//! Native verification of a receipt of a circuit of bootstrappings.

use super::file::Receipt;
use super::verify::{ReceiptError, VerifiedInputs, VerifiedReceipt, domain, named_values};
use trine_contract::calldata::circuit::{CircuitWrapProof, proof_bytes};
use trine_program::circuit::text::HEADER;
use trine_program::circuit::{Circuit, segments};
use trine_verifier::bootstrapping::statement::{Job, PublicInputs};
use trine_verifier::bootstrapping::{
    CircuitProof, KeyCommitments, Parameters, Shape, Statement, verify as verify_proof,
};
use trine_verifier::srs::VerifierSrs;

/// Whether a program text is a circuit's, by its first line.
pub fn is_circuit(text: &str) -> bool {
    text.lines().next() == Some(HEADER)
}

/// Verifies a receipt whose program is a circuit. The setup is checked already.
pub(super) fn verify(receipt: &Receipt, srs: &VerifierSrs) -> Result<VerifiedReceipt, ReceiptError> {
    let parameters = Parameters::PRODUCTION;
    let circuit = Circuit::from_text(receipt.program.as_bytes())?;
    check_segments(&parameters, &circuit)?;
    let shape = Shape::new(parameters, &circuit)?;
    let keys = key_commitments(&parameters, receipt)?;
    let (inputs, outputs) = named_values(receipt, circuit.inputs(), circuit.outputs())?;
    let job =
        Job { request_id: receipt.request_id.0, salt: receipt.salt.0, segment: 0, circuit, inputs, outputs };
    let statement = Statement { domain: domain(receipt), keys, job };
    let proof = CircuitProof::from_bytes(&shape, &receipt.inner_proof)?;
    let public = verify_proof(&parameters, srs, &statement, &proof)?;
    check_wrapped(receipt, &shape, &proof, &public)?;
    let Statement { keys, job, .. } = statement;
    Ok(VerifiedReceipt {
        request_id: job.request_id,
        inputs: job.inputs,
        outputs: job.outputs,
        declared: job.circuit.outputs().to_vec(),
        public: VerifiedInputs::Circuit(Box::new(public), keys),
    })
}

/// One proof covers one segment: another number of them is no receipt.
fn check_segments(parameters: &Parameters, circuit: &Circuit) -> Result<(), ReceiptError> {
    let got = segments(circuit, &parameters.segment_limits())?.len();
    if got == 1 { Ok(()) } else { Err(ReceiptError::Segments { got }) }
}

/// The commitments of the evaluation key; that they are those of the domain's key is a step of the verifier (PB.S1).
fn key_commitments(parameters: &Parameters, receipt: &Receipt) -> Result<KeyCommitments, ReceiptError> {
    let points = receipt.key_points.as_ref().ok_or(ReceiptError::NoKeyPoints)?;
    let words: Vec<_> = points.iter().map(|[x, y]| [x.0, y.0]).collect();
    Ok(KeyCommitments::from_xy(parameters, &words)?)
}

/// The proof for the contract has the group side and the challenges of the same argument. Its Groth16 part is the
/// contract's to check: the inner proof alone convinces here.
fn check_wrapped(
    receipt: &Receipt,
    shape: &Shape,
    proof: &CircuitProof,
    public: &PublicInputs,
) -> Result<(), ReceiptError> {
    let differs = |field| Err(ReceiptError::Wrapped { field });
    let Some(wrapped) = &receipt.wrapped_proof else { return Ok(()) };
    if wrapped.len() != proof_bytes(shape) {
        return differs("length");
    }
    let hash = &receipt.domain.verifier_hash.0;
    if wrapped.get(..4) != hash.get(..4) {
        return differs("verifier hash");
    }
    let Ok(read) = CircuitWrapProof::from_bytes(shape, hash, wrapped) else { return differs("encoding") };
    let honest = CircuitWrapProof::new(read.groth16.clone(), proof.group.clone(), public);
    if read == honest { Ok(()) } else { differs("group side") }
}
