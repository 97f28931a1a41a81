//! The contracts on an in-process EVM, driven from ballots to totals.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolEvent};
use trine_contract::EvaluationProof;
use trine_contract::bindings::{Coprocessor, PrivateTally, ReleaseVerifier};
use trine_contract::calldata::{points, scalar};
use trine_contract::evm::{Evm, EvmError, Receipt};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::class::Class;
use trine_verifier::program::{ProgramMatrix, program_digest};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Commitment, Domain, HandleRecord, Job, NamedCommitment, Origin, Statement};

use crate::committee::{self, EPOCH};

pub const CHAIN_ID: u64 = 31337;
pub const CANDIDATES: u8 = 3;
pub const OWNER: Address = Address::repeat_byte(0x11);
pub const STRANGER: Address = Address::repeat_byte(0x99);
const KEY: B256 = B256::repeat_byte(0x4b);
const DEADLINE: u64 = 1_000;

/// What makes commitments and proofs.
pub trait Backend {
    fn verifier_hash(&self) -> [u8; 32];
    fn srs_digest(&self) -> [u8; 32];
    fn verifier_artifact(&self) -> &'static str;
    fn constructor_arguments(&self) -> Vec<u8>;
    fn ballot(&mut self, voter: usize) -> Commitment;
    fn output(&mut self, program: &LinearProgram) -> Commitment;
    fn prove(&mut self, statement: &Statement) -> EvaluationProof;
}

pub struct Chain<B> {
    pub backend: B,
    pub evm: Evm,
    pub coprocessor: Address,
    pub release: Address,
    pub tally: Address,
    program: LinearProgram,
    ballots: Vec<NamedCommitment>,
    requested: Option<Coprocessor::Requested>,
    output: Option<Commitment>,
}

impl<B: Backend> Chain<B> {
    pub fn new(backend: B, voters: usize) -> Self {
        let mut evm = Evm::new(CHAIN_ID);
        let bytecode = bytecode(backend.verifier_artifact());
        let (verifier, receipt) =
            evm.deploy_bytes(OWNER, [bytecode, backend.constructor_arguments()].concat().into()).unwrap();
        println!("gas_deploy_verifier {}", receipt.gas);
        let release = committee::deploy(&mut evm, OWNER);
        let arguments = Coprocessor::constructorCall {
            proofVerifier: verifier,
            verifierGateway: Address::ZERO,
            releaseContract: release,
        };
        let (coprocessor, receipt) = evm.deploy(OWNER, &Coprocessor::BYTECODE, &arguments).unwrap();
        println!("gas_deploy_coprocessor {}", receipt.gas);

        let scheme = B256::from(alloy::primitives::keccak256("trine.key.blake3.v1"));
        evm.send(OWNER, coprocessor, &Coprocessor::registerKeyCall { keyDigest: KEY, scheme }).unwrap();
        let each = Declaration {
            value_type: ValueType::Nibbles,
            key_kind: KeyKind::Compute,
            blocks: CANDIDATES,
            degree: 1,
        };
        let program = LinearProgram::sum(voters, each, 15).unwrap();
        let program_ref = evm.send(OWNER, coprocessor, &register_call(&program)).unwrap().0;
        let arguments = PrivateTally::constructorCall {
            coprocessorContract: coprocessor,
            releaseContract: release,
            program: program_ref,
            key: KEY,
            candidateCount: CANDIDATES,
            roll: (0..voters).map(voter).collect(),
            lastVote: DEADLINE,
        };
        let (tally, _) = evm.deploy(OWNER, &PrivateTally::BYTECODE, &arguments).unwrap();
        Self {
            backend,
            evm,
            coprocessor,
            release,
            tally,
            program,
            ballots: vec![],
            requested: None,
            output: None,
        }
    }

    pub fn send<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<Receipt, EvmError> {
        Ok(self.evm.send(from, to, call)?.1)
    }

    /// Every voter casts a ballot; the contract's handles are those of the native definition.
    pub fn cast_all(&mut self) {
        for index in 0..self.program.inputs().len() {
            self.evm.advance(1);
            let commitment = self.backend.ballot(index);
            let call = PrivateTally::voteCall { point: points([&commitment])[0] };
            let (handle, receipt) = self.evm.send(voter(index), self.tally, &call).unwrap();
            if index == 1 {
                println!("gas_vote {}", receipt.gas);
            }
            let tally = self.tally.into_array();
            let origin = Origin::Input { registrant: tally, consumer: tally };
            let ballot = NamedCommitment::new(&self.record(origin, &commitment), commitment).unwrap();
            assert_eq!(handle.0, ballot.handle, "handle of ballot {index}");
            self.ballots.push(ballot);
        }
    }

    pub fn close(&mut self) {
        self.evm.advance(1);
        let receipt = self.send(STRANGER, self.tally, &PrivateTally::closeCall {}).unwrap();
        println!("gas_close {}", receipt.gas);
        let event = receipt.logs.iter().find_map(|log| Coprocessor::Requested::decode_log(log).ok()).unwrap();
        let handles: Vec<[u8; 32]> = self.ballots.iter().map(|b| b.handle).collect();
        assert_eq!(event.inputs, handles);
        self.requested = Some(event.data);
        self.output = Some(self.backend.output(&self.program));
        self.evm.advance(1);
    }

