//! The chain adapter against a real node.

use alloy::consensus::TxEnvelope;
use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier};
use trine_contract::calldata::{points, proof_bytes, scalar};
use trine_engine::chain::rpc::RpcSettings;
use trine_engine::chain::{Chain, ChainError, Fulfilment, Inclusion, RequestFacts, RpcChain};
use trine_engine::domain::PendingTransaction;
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};
use trine_verifier::program::{ProgramMatrix, program_digest};
use trine_verifier::{Bytes32, Class, Commitment, HandleRecord, Origin};

const CHAIN_ID: u64 = 31337;
/// First accounts of anvil's development mnemonic: who deploys and asks, and who pays for the engine.
const CONSUMER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ENGINE: &str = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

struct Anvil {
    process: Child,
    url: String,
}

impl Anvil {
    fn start() -> Self {
        let mut process = Command::new(binary())
            .args(["--port", "0", "--hardfork", "osaka"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts: `make contracts` installs it");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines
            .find_map(|line| line.strip_prefix("Listening on ").map(|address| format!("http://{address}")))
            .expect("anvil says where it listens");
        Self { process, url }
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("TRINE_ANVIL") {
        return path.into();
    }
    let packages =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier-contract/tools/node_modules/@foundry-rs");
    let entries = PathBuf::from(packages).read_dir().expect("node packages: `make contracts` installs them");
    entries
        .map(|entry| entry.unwrap().path().join("bin/anvil"))
        .find(|path| path.is_file())
        .expect("anvil for this platform")
}

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
    provider: DynProvider,
    consumer: Address,
) -> (Address, Bytes32, RequestFacts, Vec<Commitment>) {
    let verifier = EvaluationVerifier::deploy(provider.clone(), true).await.unwrap();
    let coprocessor = Coprocessor::deploy(provider.clone(), *verifier.address()).await.unwrap();
    let key_digest = B256::repeat_byte(7);
    let scheme = keccak256("trine.key.blake3.v1");
    coprocessor.registerKey(key_digest, scheme).send().await.unwrap().get_receipt().await.unwrap();
    let each =
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
    let program = LinearProgram::sum(2, each, 2).unwrap();
    let layouts = ProgramMatrix::new(&Class::SLICE, &program).unwrap().layouts;
    let prog = scalar(&program_digest(&Class::SLICE, &program).unwrap());
    let [layout_0, layout_1] = layouts.map(|l| scalar(&l));
    let text = program.to_text().into_bytes().into();
    let call = coprocessor.registerProgram(text, prog, layout_0, layout_1, 2, 1);
    let receipt = call.send().await.unwrap().get_receipt().await.unwrap();
    let program_ref = receipt.decoded_log::<Coprocessor::ProgramRegistered>().unwrap().programRef;
    let (mut handles, mut commitments) = (Vec::new(), Vec::new());
    let key = trine_prover::srs::development(1).unwrap();
    for words in [[3u64, 4], [5, 6]] {
        let commitment = Commitment::new(key.commit_words(&words).unwrap()).unwrap();
        let call = coprocessor.registerCiphertext(consumer, key_digest, 0, 6, 1, points([&commitment])[0]);
        call.send().await.unwrap().get_receipt().await.unwrap();
        let account = consumer.into_array();
        let record = HandleRecord {
            chain_id: CHAIN_ID,
            coprocessor: coprocessor.address().into_array(),
            key_digest: key_digest.0,
            key_kind: KeyKind::Compute,
            value_type: ValueType::Nibbles,
            blocks: 1,
            origin: Origin::Input { registrant: account, consumer: account },
            commitment_digest: commitment.digest(),
        };
        handles.push(record.handle());
        commitments.push(commitment);
    }
    let inputs = handles.iter().map(|h| B256::from(*h)).collect();
    let call = coprocessor.request(program_ref, key_digest, inputs);
    let receipt = call.send().await.unwrap().get_receipt().await.unwrap();
    let event = receipt.decoded_log::<Coprocessor::Requested>().unwrap();
    let facts = RequestFacts {
        program_id: program.id().0,
        key_digest: key_digest.0,
        salt: event.salt.0,
        inputs: handles,
        fulfilled: false,
    };
    (*coprocessor.address(), event.requestId.0, facts, commitments)
}

fn consumer(anvil: &Anvil) -> (DynProvider, Address) {
    let signer: PrivateKeySigner = CONSUMER.parse().unwrap();
    let account = signer.address();
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_http(anvil.url.parse().unwrap())
        .erased();
    (provider, account)
}

#[tokio::test]
async fn requests_are_read_and_refusals_are_named() {
    let anvil = Anvil::start();
    let (provider, account) = consumer(&anvil);
    let (coprocessor, request_id, facts, commitments) = requested(provider, account).await;
    let chain = chain(&anvil.url, coprocessor, CHAIN_ID);
    assert_eq!(chain.check().await, Ok(()));
    assert_eq!(chain.request(&request_id).await, Ok(facts));
    assert_eq!(chain.fulfilment(&request_id).await, Ok(None));
    let unknown = chain.request(&[1; 32]).await;
    assert!(matches!(unknown, Err(ChainError::UnknownRequest { .. })), "{unknown:?}");
    // A proof that the verifier refuses is never signed.
    let fulfilment = Fulfilment {
        request_id,
        input_points: commitments.iter().map(Commitment::xy).collect(),
        output_points: vec![commitments[0].xy()],
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
    let (coprocessor, request_id, ..) = requested(provider.clone(), account).await;
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
