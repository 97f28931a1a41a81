//! The chain adapter against a real node.

mod anvil;
mod requests;

use alloy::consensus::TxEnvelope;
use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use anvil::{Anvil, CHAIN_ID, ENGINE};
use requests::{consumer, deploy, request};
use std::time::Duration;
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::proof_bytes;
use trine_engine::chain::rpc::RpcSettings;
use trine_engine::chain::{Chain, ChainError, FulfilledJob, Fulfilment, Inclusion, RequestFacts, RpcChain};
use trine_engine::domain::PendingTransaction;
use trine_verifier::{Bytes32, Class, Commitment};

fn chain(url: &str, coprocessor: Address, chain_id: u64) -> RpcChain {
    let settings = RpcSettings {
        chain_id,
        coprocessor,
        from_block: 0,
        poll: Duration::from_millis(20),
        patience: Duration::from_secs(10),
    };
    RpcChain::new(url, ENGINE.parse().unwrap(), settings).unwrap()
}

/// A contract with a request by the consumer over two ciphertexts.
async fn requested(
    provider: &DynProvider,
    consumer: Address,
) -> (Address, Bytes32, RequestFacts, [Commitment; 2]) {
    let key = trine_prover::srs::development(4).unwrap();
    let commit = |words: [u64; 2]| Commitment::new(key.commit_words(&words).unwrap()).unwrap();
    let commitments = [commit([3, 4]), commit([5, 6])];
    let coprocessor = deploy(provider).await;
    let (request_id, facts) = request(provider, consumer, coprocessor, [7; 32], &commitments).await;
    (coprocessor, request_id, facts, commitments)
}

#[tokio::test]
async fn requests_are_read_and_refusals_are_named() {
    let anvil = Anvil::start();
    let (provider, account) = consumer(&anvil);
    let (coprocessor, request_id, facts, commitments) = requested(&provider, account).await;
    let chain = chain(&anvil.url, coprocessor, CHAIN_ID);
    assert_eq!(chain.check().await, Ok(()));
    assert_eq!(chain.request(&request_id).await, Ok(facts));
    assert_eq!(chain.fulfilment(&request_id).await, Ok(None));
    let unknown = chain.request(&[1; 32]).await;
    assert!(matches!(unknown, Err(ChainError::UnknownRequest { .. })), "{unknown:?}");
    // A proof that the verifier refuses is never signed.
    let fulfilment = Fulfilment {
        request_id,
        jobs: vec![FulfilledJob {
            request_id,
            segment: None,
            words: vec![],
            input_points: commitments.iter().map(Commitment::xy).collect(),
            output_points: vec![commitments[0].xy()],
        }],
        key_points: None,
        proof: vec![0; proof_bytes(&Class::SLICE)],
    };
    match chain.sign(&fulfilment).await {
        Err(ChainError::Reverted(name)) => {
            assert!(name.contains("Coprocessor") || name.contains("Verifier"), "{name}")
        }
        other => panic!("{other:?}"),
    }
    let other = self::chain(&anvil.url, coprocessor, 1);
    assert_eq!(other.check().await, Err(ChainError::ChainId { got: CHAIN_ID, expected: 1 }));
    assert!(matches!(other.sign(&fulfilment).await, Err(ChainError::ChainId { .. })));
    let empty = self::chain(&anvil.url, Address::repeat_byte(9), CHAIN_ID);
    assert!(matches!(empty.request(&request_id).await, Err(ChainError::Answer(_))));
    drop(anvil);
    let gone = chain.request(&request_id).await;
    assert!(matches!(gone, Err(ChainError::Unavailable(_))), "{gone:?}");
}

/// A nonce that a refused transaction keeps is a gap: every later one waits behind it.
#[tokio::test]
async fn a_refused_estimate_takes_no_nonce() {
    let anvil = Anvil::start();
    let (provider, account) = consumer(&anvil);
    let (coprocessor, request_id, _, commitments) = requested(&provider, account).await;
    let chain = chain(&anvil.url, coprocessor, CHAIN_ID);
    let fulfilment = Fulfilment {
        request_id,
        jobs: vec![FulfilledJob {
            request_id,
            segment: None,
            words: vec![],
            input_points: commitments.iter().map(Commitment::xy).collect(),
            output_points: vec![commitments[0].xy()],
        }],
        key_points: None,
        proof: vec![0; proof_bytes(&Class::SLICE)],
    };
    let refused = async || {
        let answer = chain.sign(&fulfilment).await;
        assert!(matches!(answer, Err(ChainError::Reverted(_))), "{answer:?}");
    };
    // Code that accepts everything lets the same call through.
    let code: String = provider.get_code_at(coprocessor).await.unwrap().to_string();
    let put = async |code: &str| {
        let answer = provider.raw_request::<_, ()>("anvil_setCode".into(), (coprocessor, code)).await;
        answer.unwrap();
    };
    for nonce in 0..2 {
        put(&code).await;
        refused().await;
        refused().await;
        put("0x00").await;
        let pending = chain.sign(&fulfilment).await.unwrap();
        assert_eq!(pending.nonce, nonce);
        assert_eq!(chain.send(&pending).await, Ok(Inclusion::Succeeded));
    }
}

/// Signs by hand, with a nonce and gas of the test's choice.
async fn signed(nonce: u64, value: u64, to: Address, input: Vec<u8>) -> PendingTransaction {
    let wallet = EthereumWallet::from(ENGINE.parse::<PrivateKeySigner>().unwrap());
    let envelope: TxEnvelope = TransactionRequest::default()
        .with_to(to)
        .with_value(U256::from(value))
        .with_input(input)
        .with_chain_id(CHAIN_ID)
        .with_nonce(nonce)
        .with_gas_limit(1_000_000)
        .with_max_fee_per_gas(10_000_000_000)
        .with_max_priority_fee_per_gas(1_000_000_000)
        .build(&wallet)
        .await
        .unwrap();
    PendingTransaction { hash: envelope.tx_hash().0, nonce, raw: envelope.encoded_2718() }
}

#[tokio::test]
async fn sending_twice_is_sending_once_and_every_fate_is_told_apart() {
    let anvil = Anvil::start();
    let (provider, account) = consumer(&anvil);
    let (coprocessor, request_id, ..) = requested(&provider, account).await;
    let chain = chain(&anvil.url, coprocessor, CHAIN_ID);
    let payee = Address::repeat_byte(0x42);

    let first = signed(0, 5, payee, vec![]).await;
    assert_eq!(chain.send(&first).await, Ok(Inclusion::Succeeded));
    assert_eq!(chain.send(&first).await, Ok(Inclusion::Succeeded));
    assert_eq!(provider.get_balance(payee).await.unwrap(), U256::from(5), "paid once");

    let superseded = signed(0, 6, payee, vec![]).await;
    assert_eq!(chain.send(&superseded).await, Ok(Inclusion::Superseded));
    assert_eq!(provider.get_balance(payee).await.unwrap(), U256::from(5));

    let call = Coprocessor::fulfilCall {
        requestId: request_id.into(),
        outputPoints: vec![],
        inputPoints: vec![],
        proof: vec![].into(),
    };
    let reverting = signed(1, 0, coprocessor, call.abi_encode()).await;
    assert_eq!(chain.send(&reverting).await, Ok(Inclusion::Reverted));
    assert_eq!(chain.send(&reverting).await, Ok(Inclusion::Reverted));
}