    /// The statement of the request, by the native definitions.
    pub fn statement(&self) -> Statement {
        let requested = self.requested.as_ref().unwrap();
        let commitment = self.output.unwrap();
        let request_id = requested.requestId.0;
        let origin = Origin::Output { request_id, job: 0, segment: 0, index: 0 };
        let output = NamedCommitment::new(&self.record(origin, &commitment), commitment).unwrap();
        Statement {
            domain: Domain {
                chain_id: CHAIN_ID,
                coprocessor: self.coprocessor.into_array(),
                verifier_hash: self.backend.verifier_hash(),
                srs_digest: self.backend.srs_digest(),
                parameter_set_id: parameter_set_id(),
                key_digest: KEY.0,
            },
            job: Job {
                request_id,
                salt: requested.salt.0,
                program: self.program.clone(),
                inputs: self.ballots.clone(),
                outputs: vec![output],
            },
        }
    }

    pub fn honest_fulfilment(&mut self) -> Coprocessor::fulfilCall {
        let statement = self.statement();
        self.fulfilment(&statement)
    }

    /// The call for the request, with a proof of this statement.
    pub fn fulfilment(&mut self, statement: &Statement) -> Coprocessor::fulfilCall {
        let proof = self.backend.prove(statement);
        let bytes = proof.to_bytes(&Class::SLICE, &self.backend.verifier_hash()).unwrap();
        Coprocessor::fulfilCall {
            requestId: self.requested.as_ref().unwrap().requestId,
            outputPoints: points(statement.job.outputs.iter().map(|o| &o.commitment)),
            inputPoints: points(statement.job.inputs.iter().map(|i| &i.commitment)),
            proof: bytes.into(),
        }
    }

    /// The same proof as (-A, -B, C).
    pub fn malleated(&self, call: &Coprocessor::fulfilCall) -> Coprocessor::fulfilCall {
        let hash = self.backend.verifier_hash();
        let mut proof = EvaluationProof::from_bytes(&Class::SLICE, &hash, &call.proof).unwrap();
        proof.groth16.a = -proof.groth16.a;
        proof.groth16.b = -proof.groth16.b;
        let bytes: Bytes = proof.to_bytes(&Class::SLICE, &hash).unwrap().into();
        Coprocessor::fulfilCall { proof: bytes, ..call.clone() }
    }

    pub fn allow_result(&mut self, handle: B256) {
        self.send(STRANGER, self.tally, &PrivateTally::allowResultCall { handle }).unwrap();
        let call = Coprocessor::isReleaseAllowedCall { handle };
        assert!(self.evm.send(STRANGER, self.coprocessor, &call).unwrap().0);
    }

    pub fn accept_call(&self, totals: &[u64], signature: Vec<u8>) -> PrivateTally::acceptResultCall {
        PrivateTally::acceptResultCall {
            epoch: U256::from(EPOCH),
            totals: totals.iter().map(|t| U256::from(*t)).collect(),
            signature: signature.into(),
        }
    }

    /// The committee's signature, by blst, of the digest that the contract states.
    pub fn sign(&mut self, epoch: u64, handle: [u8; 32], totals: &[u64]) -> Vec<u8> {
        let call = ReleaseVerifier::releaseDigestCall {
            epoch: U256::from(epoch),
            requestId: self.requested.as_ref().unwrap().requestId,
            handles: vec![handle.into()],
            plaintexts: totals.iter().map(|t| U256::from(*t)).collect(),
        };
        let digest = self.evm.send(STRANGER, self.release, &call).unwrap().0;
        let tag = self.evm.send(STRANGER, self.release, &ReleaseVerifier::DOMAIN_TAGCall {}).unwrap().0;
        assert_eq!(&tag[..], b"TRINE-V1-RELEASE-BLS12381G2_XMD:SHA-256_SSWU_RO_");
        committee::sign(digest)
    }

    fn record(&self, origin: Origin, commitment: &Commitment) -> HandleRecord {
        HandleRecord {
            chain_id: CHAIN_ID,
            coprocessor: self.coprocessor.into_array(),
            key_digest: KEY.0,
            key_kind: KeyKind::Compute,
            value_type: ValueType::Nibbles,
            blocks: CANDIDATES,
            origin,
            commitment_digest: commitment.digest(),
        }
    }
}

/// The registration of a program under the class.
pub fn register_call(program: &LinearProgram) -> Coprocessor::registerProgramCall {
    let matrix = ProgramMatrix::new(&Class::SLICE, program).unwrap();
    Coprocessor::registerProgramCall {
        text: program.to_text().into_bytes().into(),
        prog: scalar(&program_digest(&Class::SLICE, program).unwrap()),
        layout0: scalar(&matrix.layouts[0]),
        layout1: scalar(&matrix.layouts[1]),
        inputs: program.inputs().len() as u8,
        outputs: program.outputs().len() as u8,
    }
}

/// Name of the error that a call reverts with.
pub fn error_name(result: Result<Receipt, EvmError>) -> &'static str {
    match result {
        Err(EvmError::Revert(error)) => error.name(),
        other => panic!("expected a revert, got {other:?}"),
    }
}

pub fn voter(index: usize) -> Address {
    Address::repeat_byte(0x20 + index as u8)
}

fn bytecode(artifact: &str) -> Vec<u8> {
    let artifact: serde_json::Value = serde_json::from_str(artifact).unwrap();
    hex::decode(&artifact["bytecode"].as_str().unwrap()[2..]).unwrap()
}
