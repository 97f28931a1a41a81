//! A fulfilment on a node costs what it costs in process.

use crate::anvil::Anvil;
use crate::tiny::{CLASS, TinySetup, TinyStatement};
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, keccak256};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::{points, scalar};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::program::{ProgramMatrix, program_digest};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Domain, HandleRecord, Job, NamedCommitment, Origin, Statement};

const INPUTS: usize = 15;
/// `docs/spec/onchain.md`, from the in-process EVM.
const GAS_IN_PROCESS: u64 = 844_086;

#[tokio::test]
async fn a_fulfilment_costs_the_same_on_a_node() {
    let anvil = Anvil::start();
    let (provider, owner) = anvil.provider();
    let mut setup = TinySetup::new();
    let artifact: serde_json::Value =
        serde_json::from_str(include_str!("../../artifacts/test/TinyVerifier.json")).unwrap();
    let bytecode = hex::decode(&artifact["bytecode"].as_str().unwrap()[2..]).unwrap();
    let creation = TransactionRequest::default().with_deploy_code(bytecode);
    let receipt = provider.send_transaction(creation).await.unwrap().get_receipt().await.unwrap();
    let verifier = receipt.contract_address.unwrap();
    let coprocessor =
        Coprocessor::deploy(provider.clone(), verifier, Address::ZERO, Address::ZERO).await.unwrap();

    let key_digest = B256::repeat_byte(7);
    let scheme = keccak256("trine.key.blake3.v1");
    coprocessor.registerKey(key_digest, scheme).send().await.unwrap().get_receipt().await.unwrap();
    let each =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
    let program = LinearProgram::sum(INPUTS, each, 15).unwrap();
    let layouts = ProgramMatrix::new(&CLASS, &program).unwrap().layouts;
    let prog = scalar(&program_digest(&CLASS, &program).unwrap());
    let text = program.to_text().into_bytes().into();
    let [layout_0, layout_1] = layouts.map(|l| scalar(&l));
    let receipt = coprocessor
        .registerProgram(text, prog, layout_0, layout_1, INPUTS as u8, 1)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let program_ref = receipt.decoded_log::<Coprocessor::ProgramRegistered>().unwrap().programRef;

    let record = |origin, commitment: &trine_verifier::Commitment| HandleRecord {
        chain_id: 31337,
        coprocessor: coprocessor.address().into_array(),
        key_digest: key_digest.0,
        key_kind: KeyKind::Compute,
        value_type: ValueType::Nibbles,
        blocks: 3,
        origin,
        commitment_digest: commitment.digest(),
    };
    let account = owner.into_array();
    let mut inputs = Vec::new();
    for _ in 0..INPUTS {
        let commitment = setup.commitment();
        let point = points([&commitment])[0];
        let call = coprocessor.registerCiphertext(owner, key_digest, 0, 6, 3, point);
        call.send().await.unwrap().get_receipt().await.unwrap();
        let origin = Origin::Input { registrant: account, consumer: account };
        inputs.push(NamedCommitment::new(&record(origin, &commitment), commitment).unwrap());
    }
    let handles = inputs.iter().map(|i| i.handle.into()).collect();
    let receipt = coprocessor
        .request(program_ref, key_digest, handles)
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    let asked = receipt.decoded_log::<Coprocessor::Requested>().unwrap().data;

    let commitment = setup.commitment();
    let request_id = asked.requestId.0;
    let origin = Origin::Output { request_id, job: 0, segment: 0, index: 0 };
    let output = NamedCommitment::new(&record(origin, &commitment), commitment).unwrap();
    let statement = Statement {
        domain: Domain {
            chain_id: 31337,
            coprocessor: coprocessor.address().into_array(),
            verifier_hash: setup.deployable().verifier_hash(),
            srs_digest: setup.srs.digest(),
            parameter_set_id: parameter_set_id(),
            key_digest: key_digest.0,
        },
        job: Job { request_id, salt: asked.salt.0, program, inputs, outputs: vec![output] },
    };
    let digests = statement.inputs(&CLASS).unwrap();
    let tiny = TinyStatement {
        stmt: digests.stmt,
        shape: digests.matrix.shape,
        layouts: digests.matrix.layouts,
        prog: digests.prog,
        inputs: statement.job.inputs.iter().map(|i| i.commitment).collect(),
        outputs: vec![commitment],
    };
    let (proof, _) = setup.prove(&tiny);
    let bytes = proof.to_bytes(&CLASS, &setup.deployable().verifier_hash()).unwrap();
    let receipt = coprocessor
        .fulfil(asked.requestId, points(&tiny.outputs), points(&tiny.inputs), bytes.into())
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    println!("gas_fulfil on the node: {}", receipt.gas_used);
    // Zero bytes in calldata and the lengths of the two verifiers' code differ by some hundreds.
    assert!(receipt.gas_used.abs_diff(GAS_IN_PROCESS) < 2_000, "gas_fulfil {}", receipt.gas_used);
    let handle = statement.job.outputs[0].handle.into();
    assert_eq!(coprocessor.handleRecord(handle).call().await.unwrap().requestId, asked.requestId);
}
