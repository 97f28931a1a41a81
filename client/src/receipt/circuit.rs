//! Native verification of a receipt of a circuit of bootstrappings.

use super::batch::presented;
use super::error::ReceiptError;
use super::file::{Receipt, ReceiptSegment};
use super::verify::{VerifiedInputs, VerifiedReceipt, domain, named_values};
use alloy::primitives::{B256, Bytes};
use trine_contract::calldata::circuit::{CircuitWrapProof, proof_bytes};
use trine_keyholder::protocol::batch::{PresentedBatch, merged};
use trine_program::circuit::text::HEADER;
use trine_program::circuit::{Circuit, Segment, segments};
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::segment::{JobRejection, segment_jobs};
use trine_verifier::bootstrapping::statement::{Job, PublicInputs, StatementError};
use trine_verifier::bootstrapping::{
    CircuitProof, KeyCommitments, Parameters, Shape, verify as verify_proof,
};
use trine_verifier::srs::VerifierSrs;
use trine_verifier::{Commitment, Domain, NamedCommitment};

/// What the proofs of a circuit say.
#[derive(Debug)]
pub struct VerifiedCircuit {
    /// The whole circuit.
    pub circuit: Circuit,
    /// Commitments of the evaluation key.
    pub keys: KeyCommitments,
    /// Its segments in order; a circuit that one proof covers is one.
    pub segments: Vec<VerifiedSegment>,
}

/// What the proof of a segment says.
#[derive(Debug)]
pub struct VerifiedSegment {
    /// Its circuit.
    pub circuit: Circuit,
    /// Public inputs of its wrap.
    pub public: PublicInputs,
    /// Its inputs.
    pub inputs: Vec<NamedCommitment>,
    /// Its outputs: links, of the last segment outputs of the circuit.
    pub outputs: Vec<NamedCommitment>,
    /// All jobs that the proof covers, in their order, this one among them.
    pub jobs: Vec<Job>,
    /// Words of their programs, merged.
    pub words: Words,
    /// What the receipt says of the others.
    pub batch: PresentedBatch,
}

/// Whether a program text is a circuit's, by its first line.
pub fn is_circuit(text: &str) -> bool {
    text.lines().next() == Some(HEADER)
}

/// Verifies a receipt whose program is a circuit. The setup is checked already.
pub(super) fn verify(receipt: &Receipt, srs: &VerifierSrs) -> Result<VerifiedReceipt, ReceiptError> {
    let parameters = Parameters::PRODUCTION;
    let circuit = Circuit::from_text(receipt.program.as_bytes())?;
    let list = segments(&circuit, &parameters.segment_limits())?;
    let links = links(receipt, &list)?;
    let keys = key_commitments(&parameters, receipt)?;
    let last = u32::try_from(receipt.earlier_segments.len()).unwrap_or(u32::MAX);
    let (inputs, outputs) = named_values(receipt, circuit.inputs(), circuit.outputs(), last)?;
    let (request_id, salt) = (receipt.request_id.0, receipt.salt.0);
    let job = Job { request_id, salt, segment: 0, circuit, inputs, outputs };
    let domain = domain(receipt);
    let jobs = segment_jobs(&domain, &job, &list, &links).map_err(miscounted)?;
    let batches = receipt.earlier_segments.iter().map(|segment| segment.batch.as_ref());
    let batches = batches.chain([receipt.batch.as_ref()]);
    let proofs = receipt.proofs().zip(batches).zip(jobs).enumerate();
    let verified = proofs.map(|(segment, ((proofs, batch), job))| {
        let batch = presented(segment, batch)?;
        Proof { segment, proofs, domain: &domain, keys: &keys, srs }.verify(batch, job)
    });
    let segments = verified.collect::<Result<_, _>>()?;
    Ok(VerifiedReceipt {
        request_id: job.request_id,
        inputs: job.inputs,
        outputs: job.outputs,
        declared: job.circuit.outputs().to_vec(),
        public: VerifiedInputs::Circuit(Box::new(VerifiedCircuit { circuit: job.circuit, keys, segments })),
    })
}

/// The links of each segment, of which the last has none. Segments and links are counted.
fn links(receipt: &Receipt, list: &[Segment]) -> Result<Vec<Vec<Commitment>>, ReceiptError> {
    let (got, expected) = (receipt.earlier_segments.len() + 1, list.len());
    if got != expected {
        return Err(ReceiptError::SegmentCount { got, expected });
    }
    let of_segment = |(segment, (given, cut)): (usize, (&ReceiptSegment, &Segment))| {
        let (got, expected) = (given.links.len(), cut.links);
        if got != expected {
            return Err(ReceiptError::LinkCount { segment, got, expected });
        }
        let link = |(index, [x, y]): (usize, &[B256; 2])| {
            Commitment::from_xy(&x.0, &y.0).map_err(|error| ReceiptError::Link { segment, index, error })
        };
        given.links.iter().enumerate().map(link).collect()
    };
    let earlier = receipt.earlier_segments.iter().zip(list).enumerate().map(of_segment);
    earlier.chain([Ok(vec![])]).collect()
}

