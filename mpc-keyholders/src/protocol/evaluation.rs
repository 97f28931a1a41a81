//! An evaluation of either kind, linear program or circuit, and its proof, verified natively (TR.A9).

use super::authorise::ReleaseRules;
use super::refusal::Refusal;
use trine_program::circuit::{Circuit, segments};
use trine_program::{Declaration, LinearProgram};
use trine_verifier::bootstrapping::statement::StatementError;
use trine_verifier::bootstrapping::{
    self as circuits, CircuitProof, KeyCommitments, Parameters, Rejection, Shape,
};
use trine_verifier::{Bytes32, Domain, InnerProof, Job, NamedCommitment, Statement};

/// The evaluation key of the committee by the commitments to its words.
///
/// A proof of bootstrapping takes commitments as they are: a node makes this from its own bytes alone (TR.K4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedKey {
    commitments: KeyCommitments,
    digest: Bytes32,
}

impl CommittedKey {
    /// Under the production parameters.
    pub fn new(commitments: KeyCommitments) -> Self {
        Self { digest: commitments.digest(&Parameters::PRODUCTION), commitments }
    }

    /// The commitments.
    pub fn commitments(&self) -> &KeyCommitments {
        &self.commitments
    }

    /// Their digest, scheme `trine.key.kzg.v1`.
    pub fn digest(&self) -> &Bytes32 {
        &self.digest
    }
}

/// What was evaluated.
pub(super) enum Program {
    /// A linear program.
    Linear(LinearProgram),
    /// A circuit of bootstrappings.
    Circuit(Circuit),
}

impl Program {
    /// Declarations of the inputs.
    pub fn inputs(&self) -> &[Declaration] {
        match self {
            Self::Linear(program) => program.inputs(),
            Self::Circuit(circuit) => circuit.inputs(),
        }
    }

    /// Declarations of the outputs.
    pub fn outputs(&self) -> &[Declaration] {
        match self {
            Self::Linear(program) => program.outputs(),
            Self::Circuit(circuit) => circuit.outputs(),
        }
    }
}

/// One request with everything that a proof of it states, rebuilt from the chain and from presented words.
pub(super) struct Evaluation {
    /// Where the proof counts.
    pub domain: Domain,
    /// The request.
    pub request_id: Bytes32,
    /// Its salt.
    pub salt: Bytes32,
    /// Its program.
    pub program: Program,
    /// Its inputs, each under the handle that its record gives.
    pub inputs: Vec<NamedCommitment>,
    /// Its outputs, under handles recomputed from their words.
    pub outputs: Vec<NamedCommitment>,
}

impl Evaluation {
    /// TR.A9: the bytes are a proof of this evaluation.
    ///
    /// Of what [`trine_verifier::verify()`] and [`circuits::verify()`] leave to their callers, [`super::authorise`] has
    /// checked domain, records, declarations and policy; a reference string with a known tau is refused at start.
    pub fn verify(
        self,
        rules: &ReleaseRules,
        key: Option<&CommittedKey>,
        proof: &[u8],
    ) -> Result<(), Refusal> {
        let srs = rules.commitment_key.verifier();
        let Self { domain, request_id, salt, program, inputs, outputs } = self;
        match program {
            Program::Linear(program) => {
                let proof = InnerProof::from_bytes(&rules.class, proof)?;
                let job = Job { request_id, salt, program, inputs, outputs };
                trine_verifier::verify(&rules.class, srs, &Statement { domain, job }, &proof)?;
            }
            Program::Circuit(circuit) => {
                let keys = key.ok_or(Refusal::KeyNotCommitted)?.commitments().clone();
                let parameters = &Parameters::PRODUCTION;
                check_one_segment(parameters, &circuit)?;
                let shape = Shape::new(*parameters, &circuit)
                    .map_err(|error| Rejection::Statement(StatementError::Shape(error)))?;
                let proof = CircuitProof::from_bytes(&shape, proof)?;
                let job = circuits::statement::Job { request_id, salt, segment: 0, circuit, inputs, outputs };
                circuits::verify(parameters, srs, &circuits::Statement { domain, keys, job }, &proof)?;
            }
        }
        Ok(())
    }
}

/// A request is proven in one piece. One whose circuit cannot be cut is refused for its shape.
fn check_one_segment(parameters: &Parameters, circuit: &Circuit) -> Result<(), Refusal> {
    match segments(circuit, &parameters.segment_limits()) {
        Ok(list) if list.len() > 1 => Err(Refusal::Segments { got: list.len() }),
        _ => Ok(()),
    }
}
