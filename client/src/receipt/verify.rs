//! Native verification of a receipt from files alone.

use super::circuit::{self, VerifiedCircuit, VerifiedSegment, is_circuit};
use super::error::ReceiptError;
use super::file::{Receipt, ReceiptOrigin, ReceiptRecord};
use ark_bn254::G2Affine;
use trine_contract::calldata;
use trine_contract::calldata::points;
use trine_program::{Declaration, LinearProgram};
use trine_verifier::digest::{field_word, point_words};
use trine_verifier::srs::{G2_EXPONENTS, G2_POWERS, VerifierSrs, point_of_h};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{
    Bytes32, Class, Commitment, Domain, HandleRecord, InnerProof, Job, NamedCommitment, Origin, PublicInputs,
    Statement,
};

/// Length of a proof for `Coprocessor.fulfil` (`docs/spec/onchain.md`).
pub const WRAPPED_BYTES: usize = 1188;
/// Words of the Groth16 proof at its start, after the four bytes of the verifier hash.
const GROTH16_WORDS: usize = 8;

/// A receipt whose proof holds.
#[derive(Debug)]
pub struct VerifiedReceipt {
    /// The request.
    pub request_id: Bytes32,
    /// Inputs in the order of the program.
    pub inputs: Vec<NamedCommitment>,
    /// Outputs in the order of the program.
    pub outputs: Vec<NamedCommitment>,
    /// What the program declares about the outputs.
    pub declared: Vec<Declaration>,
    /// Public inputs of the wrap.
    pub public: VerifiedInputs,
}

/// Public inputs of the wrap, by the kind of program.
#[derive(Debug)]
pub enum VerifiedInputs {
    /// Of a linear program.
    Linear(Box<PublicInputs>),
    /// Of a circuit.
    Circuit(Box<VerifiedCircuit>),
}

impl VerifiedReceipt {
    /// `publicValues` of the verifier's `verify`, exactly as the `Coprocessor` encodes them, of each proof.
    pub fn public_values(&self) -> Vec<Vec<u8>> {
        let circuit = match &self.public {
            VerifiedInputs::Linear(public) => {
                let inputs = points(self.inputs.iter().map(|i| &i.commitment));
                let outputs = points(self.outputs.iter().map(|o| &o.commitment));
                return vec![calldata::public_values(public, &inputs, &outputs)];
            }
            VerifiedInputs::Circuit(circuit) => circuit,
        };
        let keys = calldata::circuit::key_points(&circuit.keys);
        let values = |segment: &VerifiedSegment| {
            let inputs = points(segment.jobs.iter().flat_map(|job| &job.inputs).map(|i| &i.commitment));
            let outputs = points(segment.jobs.iter().flat_map(|job| &job.outputs).map(|o| &o.commitment));
            calldata::circuit::public_values(&segment.public, &segment.words, &keys, &inputs, &outputs)
        };
        circuit.segments.iter().map(values).collect()
    }
}

/// Verifies a receipt.
///
/// `trusted_srs` is the digest of the reference string that the reader trusts: the file cannot name its own anchor.
///
/// What the caller must still discharge: that chain, contract and key of the domain are those meant, that the inputs
/// are registered there, and the release (all three are on chain).
pub fn verify(receipt: &Receipt, trusted_srs: &Bytes32) -> Result<VerifiedReceipt, ReceiptError> {
    let srs = verifier_srs(receipt)?;
    check_setup(receipt, &srs.digest(), trusted_srs)?;
    if is_circuit(&receipt.program) { circuit::verify(receipt, &srs) } else { verify_linear(receipt, &srs) }
}

fn verify_linear(receipt: &Receipt, srs: &VerifierSrs) -> Result<VerifiedReceipt, ReceiptError> {
    let class = Class::SLICE;
    if receipt.key_points.is_some() {
        return Err(ReceiptError::UncheckedKeyPoints);
    }
    let got = receipt.earlier_segments.len();
    if got > 0 {
        return Err(ReceiptError::UncheckedSegments { got });
    }
    if receipt.batch.is_some() {
        return Err(ReceiptError::UncheckedBatch);
    }
    let program = LinearProgram::from_text(receipt.program.as_bytes())?;
    let statement = statement(receipt, program)?;
    let proof = InnerProof::from_bytes(&class, &receipt.inner_proof)?;
    let public_inputs = trine_verifier::verify(&class, srs, &statement, &proof)?;
    check_wrapped(receipt, &proof, &public_inputs)?;
    let job = statement.job;
    Ok(VerifiedReceipt {
        request_id: job.request_id,
        inputs: job.inputs,
        outputs: job.outputs,
        declared: job.program.outputs().to_vec(),
        public: VerifiedInputs::Linear(Box::new(public_inputs)),
    })
}

fn verifier_srs(receipt: &Receipt) -> Result<VerifierSrs, ReceiptError> {
    let mut powers_h = [G2Affine::identity(); G2_POWERS];
    for ((point, words), exponent) in powers_h.iter_mut().zip(&receipt.setup.powers_h).zip(G2_EXPONENTS) {
        *point = point_of_h(&words.map(|word| word.0), exponent)?;
    }
    // Whether tau is known to somebody is not in the bytes: the trusted digest decides.
    Ok(VerifierSrs::new(powers_h, receipt.setup.max_powers, true)?)
}

