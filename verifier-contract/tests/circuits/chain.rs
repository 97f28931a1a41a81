//! Circuits on an in-process EVM, from registration to proven values.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolEvent;
use trine_contract::bindings::{
    CircuitVerifier, Coprocessor, ICoprocessor, ReleaseVerifier, VerifierGateway,
};
use trine_contract::calldata::registration::circuit_claim;
use trine_contract::calldata::{circuit as circuit_calldata, points};
use trine_contract::evm::{Evm, EvmError, Receipt};
use trine_program::Declaration;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::registration;
use trine_verifier::bootstrapping::statement::{Job, KeyCommitments, Statement, StatementInputs};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, Domain, HandleRecord, NamedCommitment, Origin};

use crate::committee::{self, EPOCH};
use crate::tiny::TinySetup;
use crate::tiny::circuit::{PARAMETERS, TinyCircuitStatement};

pub const CHAIN_ID: u64 = 31337;
pub const OWNER: Address = Address::repeat_byte(0x11);
pub const CONSUMER: Address = Address::repeat_byte(0x22);
pub const STRANGER: Address = Address::repeat_byte(0x99);

/// A request that waits for its proof.
#[derive(Clone)]
pub struct Asked {
    pub request_id: B256,
    /// About this job alone.
    pub statement: Statement,
}

impl Asked {
    pub fn job(&self) -> &Job {
        &self.statement.jobs[0]
    }
}

pub struct Chain {
    pub setup: TinySetup,
    pub evm: Evm,
    pub coprocessor: Address,
    pub release: Address,
    pub keys: KeyCommitments,
}

impl Chain {
    /// Deploys everything and registers a key, with a casting key or without one.
    pub fn new(casting: bool) -> Self {
        let mut setup = TinySetup::for_circuits();
        let mut evm = Evm::new(CHAIN_ID);
        let key = setup.deployable_for_circuits();
        let arguments = CircuitVerifier::constructorCall {
            key: key.words().into_iter().map(U256::from_be_bytes).collect(),
            maxPowers: U256::from(setup.srs.max_powers),
            development: true,
        };
        let (verifier, receipt) = evm.deploy(OWNER, &CircuitVerifier::BYTECODE, &arguments).unwrap();
        println!("gas_deploy_circuit_verifier {}", receipt.gas);
        let arguments = VerifierGateway::constructorCall {
            firstOwner: OWNER,
            srsDigest: setup.srs.digest().into(),
            parameterSetId: parameter_set_id().into(),
            acceptDevelopment: true,
        };
        let (gateway, receipt) = evm.deploy(OWNER, &VerifierGateway::BYTECODE, &arguments).unwrap();
        println!("gas_deploy_gateway {}", receipt.gas);
        evm.send(OWNER, gateway, &VerifierGateway::addVerifierCall { verifier }).unwrap();
        // The linear verifier plays no part here; the contract reads its constants.
        let release = committee::deploy(&mut evm, OWNER);
        let arguments = Coprocessor::constructorCall {
            proofVerifier: verifier,
            verifierGateway: gateway,
            releaseContract: release,
        };
        let (coprocessor, receipt) = evm.deploy(OWNER, &Coprocessor::BYTECODE, &arguments).unwrap();
        println!("gas_deploy_coprocessor {}", receipt.gas);
        let keys = setup.key_commitments(casting);
        let mut chain = Self { setup, evm, coprocessor, release, keys };
        chain.register_key(&chain.keys.clone());
        chain
    }

    /// Registers a key whose bytes have a digest of their own, under the committee's signature.
    pub fn register_key(&mut self, keys: &KeyCommitments) {
        let key_digest: B256 = keys.digest(&PARAMETERS).into();
        let call = self.key_registration(key_digest, !key_digest);
        let (_, receipt) = self.evm.send(STRANGER, self.coprocessor, &call).unwrap();
        println!("gas_register_committed_key {}", receipt.gas);
    }

    /// The registration of a key, with the committee's signature under it.
    pub fn key_registration(
        &mut self,
        key_digest: B256,
        content_digest: B256,
    ) -> Coprocessor::registerCommittedKeyCall {
        let epoch = U256::from(EPOCH);
        let digest = ReleaseVerifier::evaluationKeyDigestCall {
            epoch,
            keyDigest: key_digest,
            contentDigest: content_digest,
        };
        let (digest, _) = self.evm.send(STRANGER, self.release, &digest).unwrap();
        Coprocessor::registerCommittedKeyCall {
            keyDigest: key_digest,
            contentDigest: content_digest,
            epoch,
            signature: committee::sign(digest).into(),
        }
    }

