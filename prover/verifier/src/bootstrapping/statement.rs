//! What is proved: domain, evaluation key, circuits, handles.

use super::parameters::{KEY_KINDS, Parameters};
use super::program::{self, LAYOUT_WORDS, OffGrid, Words};
use super::shape::{Shape, ShapeError};
use crate::Bytes32;
use crate::digest::{AbiHasher, cut, packed, point_words};
use crate::handle::NamedCommitment;
use crate::statement::Domain;
use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use trine_program::KeyKind;
use trine_program::circuit::{Circuit, CircuitError, merge};

/// Commitments to the words of an evaluation key, chunk by chunk.
///
/// Whoever registers a key computes them from its bytes: words below 2^64, zeros in the padding (bootstrapping key at steps
/// 0 and above G; keyswitching keys at levels that their gadget does not have, at words of step 0 but the body, and above
/// step G). The proof takes them as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyCommitments {
    /// Chunks of the bootstrapping key.
    pub bootstrapping: Vec<G1Affine>,
    /// Chunks of the compute and of the casting key; all at infinity for a key without one.
    pub keyswitching: [Vec<G1Affine>; KEY_KINDS],
}

impl KeyCommitments {
    /// The key's identity: digest of its commitments under a parameter set.
    pub fn digest(&self, parameters: &Parameters) -> Bytes32 {
        let mut hasher = AbiHasher::tagged("evaluation_key").uint(u64::from(parameters.id));
        for points in self.lists() {
            hasher = hasher.uint(points.len() as u64);
            for point in points {
                for word in point_words(point) {
                    hasher = hasher.word(&word);
                }
            }
        }
        hasher.finish()
    }

    /// All points in the order of the polynomials.
    pub fn points(&self) -> Vec<G1Affine> {
        self.lists().into_iter().flatten().copied().collect()
    }

    /// Whether there is a casting key.
    pub fn has_casting(&self) -> bool {
        let [_, casting] = &self.keyswitching;
        casting.iter().any(|point| !point.is_zero())
    }

    fn lists(&self) -> [&Vec<G1Affine>; 1 + KEY_KINDS] {
        let [compute, casting] = &self.keyswitching;
        [&self.bootstrapping, compute, casting]
    }
}

/// One request for one circuit, or one segment of it, over handles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The request.
    pub request_id: Bytes32,
    /// Drawn after the program was registered.
    pub salt: Bytes32,
    /// Index of the segment; 0 for a job of one piece.
    pub segment: u32,
    /// The circuit of the segment.
    pub circuit: Circuit,
    /// Input handles in the order of the circuit.
    pub inputs: Vec<NamedCommitment>,
    /// Output handles in the order of the circuit.
    pub outputs: Vec<NamedCommitment>,
}

/// Domain, key and jobs, which are proved as one circuit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Where the proof counts.
    pub domain: Domain,
    /// The evaluation key, whose digest the domain names.
    pub keys: KeyCommitments,
    /// What it is about: at least one job, and as many as their merged circuit has room for.
    pub jobs: Vec<Job>,
}

