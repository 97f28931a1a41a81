//! What a node reads from a development chain (anvil), before and without a fulfilment.

use super::anvil::{ACCOUNT, anvil};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::providers::{Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier};
use trine_keyholder::node::chain::{ChainError, ChainReader, RpcChain};
use trine_keyholder::node::config::{ChainConfig, NodeConfig};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::{Commitment, Origin};

const KEY: [u8; 32] = [0x11; 32];

fn layouts(program: &LinearProgram) -> [U256; 2] {
    let mut words = [U256::ZERO; 2];
    for (i, declaration) in program.inputs().iter().chain(program.outputs()).enumerate() {
        words[i / 15] |= U256::from(declaration.layout_entry(0)) << (16 * (i % 15));
    }
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_read_with_its_program_and_inputs() {
    let anvil = anvil().await;
    let signer: PrivateKeySigner = ACCOUNT.parse().unwrap();
    let consumer = signer.address();
    let provider = ProviderBuilder::new().wallet(signer).connect_http(anvil.url.parse().unwrap());
    let verifier = EvaluationVerifier::deploy(provider.clone(), true).await.unwrap();
    let (gateway, release) = (Address::ZERO, Address::ZERO);
    let contract =
        Coprocessor::deploy(provider.clone(), *verifier.address(), gateway, release).await.unwrap();

    let scheme = contract.KEY_SCHEME().call().await.unwrap();
    contract.registerKey(B256::from(KEY), scheme).send().await.unwrap().get_receipt().await.unwrap();
    let ballot =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 };
    let program = LinearProgram::sum(2, ballot, 2).unwrap();
    let [layout0, layout1] = layouts(&program);
    let text = Bytes::from(program.to_text().into_bytes());
    let registration = contract.registerProgram(text.clone(), U256::from(5), layout0, layout1, 2, 1);
    let program_ref = registration.call().await.unwrap();
    registration.send().await.unwrap().get_receipt().await.unwrap();

    let key = trine_prover::srs::development(4).unwrap();
    let commitments = [3u64, 4].map(|word| Commitment::new(key.commit_words(&[word, 1]).unwrap()).unwrap());
    let mut inputs = Vec::new();
    for commitment in &commitments {
        let point = commitment.xy().map(U256::from_be_bytes::<32>);
        let registration = contract.registerCiphertext(consumer, B256::from(KEY), 0, 6, 3, point);
        inputs.push(registration.call().await.unwrap());
        registration.send().await.unwrap().get_receipt().await.unwrap();
    }
    let request = contract.request(program_ref, B256::from(KEY), inputs.clone());
    let request_id = request.call().await.unwrap();
    request.send().await.unwrap().get_receipt().await.unwrap();

    let config = ChainConfig {
        rpc_url: anvil.url.clone(),
        chain_id: 31337,
        coprocessor: contract.address().to_string(),
        confirmations: 1,
        ..toml::from_str::<NodeConfig>(NodeConfig::EXAMPLE).unwrap().chain
    };
    let chain = RpcChain::new(&config).unwrap();
    let facts = chain.facts(&request_id.0).await.unwrap();
    assert_eq!(facts.head, provider.get_block_number().await.unwrap());
    assert_eq!(facts.fulfilled_at, None);
    assert_eq!(facts.consumer, consumer.into_array());
    assert_eq!(facts.program_text, text.to_vec());
    assert_eq!(facts.program_id, keccak256(&text).0);
    assert_eq!(facts.domain.key_digest, KEY);
    assert_eq!(facts.domain.parameter_set_id, trine_verifier::statement::parameter_set_id());
    assert!(facts.outputs.is_empty());
    assert_eq!(facts.inputs.len(), 2);
    for ((read, handle), commitment) in facts.inputs.iter().zip(&inputs).zip(&commitments) {
        assert_eq!(read.handle, handle.0);
        assert_eq!(read.record.handle(), handle.0, "Rust and Solidity name the value alike");
        assert_eq!(read.record.commitment_digest, commitment.digest());
        let party = consumer.into_array();
        assert_eq!(read.record.origin, Origin::Input { registrant: party, consumer: party });
        assert!(!read.proven && !read.released);
    }

    let unknown = chain.facts(&[9; 32]).await.unwrap_err();
    assert!(matches!(unknown, ChainError::UnknownRequest { .. }), "{unknown}");
    let elsewhere = RpcChain::new(&ChainConfig { chain_id: 1, ..config.clone() }).unwrap();
    let refused = elsewhere.facts(&request_id.0).await.unwrap_err();
    assert!(matches!(refused, ChainError::ChainId { got: 31337, expected: 1 }));
    drop(anvil);
    assert!(matches!(chain.facts(&request_id.0).await, Err(ChainError::Rpc { .. })));
}
