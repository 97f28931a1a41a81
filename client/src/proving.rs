//! Proofs of bootstrapping in this process, under development keys: for measurements and tests.

use crate::phases::Phases;
use crate::setup;
use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall;
use anyhow::bail;
use rand::rngs::OsRng;
use std::path::Path;
use std::time::Instant;
use tfhe::shortint::ClientKey;
use trine_contract::bindings::CircuitVerifier;
use trine_contract::calldata;
use trine_contract::calldata::circuit::{CircuitWrapProof, key_points, public_values};
use trine_contract::evm::Evm;
use trine_contract::verifying_key::DeployableKey;
use trine_fhe::ValueWords;
use trine_fhe::bootstrapping::{EvaluationKey, rotation};
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::keys::{DealerKeys, EvaluationKeys};
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_program::circuit::Circuit;
use trine_prover::bootstrapping::job::{JobControl, JobProver, ProvenJob};
use trine_prover::bootstrapping::keys::{KeyName, commit_keys, load_or_make};
use trine_prover::bootstrapping::{KeyWords, Prover};
use trine_prover::groth::{ProvingKey, development_circuit_key, prove_bootstrapping_wrap};
use trine_prover::mode::Mode;
use trine_prover::wrap::bootstrapping::class::Class;
use trine_prover::wrap::bootstrapping::{WrapWitness, structure};
use trine_verifier::bootstrapping::segment::verify_job;
use trine_verifier::bootstrapping::statement::{Job, StatementInputs};
use trine_verifier::bootstrapping::verify::verify;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters, Statement};
use trine_verifier::handle::{HandleRecord, Origin};
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::Domain;
use trine_verifier::{Commitment, NamedCommitment};

/// The development keys, laid out for proving, and the reference string.
pub struct DevelopmentProver {
    dealer: DealerKeys,
    evaluation_key: EvaluationKey,
    words: KeyWords,
    srs: CommitmentKey,
    bases: Bases,
    commitments: KeyCommitments,
    /// Arithmetic of the prover.
    pub backend: Backend,
    /// Seconds that made the commitments of the evaluation key; 0 when they were cached.
    pub key_commitment_seconds: f64,
}

impl DevelopmentProver {
    /// Loads or makes everything. `portable`: without vector kernels.
    pub fn load_or_make(portable: bool, phases: &mut Phases) -> anyhow::Result<Self> {
        let backend = if portable { Backend::Portable } else { Backend::detect() };
        let evaluator = if portable { rotation::Backend::Portable } else { rotation::Backend::detect() };
        let folder = setup::cache_folder();
        let phase = phases.open("evaluation key");
        let keys = DevelopmentKeys::load_or_generate(&folder, &mut |step| phase.step(step))?;
        let dealer = keys.read_dealer()?;
        let key_bytes = std::fs::read(&keys.server_key)?;
        let evaluation_key = EvaluationKey::new(EvaluationKeys::from_bytes(&key_bytes)?.server, evaluator)?;
        let words = KeyWords::new(&evaluation_key);
        phases.close(phase, if keys.cached { "cached" } else { "made" });

        let phase = phases.open("reference string");
        let srs = setup::circuit_srs()?;
        let bases = Bases::new(backend, srs.powers());
        phases.close(phase, format!("2^{} powers", srs.powers().len().ilog2()));

        let phase = phases.open("key commitments");
        let name = KeyName::new(&key_bytes, Parameters::PRODUCTION, srs.verifier().digest());
        let (commitments, key_commitment_seconds) = commitments(&folder, &name, &bases, &words)?;
        phases.close(phase, if key_commitment_seconds > 0.0 { "made" } else { "cached" });
        Ok(Self { dealer, evaluation_key, words, srs, bases, commitments, backend, key_commitment_seconds })
    }

    /// tfhe-rs's client key.
    pub fn client(&self) -> &ClientKey {
        self.dealer.client()
    }

    /// A made-up domain, with the key and the reference string of this prover.
    pub fn domain(&self) -> Domain {
        Domain {
            chain_id: 31_337,
            coprocessor: [7; 20],
            verifier_hash: [1; 32],
            srs_digest: self.srs.verifier().digest(),
            parameter_set_id: [2; 32],
            key_digest: self.commitments.digest(&Parameters::PRODUCTION),
        }
    }

    /// A job over input values, each named by its own commitment.
    pub fn job(&self, circuit: &Circuit, values: &[ValueWords]) -> anyhow::Result<Job> {
        let inputs = values.iter().map(|value| self.named(value)).collect::<Result<_, _>>()?;
        Ok(Job {
            request_id: [5; 32],
            salt: [6; 32],
            segment: 0,
            circuit: circuit.clone(),
            inputs,
            outputs: vec![],
        })
    }

    /// Evaluates and proves.
    pub fn prove(
        &self,
        job: Job,
        values: &[ValueWords],
        control: &mut dyn JobControl,
    ) -> anyhow::Result<ProvenJob> {
        let prover = JobProver {
            prover: Prover { backend: self.backend, bases: &self.bases, keys: &self.words },
            evaluation_key: &self.evaluation_key,
            commitments: &self.commitments,
            srs: self.srs.verifier(),
            domain: self.domain(),
        };
        Ok(prover.prove(job, values, control)?)
    }