    pub fn register_circuit(&mut self, circuit: &Circuit) -> B256 {
        let text = circuit.to_text().into_bytes().into();
        let call = Coprocessor::registerCircuitCall { text, claim: claim(circuit) };
        let (reference, receipt) = self.evm.send(OWNER, self.coprocessor, &call).unwrap();
        println!("gas_register_circuit {}", receipt.gas);
        reference
    }

    /// Registers a fresh ciphertext for the consumer.
    pub fn input(&mut self, declared: &Declaration) -> NamedCommitment {
        let commitment = self.setup.commitment();
        let call = Coprocessor::registerCiphertextCall {
            consumer: CONSUMER,
            keyDigest: self.key_digest(),
            keyKind: declared.key_kind.code(),
            valueType: declared.value_type.code(),
            blocks: declared.blocks,
            point: points([&commitment])[0],
        };
        let (handle, _) = self.evm.send(CONSUMER, self.coprocessor, &call).unwrap();
        let account = CONSUMER.into_array();
        let origin = Origin::Input { registrant: account, consumer: account };
        let named = NamedCommitment::new(&self.record(origin, declared, &commitment), commitment).unwrap();
        assert_eq!(handle.0, named.handle, "the contract's handle is that of the native definition");
        named
    }

    /// Registers circuit and inputs, and asks for it.
    pub fn ask(&mut self, circuit: &Circuit) -> Asked {
        let reference = self.register_circuit(circuit);
        let inputs: Vec<_> = circuit.inputs().iter().map(|declared| self.input(declared)).collect();
        self.ask_over(reference, circuit, inputs)
    }

    /// Asks for a registered circuit over values, and says what an honest proof proves.
    pub fn ask_over(&mut self, reference: B256, circuit: &Circuit, inputs: Vec<NamedCommitment>) -> Asked {
        self.evm.advance(1);
        let receipt = self.request(reference, &inputs).unwrap();
        println!("gas_request {}", receipt.gas);
        let asked = receipt.logs.iter().find_map(|log| Coprocessor::Requested::decode_log(log).ok()).unwrap();
        let request_id = asked.requestId;
        let outputs = (0..).zip(circuit.outputs()).map(|(index, declared)| {
            let commitment = self.setup.commitment();
            self.output(request_id, index, declared, commitment)
        });
        let outputs = outputs.collect();
        let job = Job {
            request_id: request_id.0,
            salt: asked.salt.0,
            segment: 0,
            circuit: circuit.clone(),
            inputs,
            outputs,
        };
        let statement = Statement::single(self.domain(), self.keys.clone(), job);
        self.evm.advance(1);
        Asked { request_id, statement }
    }

    pub fn request(&mut self, reference: B256, inputs: &[NamedCommitment]) -> Result<Receipt, EvmError> {
        let call = Coprocessor::requestCall {
            programRef: reference,
            keyDigest: self.key_digest(),
            inputs: inputs.iter().map(|i| i.handle.into()).collect(),
        };
        Ok(self.evm.send(CONSUMER, self.coprocessor, &call)?.1)
    }

    /// Output of a request as the native definition names it.
    pub fn output(
        &self,
        request_id: B256,
        index: u32,
        declared: &Declaration,
        commitment: Commitment,
    ) -> NamedCommitment {
        let origin = Origin::Output { request_id: request_id.0, job: 0, segment: 0, index };
        NamedCommitment::new(&self.record(origin, declared, &commitment), commitment).unwrap()
    }

    /// What a proof of a statement proves.
    pub fn honest(&self, statement: &Statement) -> TinyCircuitStatement {
        let StatementInputs { stmt, shape, layouts, words, .. } = statement.inputs(&PARAMETERS).unwrap();
        let (mut inputs, mut outputs) = (vec![], vec![]);
        for job in &statement.jobs {
            inputs.extend(job.inputs.iter().map(|named| named.commitment));
            outputs.extend(job.outputs.iter().map(|named| named.commitment));
        }
        TinyCircuitStatement { stmt, shape, layouts, words, keys: statement.keys.clone(), inputs, outputs }
    }

    /// The bytes of a proof.
    pub fn proof(&mut self, proven: &TinyCircuitStatement) -> Bytes {
        let (proof, _) = self.setup.prove_circuit(proven);
        let hash = self.setup.deployable_for_circuits().verifier_hash();
        proof.to_bytes(&proven.shape, &hash).unwrap().into()
    }

