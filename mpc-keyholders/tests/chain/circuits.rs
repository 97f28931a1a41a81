//! What a node reads from a development chain about a request for a circuit.

use super::anvil::{ACCOUNT, anvil};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_contract::bindings::coprocessor::Coprocessor::CoprocessorInstance;
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_contract::bindings::release_verifier::ReleaseVerifier::ReleaseVerifierInstance;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier, ReleaseVerifier, VerifierGateway};
use trine_keyholder::node::chain::{ChainReader, RpcChain};
use trine_keyholder::node::config::{ChainConfig, NodeConfig};
use trine_keyholder::protocol::attest::{KeyAnswer, KeyAttestation, ReleaseDomain};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;
use trine_program::Circuit;
use trine_verifier::{Commitment, Origin};

const KEY: [u8; 32] = [0x22; 32];
const CONTENT: [u8; 32] = [0x33; 32];
const CIRCUIT: &str = "trine circuit 1
input bool compute 1 degree 1
input bool compute 1 degree 1
output bool compute 1 degree 1
table 1 0 0 576460752303423488 0 0 0 0 0 0 0 0 0 0 0 0 0
bootstrap compute 0 0 + 1*i0.0 + 1*i1.0
row 0 + 1*b0.0
";

fn claim(circuit: &Circuit) -> CircuitClaim {
    let mut layouts = [U256::ZERO; 6];
    for (i, declaration) in circuit.inputs().iter().chain(circuit.outputs()).enumerate() {
        layouts[0] |= U256::from(declaration.layout_entry(0)) << (16 * i);
    }
    CircuitClaim { prog: U256::from(5), layouts, logBootstrappings: 0, inputs: 2, outputs: 1 }
}

/// Makes a digest one that circuits run under: three nodes of a committee attest it.
async fn register_key(
    contract: &CoprocessorInstance<DynProvider>,
    release: &ReleaseVerifierInstance<DynProvider>,
) {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let (record, nodes) = deal(CommitteeSize::FOUR, 1, CONTENT, &[1; KEY_DIMENSION], &mut rng).unwrap();
    let key = record.committee_key.public_key_eip2537().unwrap().to_vec();
    let epoch = U256::from(record.epoch);
    let registration = release.registerEpoch(epoch, key.into(), 3, 4);
    registration.send().await.unwrap().get_receipt().await.unwrap();

    let domain = ReleaseDomain { chain_id: 31337, verifying_contract: release.address().into_array() };
    let attestation = KeyAttestation { epoch: record.epoch, key_digest: KEY, content_digest: CONTENT };
    let digest = attestation.digest(domain);
    let (key, content) = (B256::from(KEY), B256::from(CONTENT));
    let of_contract = release.evaluationKeyDigest(epoch, key, content).call().await.unwrap();
    assert_eq!(of_contract.0, digest, "TR.B5");
    let answers = nodes[1..].iter().map(|node| KeyAnswer {
        node: node.key_share.node(),
        attestation,
        share: node.signing_share.sign(&digest).unwrap().to_vec(),
    });
    let answers: Vec<KeyAnswer> = answers.collect();
    let attested = record.committee_key.combine_attestation(domain, &answers).unwrap();
    let signature = attested.signature.eip2537().unwrap().to_vec();
    let registration = contract.registerCommittedKey(key, content, epoch, signature.into());
    registration.send().await.unwrap().get_receipt().await.unwrap();
    assert_eq!(contract.contentOf(key).call().await.unwrap(), content);
}