/// Why a statement is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Nothing is stated.
    #[error("the statement has no job")]
    NoJob,
    /// The circuits of the jobs are no circuit together.
    #[error("the jobs together: {0}")]
    Merged(#[from] CircuitError),
    /// Number of handles is not that of the circuit.
    #[error("{got} {what} are named, the circuit of job {job} has {expected}")]
    HandleCount {
        /// Index of the job.
        job: usize,
        /// "inputs" or "outputs".
        what: &'static str,
        /// Handles named.
        got: usize,
        /// Handles of the circuit.
        expected: usize,
    },
    /// The circuit does not fit one proof.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The circuit has a word off the grid: nobody proves what must not be released.
    #[error(transparent)]
    OffGrid(#[from] OffGrid),
    /// Commitments of another number than the parameter set's keys have.
    #[error("{what} has {got} commitments, expected {expected}")]
    KeyPoints {
        /// The key.
        what: &'static str,
        /// Commitments given.
        got: usize,
        /// Chunks of the key.
        expected: usize,
    },
    /// The domain names another evaluation key.
    #[error(
        "the domain names the key {}, the commitments are of {}",
        hex::encode(expected),
        hex::encode(got)
    )]
    Key {
        /// Digest of the commitments.
        got: Bytes32,
        /// Digest in the domain.
        expected: Bytes32,
    },
    /// A bootstrapping takes the casting key, which the evaluation key has not.
    #[error("bootstrapping {index} takes a block under the casting key, which the evaluation key has not")]
    NoCastingKey {
        /// Index of the bootstrapping.
        index: usize,
    },
    /// Two output handles, or an output and an input, are one handle, of whichever jobs.
    #[error("output {index} is named by a handle that is already an input or output")]
    RepeatedHandle {
        /// Index of the output among those of all jobs.
        index: usize,
    },
    /// The domain names another reference string than the one verified with.
    #[error("statement names the SRS {}, expected {}", hex::encode(got), hex::encode(expected))]
    Srs {
        /// Digest in the domain.
        got: Bytes32,
        /// Digest of the reference string in use.
        expected: Bytes32,
    },
}

/// What the statement fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementInputs {
    /// Digest of domain and jobs.
    pub stmt: Fr,
    /// Layout words.
    pub layouts: [Fr; LAYOUT_WORDS],
    /// Words of the program.
    pub words: Words,
    /// `prog`: digest of the words in the shape.
    pub prog: Fr,
    /// Shape of the proof.
    pub shape: Shape,
    /// The jobs' circuits, merged.
    pub circuit: Circuit,
}

impl StatementInputs {
    /// Of a circuit that a statement with this digest is about.
    pub fn new(parameters: &Parameters, stmt: Fr, circuit: Circuit) -> Result<Self, StatementError> {
        let shape = Shape::new(*parameters, &circuit)?;
        let (layouts, words) = (program::layouts(&circuit), Words::of(&circuit)?);
        let prog = program::digest(&shape, &layouts, &words);
        Ok(Self { stmt, layouts, words, prog, shape, circuit })
    }
}

impl Job {
    /// Digest of the job with its program.
    pub fn digest(&self) -> Result<Bytes32, OffGrid> {
        let hasher = AbiHasher::tagged("circuit_job")
            .word(&self.request_id)
            .uint(u64::from(self.segment))
            .word(&self.circuit.id().0)
            .word(&Words::of(&self.circuit)?.digest())
            .word(&packed(self.inputs.iter().map(|i| &i.handle)))
            .word(&packed(self.outputs.iter().map(|o| &o.handle)))
            .word(&self.salt);
        Ok(hasher.finish())
    }
}

impl Statement {
    /// About a single job.
    pub fn single(domain: Domain, keys: KeyCommitments, job: Job) -> Self {
        Self { domain, keys, jobs: vec![job] }
    }

    /// The jobs' circuits as one.
    pub fn merged(&self) -> Result<Circuit, StatementError> {
        if self.jobs.is_empty() {
            return Err(StatementError::NoJob);
        }
        let circuits: Vec<&Circuit> = self.jobs.iter().map(|job| &job.circuit).collect();
        Ok(merge(&circuits)?)
    }

    /// Inputs of all jobs, then outputs of all jobs: the handles of the merged circuit.
    pub fn handles(&self) -> impl Iterator<Item = &NamedCommitment> {
        self.inputs_of_jobs().chain(self.outputs_of_jobs())
    }

    fn inputs_of_jobs(&self) -> impl Iterator<Item = &NamedCommitment> {
        self.jobs.iter().flat_map(|job| &job.inputs)
    }

    fn outputs_of_jobs(&self) -> impl Iterator<Item = &NamedCommitment> {
        self.jobs.iter().flat_map(|job| &job.outputs)
    }

