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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::file::{FORMAT, ReceiptDomain};
    use crate::setup::receipt_setup;
    use alloy::primitives::{Address, B256};
    use ark_bn254::{Fr, G1Affine, G2Affine};
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_groth16::Proof;
    use trine_prover::srs;
    use trine_verifier::bootstrapping::proof;
    use trine_verifier::opening::{ClosingPoints, OpeningChallenges};
    use trine_verifier::proof::GroupProof;

    fn point(scalar: u64) -> G1Affine {
        (G1Affine::generator() * Fr::from(scalar)).into_affine()
    }

    fn receipt(wrapped: Vec<u8>) -> Receipt {
        Receipt {
            format: FORMAT.into(),
            setup: receipt_setup(srs::development(4).unwrap().verifier()),
            domain: ReceiptDomain {
                chain_id: 1,
                coprocessor: Address::ZERO,
                verifier_hash: B256::repeat_byte(8),
                srs_digest: B256::ZERO,
                parameter_set_id: B256::ZERO,
                key_digest: B256::ZERO,
            },
            request_id: B256::ZERO,
            salt: B256::ZERO,
            program: String::new(),
            inputs: vec![],
            outputs: vec![],
            key_points: None,
            inner_proof: vec![].into(),
            wrapped_proof: Some(wrapped.into()),
            fulfil_tx: None,
            release: None,
        }
    }

    /// A proof that decodes, with points of its own.
    fn inner(shape: &Shape) -> CircuitProof {
        let mut bytes = vec![0; proof::proof_bytes(shape)];
        bytes[..7].copy_from_slice(&[b'T', b'R', b'P', b'B', 2, shape.parameters.id, 0]);
        let zeros = CircuitProof::from_bytes(shape, &bytes).unwrap();
        let points = |first: u64, count: usize| (first..first + count as u64).map(point).collect::<Vec<_>>();
        let group = GroupProof {
            columns: points(2, shape.first_round().len()),
            second: points(50, shape.second_round().len()),
            folds: points(60, shape.levels() - 1),
            closing: ClosingPoints { quotient: point(70), remainder: point(71), witness: point(72) },
        };
        CircuitProof { group, ..zeros }
    }

    #[test]
    fn a_wrapped_proof_of_another_argument_is_named() {
        let shape = Shape::of(Parameters::PRODUCTION, 1, vec![1], vec![1]).unwrap();
        let inner = inner(&shape);
        let opening = OpeningChallenges {
            rho: Fr::from(1u64),
            r: Fr::from(2u64),
            q: Fr::from(3u64),
            z: Fr::from(4u64),
            r_at_z: Fr::from(5u64),
        };
        let zero = Fr::from(0u64);
        let public = PublicInputs {
            stmt: zero,
            shape: zero,
            layouts: [zero; 6],
            prog: zero,
            rounds: [zero; 4],
            opening,
        };
        let groth16 = Proof { a: point(3), b: G2Affine::generator(), c: point(4) };
        let wrapped = CircuitWrapProof::new(groth16, inner.group.clone(), &public);
        let honest = wrapped.to_bytes(&shape, &[8; 32]).unwrap();
        let check = |bytes: Vec<u8>| check_wrapped(&receipt(bytes), &shape, &inner, &public);
        check(honest.clone()).unwrap();
        let without = Receipt { wrapped_proof: None, ..receipt(vec![]) };
        check_wrapped(&without, &shape, &inner, &public).unwrap();

        let named = |alter: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = honest.clone();
            alter(&mut bytes);
            match check(bytes) {
                Err(ReceiptError::Wrapped { field }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(named(&|bytes| bytes.truncate(honest.len() - 1)), "length");
        assert_eq!(named(&|bytes| bytes[0] ^= 1), "verifier hash");
        // A coordinate of the first column, then the last challenge.
        assert_eq!(named(&|bytes| bytes[4 + 8 * 32 + 31] ^= 1), "encoding");
        assert_eq!(named(&|bytes| bytes[honest.len() - 1] ^= 1), "group side");
        // Two columns exchanged: canonical points, in another order.
        let column = |index: usize| 4 + 8 * 32 + 64 * index..4 + 8 * 32 + 64 * (index + 1);
        let swapped = |bytes: &mut Vec<u8>| {
            let first = bytes[column(0)].to_vec();
            let second = bytes[column(1)].to_vec();
            bytes[column(0)].copy_from_slice(&second);
            bytes[column(1)].copy_from_slice(&first);
        };
        assert_eq!(named(&swapped), "group side");
    }
}
