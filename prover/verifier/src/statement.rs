//! What is proved: a domain (chain, contract, setup, key) and a job, and the 14 public inputs.

use crate::class::Class;
use crate::digest::{AbiHasher, cut, field_word, packed};
use crate::handle::NamedCommitment;
use crate::program::{ClassMismatch, ProgramMatrix};
use crate::{Address, Bytes32};
use ark_bn254::Fr;
use sha3::{Digest, Keccak256};
use trine_program::LinearProgram;

/// Name of the parameter set; its keccak-256 is the parameter set id.
pub const PARAMETER_SET: &str = "V1_8_PARAM_MULTI_BIT_GROUP_4_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128";

/// `keccak256` of the parameter set's name.
pub fn parameter_set_id() -> Bytes32 {
    Keccak256::digest(PARAMETER_SET.as_bytes()).into()
}

/// Where a proof counts, and under which setup and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the `Coprocessor`.
    pub coprocessor: Address,
    /// Hash of verifying key, SRS and parameter set.
    pub verifier_hash: Bytes32,
    /// Digest of the SRS.
    pub srs_digest: Bytes32,
    /// Parameter set.
    pub parameter_set_id: Bytes32,
    /// Digest of the evaluation key.
    pub key_digest: Bytes32,
}

/// One request for one program over handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The request.
    pub request_id: Bytes32,
    /// Drawn after the program was registered.
    pub salt: Bytes32,
    /// The program.
    pub program: LinearProgram,
    /// Input handles in the order of the program.
    pub inputs: Vec<NamedCommitment>,
    /// Output handles in the order of the program.
    pub outputs: Vec<NamedCommitment>,
}

/// Domain and job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where the proof counts.
    pub domain: Domain,
    /// What it is about.
    pub job: Job,
}

/// Why a statement is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Number of handles is not that of the program.
    #[error("statement names {got} {what}, the program has {expected}")]
    HandleCount {
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles named.
        got: usize,
        /// Handles of the program.
        expected: usize,
    },
    /// The program does not fit the class.
    #[error(transparent)]
    Class(#[from] ClassMismatch),
    /// The domain names another reference string than the one verified with.
    #[error("statement names the SRS {}, expected {}", hex::encode(got), hex::encode(expected))]
    Srs {
        /// Digest in the domain.
        got: Bytes32,
        /// Digest of the reference string in use.
        expected: Bytes32,
    },
}

impl Job {
    /// Job digest of `docs/spec/onchain.md`.
    pub fn digest(&self, prog: &Fr) -> Bytes32 {
        AbiHasher::tagged("job")
            .word(&self.request_id)
            .word(&self.program.id().0)
            .word(&field_word(prog))
            .word(&packed(self.inputs.iter().map(|i| &i.handle)))
            .word(&packed(self.outputs.iter().map(|o| &o.handle)))
            .word(&self.salt)
            .finish()
    }
}

/// The public inputs that the statement fixes, with the matrix that they digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementInputs {
    /// Digest of domain and job.
    pub stmt: Fr,
    /// `prog`.
    pub prog: Fr,
    /// The program in the class.
    pub matrix: ProgramMatrix,
}

impl Statement {
    /// Checks counts against the program and the class, and digests.
    pub fn inputs(&self, class: &Class) -> Result<StatementInputs, StatementError> {
        let (program, job) = (&self.job.program, &self.job);
        for (what, got, expected) in [
            ("inputs", job.inputs.len(), program.inputs().len()),
            ("outputs", job.outputs.len(), program.outputs().len()),
        ] {
            if got != expected {
                return Err(StatementError::HandleCount { what, got, expected });
            }
        }
        let matrix = ProgramMatrix::new(class, program)?;
        let prog = matrix.digest();
        let jobs = packed([&job.digest(&prog)]);
        let stmt = cut(&AbiHasher::tagged("stmt")
            .uint(self.domain.chain_id)
            .address(&self.domain.coprocessor)
            .word(&self.domain.verifier_hash)
            .word(&self.domain.srs_digest)
            .word(&self.domain.parameter_set_id)
            .word(&self.domain.key_digest)
            .word(&jobs)
            .finish());
        Ok(StatementInputs { stmt, prog, matrix })
    }
}

/// The public inputs of the wrap circuit, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicInputs {
    /// Digest of the statement.
    pub stmt: Fr,
    /// Class and counts.
    pub shape: Fr,
    /// Layout words.
    pub layouts: [Fr; crate::program::LAYOUT_WORDS],
    /// Digest of the program.
    pub prog: Fr,
    /// Digests of the commit rounds: columns, second round, folds, quotient.
    pub rounds: [Fr; 4],
    /// Batches polynomials.
    pub rho: Fr,
    /// Point of the folds.
    pub r: Fr,
    /// Batches folds.
    pub q: Fr,
    /// Point of the quotient check.
    pub z: Fr,
    /// Value of the remainder at z.
    pub r_at_z: Fr,
}

/// Number of public inputs.
pub const PUBLIC_INPUTS: usize = 14;

impl PublicInputs {
    /// As a vector, in the order of the spec.
    pub fn to_array(&self) -> [Fr; PUBLIC_INPUTS] {
        let [layout_0, layout_1] = self.layouts;
        let [d1, d2, d3, d4] = self.rounds;
        [
            self.stmt,
            self.shape,
            layout_0,
            layout_1,
            self.prog,
            d1,
            d2,
            d3,
            d4,
            self.rho,
            self.r,
            self.q,
            self.z,
            self.r_at_z,
        ]
    }
}