    /// The call for a request, with a proof of this statement.
    pub fn fulfilment(&mut self, asked: &Asked) -> Coprocessor::fulfilCircuitCall {
        let honest = self.honest(&asked.statement);
        self.fulfilment_of(asked, &honest)
    }

    /// The same with a proof of something else.
    pub fn fulfilment_of(
        &mut self,
        asked: &Asked,
        proven: &TinyCircuitStatement,
    ) -> Coprocessor::fulfilCircuitCall {
        Coprocessor::fulfilCircuitCall {
            requestId: asked.request_id,
            keyPoints: circuit_calldata::key_points(&proven.keys),
            outputPoints: points(&proven.outputs),
            inputPoints: points(&proven.inputs),
            words: program_words(&asked.job().circuit),
            proof: self.proof(proven),
        }
    }

    /// The call for several jobs, with a proof of this statement.
    pub fn fulfil_jobs(
        &mut self,
        jobs: Vec<ICoprocessor::JobProof>,
        statement: &Statement,
    ) -> Coprocessor::fulfilJobsCall {
        let honest = self.honest(statement);
        let key_points = circuit_calldata::key_points(&honest.keys);
        Coprocessor::fulfilJobsCall { jobs, keyPoints: key_points, proof: self.proof(&honest) }
    }

    pub fn fulfil(&mut self, call: &Coprocessor::fulfilCircuitCall) -> Result<Receipt, EvmError> {
        Ok(self.evm.send(STRANGER, self.coprocessor, call)?.1)
    }

    pub fn key_digest(&self) -> B256 {
        self.keys.digest(&PARAMETERS).into()
    }

    pub fn domain(&self) -> Domain {
        Domain {
            chain_id: CHAIN_ID,
            coprocessor: self.coprocessor.into_array(),
            verifier_hash: self.setup.deployable_for_circuits().verifier_hash(),
            srs_digest: self.setup.srs.digest(),
            parameter_set_id: parameter_set_id(),
            key_digest: self.key_digest().0,
        }
    }

    pub fn record(&self, origin: Origin, declared: &Declaration, commitment: &Commitment) -> HandleRecord {
        HandleRecord {
            chain_id: CHAIN_ID,
            coprocessor: self.coprocessor.into_array(),
            key_digest: self.key_digest().0,
            key_kind: declared.key_kind,
            value_type: declared.value_type,
            blocks: declared.blocks,
            origin,
            commitment_digest: commitment.digest(),
        }
    }
}

/// What the registrant says about a circuit.
pub fn claim(circuit: &Circuit) -> ICoprocessor::CircuitClaim {
    circuit_claim(&registration::CircuitClaim::of(&PARAMETERS, circuit).unwrap())
}

/// A job of a proof, whose request is for a circuit of one piece.
pub fn job_proof(job: &Job) -> ICoprocessor::JobProof {
    let commitments = |list: &[NamedCommitment]| points(list.iter().map(|named| &named.commitment));
    let unread = ICoprocessor::CircuitClaim {
        program: B256::ZERO,
        layouts: [U256::ZERO; 6],
        bootstrappings: 0,
        inputs: 0,
        outputs: 0,
    };
    ICoprocessor::JobProof {
        requestId: job.request_id.into(),
        segment: U256::ZERO,
        claim: ICoprocessor::SegmentClaim { circuitId: B256::ZERO, claim: unread, sources: vec![] },
        requestInputs: vec![],
        links: vec![],
        words: program_words(&job.circuit),
        outputPoints: commitments(&job.outputs),
        inputPoints: commitments(&job.inputs),
    }
}

/// The words of a circuit's program, as the contract takes them.
pub fn program_words(circuit: &Circuit) -> Vec<U256> {
    circuit_calldata::program_words(&Words::of(circuit).unwrap())
}

/// Name of the error that a call reverts with.
pub fn error_name(result: Result<Receipt, EvmError>) -> &'static str {
    match result {
        Err(EvmError::Revert(error)) => error.name(),
        other => panic!("expected a revert, got {other:?}"),
    }
}

/// Word `index` of a proof, after its selector.
pub fn word(proof: &Bytes, index: usize) -> U256 {
    U256::from_be_slice(&proof[4 + 32 * index..36 + 32 * index])
}

/// The proof with another word.
pub fn with_word(proof: &Bytes, index: usize, value: U256) -> Bytes {
    let mut bytes = proof.to_vec();
    bytes[4 + 32 * index..36 + 32 * index].copy_from_slice(&value.to_be_bytes::<32>());
    bytes.into()
}