/// Asks for the circuit over two fresh values.
async fn request(contract: &CoprocessorInstance<DynProvider>, consumer: Address) -> (B256, Vec<B256>) {
    let circuit = Circuit::from_text(CIRCUIT.as_bytes()).unwrap();
    let registration = contract.registerCircuit(CIRCUIT.as_bytes().into(), claim(&circuit));
    let program_ref = registration.call().await.unwrap();
    registration.send().await.unwrap().get_receipt().await.unwrap();
    let key = trine_prover::srs::development(4).unwrap();
    let mut inputs = Vec::new();
    for word in [3u64, 4] {
        let commitment = Commitment::new(key.commit_words(&[word, 1]).unwrap()).unwrap();
        let point = commitment.xy().map(U256::from_be_bytes::<32>);
        let entry = circuit.inputs()[0];
        let (kind, code) = (entry.key_kind.code(), entry.value_type.code());
        let registration = contract.registerCiphertext(consumer, B256::from(KEY), kind, code, 1, point);
        inputs.push(registration.call().await.unwrap());
        registration.send().await.unwrap().get_receipt().await.unwrap();
    }
    let request = contract.request(program_ref, B256::from(KEY), inputs.clone());
    let request_id = request.call().await.unwrap();
    request.send().await.unwrap().get_receipt().await.unwrap();
    (request_id, inputs)
}

/// The verifier of linear programs stands in for one of circuits: what is read of it is its hash.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_circuit_is_read_in_its_own_domain() {
    let anvil = anvil().await;
    let signer: PrivateKeySigner = ACCOUNT.parse().unwrap();
    let consumer = signer.address();
    let provider = ProviderBuilder::new().wallet(signer).connect_http(anvil.url.parse().unwrap()).erased();
    let verifier = EvaluationVerifier::deploy(provider.clone(), true).await.unwrap();
    let hash = verifier.VERIFIER_HASH().call().await.unwrap();
    let srs = verifier.SRS_DIGEST().call().await.unwrap();
    let set = verifier.PARAMETER_SET_ID().call().await.unwrap();
    let gateway = VerifierGateway::deploy(provider.clone(), consumer, srs, set, true).await.unwrap();
    let release = ReleaseVerifier::deploy(provider.clone(), consumer).await.unwrap();
    let (verifier_address, gateway_address) = (*verifier.address(), *gateway.address());
    let contract =
        Coprocessor::deploy(provider.clone(), verifier_address, gateway_address, *release.address())
            .await
            .unwrap();
    register_key(&contract, &release).await;
    let (request_id, inputs) = request(&contract, consumer).await;

    let facts = async |circuit_verifier_hash: Option<B256>| {
        let config = ChainConfig {
            rpc_url: anvil.url.clone(),
            chain_id: 31337,
            coprocessor: contract.address().to_string(),
            circuit_verifier_hash: circuit_verifier_hash.map(|hash| hash.to_string()),
            ..toml::from_str::<NodeConfig>(NodeConfig::EXAMPLE).unwrap().chain
        };
        RpcChain::new(&config).unwrap().facts(&request_id.0).await.unwrap()
    };
    // The gateway knows no verifier yet, or the node is told of none.
    assert_eq!(facts(Some(hash)).await.domain.verifier_hash, [0; 32]);
    gateway.addVerifier(*verifier.address()).send().await.unwrap().get_receipt().await.unwrap();
    assert_eq!(facts(None).await.domain.verifier_hash, [0; 32]);
    // Another hash with the same selector is told from the gateway's.
    let mut alike = hash;
    alike[31] ^= 1;
    assert_eq!(facts(Some(alike)).await.domain.verifier_hash, hash.0);

    let read = facts(Some(hash)).await;
    assert_eq!(read.domain.verifier_hash, hash.0);
    assert_eq!((read.domain.srs_digest, read.domain.parameter_set_id), (srs.0, set.0));
    assert_eq!((read.domain.key_digest, read.consumer), (KEY, consumer.into_array()));
    assert_eq!(read.program_text, CIRCUIT.as_bytes());
    assert_eq!(read.program_id, keccak256(CIRCUIT).0);
    assert!(read.outputs.is_empty() && read.fulfilled_at.is_none());
    for (handle, expected) in read.inputs.iter().zip(&inputs) {
        assert_eq!((handle.handle, handle.record.handle()), (expected.0, expected.0));
        assert!(matches!(handle.record.origin, Origin::Input { .. }));
    }
}