fn check_setup(receipt: &Receipt, digest: &Bytes32, trusted: &Bytes32) -> Result<(), ReceiptError> {
    let named = &receipt.domain.srs_digest.0;
    if digest != named {
        return Err(ReceiptError::SrsDigest { got: hex::encode(digest), expected: hex::encode(named) });
    }
    if digest != trusted {
        return Err(ReceiptError::Untrusted { got: hex::encode(digest), expected: hex::encode(trusted) });
    }
    let (got, expected) = (receipt.domain.parameter_set_id.0, parameter_set_id());
    if got != expected {
        return Err(ReceiptError::ParameterSet { got: hex::encode(got), expected: hex::encode(expected) });
    }
    Ok(())
}

fn statement(receipt: &Receipt, program: LinearProgram) -> Result<Statement, ReceiptError> {
    let (inputs, outputs) = named_values(receipt, program.inputs(), program.outputs(), 0)?;
    let job = Job { request_id: receipt.request_id.0, salt: receipt.salt.0, program, inputs, outputs };
    Ok(Statement { domain: domain(receipt), job })
}

/// Inputs and outputs by their records: of the declared types, the outputs of this request and segment, at their places.
pub(super) fn named_values(
    receipt: &Receipt,
    inputs: &[Declaration],
    outputs: &[Declaration],
    segment: u32,
) -> Result<(Vec<NamedCommitment>, Vec<NamedCommitment>), ReceiptError> {
    let inputs = named(receipt, "input", &receipt.inputs, inputs)?;
    let outputs = named(receipt, "output", &receipt.outputs, outputs)?;
    for (index, record) in receipt.outputs.iter().enumerate() {
        let expected = ReceiptOrigin::Output {
            request_id: receipt.request_id,
            job: 0,
            segment,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        };
        if record.origin != expected {
            return Err(ReceiptError::Origin { index });
        }
    }
    Ok((inputs, outputs))
}

pub(super) fn domain(receipt: &Receipt) -> Domain {
    let d = &receipt.domain;
    Domain {
        chain_id: d.chain_id,
        coprocessor: d.coprocessor.0.0,
        verifier_hash: d.verifier_hash.0,
        srs_digest: d.srs_digest.0,
        parameter_set_id: d.parameter_set_id.0,
        key_digest: d.key_digest.0,
    }
}

fn named(
    receipt: &Receipt,
    what: &'static str,
    records: &[ReceiptRecord],
    declarations: &[Declaration],
) -> Result<Vec<NamedCommitment>, ReceiptError> {
    let (got, expected) = (records.len(), declarations.len());
    if got != expected {
        return Err(ReceiptError::RecordCount { what, got, expected });
    }
    let mut named = Vec::with_capacity(got);
    for (index, (record, declaration)) in records.iter().zip(declarations).enumerate() {
        let [x, y] = &record.commitment;
        let commitment = Commitment::from_xy(&x.0, &y.0).map_err(|error| ReceiptError::Commitment {
            what,
            index,
            error,
        })?;
        let full = handle_record(receipt, record, &commitment);
        if !full.matches(declaration) {
            return Err(ReceiptError::Declaration { what, index });
        }
        let own = NamedCommitment::new(&full, commitment).map_err(|error| ReceiptError::Commitment {
            what,
            index,
            error,
        })?;
        if record.handle.0 != own.handle {
            let (got, expected) = (hex::encode(record.handle), hex::encode(own.handle));
            return Err(ReceiptError::Handle { what, index, got, expected });
        }
        named.push(own);
    }
    Ok(named)
}

fn handle_record(receipt: &Receipt, record: &ReceiptRecord, commitment: &Commitment) -> HandleRecord {
    HandleRecord {
        chain_id: receipt.domain.chain_id,
        coprocessor: receipt.domain.coprocessor.0.0,
        key_digest: receipt.domain.key_digest.0,
        key_kind: record.key_kind,
        value_type: record.value_type,
        blocks: record.blocks,
        origin: origin(&record.origin),
        commitment_digest: commitment.digest(),
    }
}

pub(super) fn origin(origin: &ReceiptOrigin) -> Origin {
    match origin {
        ReceiptOrigin::Input { registrant, consumer } => {
            Origin::Input { registrant: registrant.0.0, consumer: consumer.0.0 }
        }
        ReceiptOrigin::Output { request_id, job, segment, index } => {
            Origin::Output { request_id: request_id.0, job: *job, segment: *segment, index: *index }
        }
    }
}

/// The proof for the contract ends with the group side of the same argument. Its Groth16 part is the contract's to
/// check: the inner proof alone convinces here.
fn check_wrapped(receipt: &Receipt, proof: &InnerProof, public: &PublicInputs) -> Result<(), ReceiptError> {
    let differs = |field| Err(ReceiptError::Wrapped { segment: 0, field });
    let Some(wrapped) = &receipt.wrapped_proof else { return Ok(()) };
    if wrapped.len() != WRAPPED_BYTES {
        return differs("length");
    }
    if wrapped.get(..4) != receipt.domain.verifier_hash.get(..4) {
        return differs("verifier hash");
    }
    let group = &proof.group;
    let points = group.columns.iter().chain(&group.second).chain(&group.folds);
    let closing = group.closing.to_array();
    let mut expected: Vec<Bytes32> = points.chain(&closing).flat_map(point_words).collect();
    let challenges = [public.rho, public.r, public.q, public.z, public.r_at_z];
    expected.extend(challenges.iter().map(field_word));
    let words = wrapped.get(4..).unwrap_or_default().chunks_exact(32).skip(GROTH16_WORDS);
    if !words.eq(expected.iter().map(|w| w.as_slice())) {
        return differs("group side");
    }
    Ok(())
}