    /// Verifies as anybody does.
    pub fn verify(&self, proven: &ProvenJob) -> anyhow::Result<()> {
        let (srs, domain) = (self.srs.verifier(), self.domain());
        let parameters = &Parameters::PRODUCTION;
        Ok(verify_job(parameters, srs, &domain, &self.commitments, &proven.job, &proven.segments)?)
    }

    /// Proves by Groth16 that the field side of a job of one segment verifies, and has the contract verify that and the
    /// group side on the in-process EVM.
    pub fn wrap(&self, wrapping: &Wrapping, proven: &ProvenJob) -> anyhow::Result<Wrapped> {
        let [segment] = proven.segments.as_slice() else {
            bail!("{} segments, a wrap is of one", proven.segments.len())
        };
        let statement = Statement::single(self.domain(), self.commitments.clone(), proven.job.clone());
        let parameters = &Parameters::PRODUCTION;
        let StatementInputs { shape, words, circuit, .. } = statement.inputs(parameters)?;
        let public = verify(parameters, self.srs.verifier(), &statement, &segment.proof)?;
        let start = Instant::now();
        let class = &wrapping.class;
        let witness = WrapWitness::new(class, &shape, &circuit, &segment.proof.field)?;
        // The proof is verified before it is given out.
        let groth16 = prove_bootstrapping_wrap(&wrapping.key, class, &public, &witness, &mut OsRng)?;
        let seconds = start.elapsed().as_secs_f64();

        let key = DeployableKey::for_circuits(&wrapping.key.vk, self.srs.verifier(), parameters)?;
        let group = segment.proof.group.clone();
        let proof = CircuitWrapProof::from_words(&groth16.to_words(), group, &public)?;
        let points = |named: &[NamedCommitment]| calldata::points(named.iter().map(|n| &n.commitment));
        let (inputs, outputs) = (points(&proven.job.inputs), points(&proven.job.outputs));
        let values = public_values(&public, &words, &key_points(&statement.keys), &inputs, &outputs);
        let proof = proof.to_bytes(&shape, &key.verifier_hash())?;
        let call = CircuitVerifier::verifyCall { publicValues: values.into(), proof: proof.into() };
        let gas = verify_on_chain(&key, &call)?;
        Ok(Wrapped { seconds, gas, calldata_bytes: call.abi_encode().len() })
    }

    fn named(&self, value: &ValueWords) -> anyhow::Result<NamedCommitment> {
        let (domain, declared) = (self.domain(), value.declaration());
        let commitment = Commitment::new(self.bases.commit_u64(&value.commitment_words())?)?;
        let record = HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: domain.key_digest,
            key_kind: declared.key_kind,
            value_type: declared.value_type,
            blocks: declared.blocks,
            origin: Origin::Input { registrant: [3; 20], consumer: [4; 20] },
            commitment_digest: commitment.digest(),
        };
        Ok(NamedCommitment::new(&record, commitment)?)
    }
}

/// Deploys a verifier of circuits on an EVM in process, and calls it. Gas of the transaction.
fn verify_on_chain(key: &DeployableKey<'_>, call: &CircuitVerifier::verifyCall) -> anyhow::Result<u64> {
    let mut evm = Evm::new(31_337);
    let arguments = CircuitVerifier::constructorCall {
        key: key.words().into_iter().map(U256::from_be_bytes).collect(),
        maxPowers: U256::from(key.srs().max_powers),
        development: key.srs().development,
    };
    let anybody = Address::repeat_byte(9);
    let (verifier, _) = evm.deploy(anybody, &CircuitVerifier::BYTECODE, &arguments)?;
    Ok(evm.send(anybody, verifier, call)?.1.gas)
}

/// A wrap that the contract has accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrapped {
    /// Seconds of the Groth16 proof, its verification included.
    pub seconds: f64,
    /// Gas of a transaction that calls `CircuitVerifier.verify`.
    pub gas: u64,
    /// Its calldata.
    pub calldata_bytes: usize,
}

/// The wrap circuit's development key.
pub struct Wrapping {
    class: Class,
    key: ProvingKey,
    /// Constraints of the circuit.
    pub constraints: usize,
}

impl Wrapping {
    /// Loads the key, or makes it: about a minute, once.
    pub fn load_or_make(phases: &mut Phases) -> anyhow::Result<Self> {
        let phase = phases.open("wrap key");
        let class = Class::new(&Parameters::PRODUCTION)?;
        let key = development_circuit_key(&setup::cache_folder(), &class, Mode::Development)?;
        let constraints = structure(&class).constraints();
        phases.close(phase, format!("{constraints} constraints"));
        Ok(Self { class, key, constraints })
    }
}

/// The key's commitments, and the seconds that it took to make them.
fn commitments(
    folder: &Path,
    name: &KeyName,
    bases: &Bases,
    words: &KeyWords,
) -> anyhow::Result<(KeyCommitments, f64)> {
    let mut seconds = 0.0;
    let commitments = load_or_make(folder, name, || {
        let start = Instant::now();
        let made = commit_keys(bases, &Parameters::PRODUCTION, words);
        seconds = start.elapsed().as_secs_f64();
        made
    })?;
    Ok((commitments, seconds))
}