    /// PB.S1: checks counts, keys and handles against the circuits, and digests.
    pub fn inputs(&self, parameters: &Parameters) -> Result<StatementInputs, StatementError> {
        let circuit = self.merged()?;
        self.check_counts()?;
        let shape = Shape::new(*parameters, &circuit)?;
        self.check_keys(&shape, &circuit)?;
        self.check_handles()?;
        let jobs = self.jobs.iter().map(Job::digest).collect::<Result<Vec<_>, _>>()?;
        let stmt = cut(&AbiHasher::tagged("circuit_stmt")
            .uint(self.domain.chain_id)
            .address(&self.domain.coprocessor)
            .word(&self.domain.verifier_hash)
            .word(&self.domain.srs_digest)
            .word(&self.domain.parameter_set_id)
            .word(&self.domain.key_digest)
            .word(&packed(&jobs))
            .finish());
        StatementInputs::new(parameters, stmt, circuit)
    }

    fn check_counts(&self) -> Result<(), StatementError> {
        for (index, job) in self.jobs.iter().enumerate() {
            let circuit = &job.circuit;
            for (what, got, expected) in [
                ("inputs", job.inputs.len(), circuit.inputs().len()),
                ("outputs", job.outputs.len(), circuit.outputs().len()),
            ] {
                if got != expected {
                    return Err(StatementError::HandleCount { job: index, what, got, expected });
                }
            }
        }
        Ok(())
    }

    fn check_keys(&self, shape: &Shape, circuit: &Circuit) -> Result<(), StatementError> {
        use super::shape::Column;
        let [compute, casting] = &self.keys.keyswitching;
        for (what, points, column) in [
            ("bootstrapping key", &self.keys.bootstrapping, Column::BootstrappingKey),
            ("compute key", compute, Column::KeyswitchingKey(0)),
            ("casting key", casting, Column::KeyswitchingKey(1)),
        ] {
            let (got, expected) = (points.len(), 1usize << shape.log_chunks(column));
            if got != expected {
                return Err(StatementError::KeyPoints { what, got, expected });
            }
        }
        let (got, expected) = (self.keys.digest(&shape.parameters), self.domain.key_digest);
        if got != expected {
            return Err(StatementError::Key { got, expected });
        }
        let casting = |b: &trine_program::circuit::Bootstrapping| b.key_kind == KeyKind::Casting;
        match circuit.bootstrappings().iter().position(casting) {
            Some(index) if !self.keys.has_casting() => Err(StatementError::NoCastingKey { index }),
            _ => Ok(()),
        }
    }

    /// An output that is an input's handle would prove itself.
    fn check_handles(&self) -> Result<(), StatementError> {
        let mut named: Vec<&Bytes32> = self.inputs_of_jobs().map(|i| &i.handle).collect();
        for (index, output) in self.outputs_of_jobs().enumerate() {
            if named.contains(&&output.handle) {
                return Err(StatementError::RepeatedHandle { index });
            }
            named.push(&output.handle);
        }
        Ok(())
    }
}

/// The public inputs of a verified proof, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicInputs {
    /// Digest of the statement.
    pub stmt: Fr,
    /// Parameter set and counts.
    pub shape: Fr,
    /// Layout words.
    pub layouts: [Fr; LAYOUT_WORDS],
    /// Words of the program, evaluated at `z`.
    pub program_at_z: Fr,
    /// Digests of the commit rounds: columns, powers of the rotation, folds, quotient.
    pub rounds: [Fr; 4],
    /// What the group side folds with.
    pub opening: crate::opening::OpeningChallenges,
}

/// Number of public inputs.
pub const PUBLIC_INPUTS: usize = 18;

impl PublicInputs {
    /// As a vector, in the order of the spec (section 7).
    pub fn to_array(&self) -> [Fr; PUBLIC_INPUTS] {
        let [l0, l1, l2, l3, l4, l5] = self.layouts;
        let [d1, d2, d3, d4] = self.rounds;
        let crate::opening::OpeningChallenges { rho, r, q, z, r_at_z } = self.opening;
        [
            self.stmt,
            self.shape,
            l0,
            l1,
            l2,
            l3,
            l4,
            l5,
            self.program_at_z,
            d1,
            d2,
            d3,
            d4,
            rho,
            r,
            q,
            z,
            r_at_z,
        ]
    }
}