/// Counts are checked before: this is no reader's error.
fn miscounted(rejection: JobRejection) -> ReceiptError {
    match rejection {
        JobRejection::Segments(error) => ReceiptError::Cut(error),
        JobRejection::Segment { segment, error } => ReceiptError::CircuitRejected { segment, error },
        JobRejection::Batch { segment, error } => ReceiptError::Batch { segment, fault: error.into() },
        JobRejection::Count { got, expected, .. } => ReceiptError::SegmentCount { got, expected },
    }
}

/// Both forms of a segment's proof.
type Proofs<'a> = (&'a Bytes, Option<&'a Bytes>);

/// The proof of one segment.
struct Proof<'a> {
    segment: usize,
    proofs: Proofs<'a>,
    domain: &'a Domain,
    keys: &'a KeyCommitments,
    srs: &'a VerifierSrs,
}

impl Proof<'_> {
    /// As `trine_verifier::bootstrapping::segment::verify_job` does, and keeps the public inputs.
    fn verify(&self, presented: PresentedBatch, job: Job) -> Result<VerifiedSegment, ReceiptError> {
        let (parameters, segment) = (Parameters::PRODUCTION, self.segment);
        let refused = |fault| ReceiptError::Batch { segment, fault };
        let batch = presented.read(self.domain).map_err(refused)?;
        let together = merged(&batch, &job.circuit).map_err(refused)?;
        let shape = Shape::new(parameters, &together)?;
        let (inner, wrapped) = self.proofs;
        let proof = CircuitProof::from_bytes(&shape, inner)
            .map_err(|error| ReceiptError::SegmentProof { segment, error })?;
        let (circuit, inputs, outputs) = (job.circuit.clone(), job.inputs.clone(), job.outputs.clone());
        let statement = batch.statement(*self.domain, self.keys.clone(), job);
        let statement = statement.map_err(|error| refused(error.into()))?;
        let rejected = |error| ReceiptError::CircuitRejected { segment, error };
        let public = verify_proof(&parameters, self.srs, &statement, &proof).map_err(rejected)?;
        if let Some(wrapped) = wrapped {
            check_wrapped(wrapped, &self.domain.verifier_hash, &shape, &proof, &public)
                .map_err(|field| ReceiptError::Wrapped { segment, field })?;
        }
        let words = Words::of(&together).map_err(|error| rejected(StatementError::OffGrid(error).into()))?;
        let jobs = statement.jobs;
        Ok(VerifiedSegment { circuit, public, inputs, outputs, jobs, words, batch: presented })
    }
}

/// The commitments of the evaluation key; that they are those of the domain's key is a step of the verifier (PB.S1).
fn key_commitments(parameters: &Parameters, receipt: &Receipt) -> Result<KeyCommitments, ReceiptError> {
    let points = receipt.key_points.as_ref().ok_or(ReceiptError::NoKeyPoints)?;
    let words: Vec<_> = points.iter().map(|[x, y]| [x.0, y.0]).collect();
    Ok(KeyCommitments::from_xy(parameters, &words)?)
}

/// The proof for the contract has the group side and the challenges of the same argument. Its Groth16 part is the
/// contract's to check: the inner proof alone convinces here. Error: the part that differs.
fn check_wrapped(
    wrapped: &[u8],
    verifier_hash: &[u8; 32],
    shape: &Shape,
    proof: &CircuitProof,
    public: &PublicInputs,
) -> Result<(), &'static str> {
    if wrapped.len() != proof_bytes(shape) {
        return Err("length");
    }
    if wrapped.get(..4) != verifier_hash.get(..4) {
        return Err("verifier hash");
    }
    let Ok(read) = CircuitWrapProof::from_bytes(shape, verifier_hash, wrapped) else {
        return Err("encoding");
    };
    let honest = CircuitWrapProof::new(read.groth16.clone(), proof.group.clone(), public);
    if read == honest { Ok(()) } else { Err("group side") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::{Fr, G1Affine, G2Affine};
    use ark_ec::{AffineRepr, CurveGroup};
    use ark_groth16::Proof;
    use trine_verifier::bootstrapping::proof;
    use trine_verifier::opening::{ClosingPoints, OpeningChallenges};
    use trine_verifier::proof::GroupProof;

    fn point(scalar: u64) -> G1Affine {
        (G1Affine::generator() * Fr::from(scalar)).into_affine()
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
            program_at_z: zero,
            rounds: [zero; 4],
            opening,
        };
        let groth16 = Proof { a: point(3), b: G2Affine::generator(), c: point(4) };
        let wrapped = CircuitWrapProof::new(groth16, inner.group.clone(), &public);
        let honest = wrapped.to_bytes(&shape, &[8; 32]).unwrap();
        let check = |bytes: Vec<u8>| check_wrapped(&bytes, &[8; 32], &shape, &inner, &public);
        check(honest.clone()).unwrap();

        let named = |alter: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = honest.clone();
            alter(&mut bytes);
            check(bytes).unwrap_err()
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
