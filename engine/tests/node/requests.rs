//! A contract with a request over ciphertexts.

use crate::anvil::{Anvil, CHAIN_ID, CONSUMER};
use alloy::network::EthereumWallet;
use alloy::primitives::{Address, B256, keccak256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier};
use trine_contract::calldata::{points, scalar};
use trine_engine::chain::RequestFacts;
use trine_engine::circuit::Registered;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::program::{ProgramMatrix, program_digest};
use trine_verifier::{Bytes32, Class, Commitment, HandleRecord, Origin};

/// One counter.
pub const VALUE: Declaration =
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };

/// The consumer's account, which is the registrant too.
pub fn consumer(anvil: &Anvil) -> (DynProvider, Address) {
    let signer: PrivateKeySigner = CONSUMER.parse().unwrap();
    let account = signer.address();
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(anvil.url.parse().unwrap())
        .erased();
    (provider, account)
}

/// Deploys verifier and coprocessor.
pub async fn deploy(provider: &DynProvider) -> Address {
    let verifier = EvaluationVerifier::deploy(provider.clone(), true).await.unwrap();
    let (gateway, release) = (Address::ZERO, Address::ZERO);
    let contract =
        Coprocessor::deploy(provider.clone(), *verifier.address(), gateway, release).await.unwrap();
    *contract.address()
}

/// Registers key set, program and the two ciphertexts behind `commitments`, and asks for their sum.
pub async fn request(
    provider: &DynProvider,
    consumer: Address,
    coprocessor: Address,
    key_digest: Bytes32,
    commitments: &[Commitment; 2],
) -> (Bytes32, RequestFacts) {
    let coprocessor = Coprocessor::new(coprocessor, provider.clone());
    let key_digest = B256::from(key_digest);
    let scheme = keccak256("trine.key.blake3.v1");
    coprocessor.registerKey(key_digest, scheme).send().await.unwrap().get_receipt().await.unwrap();
    let program = LinearProgram::sum(2, VALUE, 2).unwrap();
    let layouts = ProgramMatrix::new(&Class::SLICE, &program).unwrap().layouts;
    let prog = scalar(&program_digest(&Class::SLICE, &program).unwrap());
    let [layout_0, layout_1] = layouts.map(|l| scalar(&l));
    let text = program.to_text().into_bytes().into();
    let call = coprocessor.registerProgram(text, prog, layout_0, layout_1, 2, 1);
    let receipt = call.send().await.unwrap().get_receipt().await.unwrap();
    let program_ref = receipt.decoded_log::<Coprocessor::ProgramRegistered>().unwrap().programRef;
    let mut handles = Vec::new();
    for commitment in commitments {
        let call = coprocessor.registerCiphertext(consumer, key_digest, 0, 6, 1, points([commitment])[0]);
        call.send().await.unwrap().get_receipt().await.unwrap();
        let account = consumer.into_array();
        let record = HandleRecord {
            chain_id: CHAIN_ID,
            coprocessor: coprocessor.address().into_array(),
            key_digest: key_digest.0,
            key_kind: VALUE.key_kind,
            value_type: VALUE.value_type,
            blocks: VALUE.blocks,
            origin: Origin::Input { registrant: account, consumer: account },
            commitment_digest: commitment.digest(),
        };
        handles.push(record.handle());
    }
    let inputs = handles.iter().map(|h| B256::from(*h)).collect();
    let call = coprocessor.request(program_ref, key_digest, inputs);
    let receipt = call.send().await.unwrap().get_receipt().await.unwrap();
    let event = receipt.decoded_log::<Coprocessor::Requested>().unwrap();
    let facts = RequestFacts {
        program_id: program.id().0,
        program: Registered::Linear,
        key_digest: key_digest.0,
        salt: event.salt.0,
        inputs: handles,
        fulfilled: false,
    };
    (event.requestId.0, facts)
}
