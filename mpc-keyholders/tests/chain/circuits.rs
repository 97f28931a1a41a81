//! What a node reads from a development chain about a request for a circuit, of one segment or of several.

use super::anvil::{ACCOUNT, anvil};
use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::signers::local::PrivateKeySigner;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_contract::bindings::coprocessor::Coprocessor::CoprocessorInstance;
use trine_contract::bindings::coprocessor::ICoprocessor::{CircuitClaim, SegmentClaim};
use trine_contract::bindings::release_verifier::ReleaseVerifier::ReleaseVerifierInstance;
use trine_contract::bindings::{Coprocessor, EvaluationVerifier, ReleaseVerifier, VerifierGateway};
use trine_keyholder::node::chain::{ChainReader, RpcChain};
use trine_keyholder::node::config::{ChainConfig, NodeConfig};
use trine_keyholder::protocol::attest::{KeyAnswer, KeyAttestation, ReleaseDomain};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;
use trine_program::Circuit;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::registration::Registration;
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
    CircuitClaim { program: B256::repeat_byte(5), layouts, bootstrappings: 1, inputs: 2, outputs: 1 }
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

/// Registers the circuit under a claim about one proof.
async fn register_circuit(contract: &CoprocessorInstance<DynProvider>, circuit: &Circuit) -> B256 {
    let registration = contract.registerCircuit(circuit.to_text().into_bytes().into(), claim(circuit));
    let program_ref = registration.call().await.unwrap();
    registration.send().await.unwrap().get_receipt().await.unwrap();
    program_ref
}

/// As many bootstrappings as two proofs cover, each of the one before it.
fn two_segments() -> Circuit {
    let last = (2 << Parameters::PRODUCTION.max_log_bootstrappings) - 1;
    let steps = (0..last).map(|before| format!("bootstrap compute 0 0 + 1*i1.0 + 1*b{before}.0\n"));
    let rest = format!("{}row 0 + 1*b{last}.0\n", steps.collect::<String>());
    Circuit::from_text(CIRCUIT.replace("row 0 + 1*b0.0\n", &rest).as_bytes()).unwrap()
}

/// Registers a circuit with what its text gives about each segment.
async fn register_segments(contract: &CoprocessorInstance<DynProvider>, circuit: &Circuit) -> B256 {
    let own = Registration::of(&Parameters::PRODUCTION, circuit).unwrap();
    let Registration::Segments { layouts, inputs, segments } = &own else { panic!("one proof covers it") };
    let segments = segments.iter().map(|segment| SegmentClaim {
        circuitId: segment.circuit_id.into(),
        claim: CircuitClaim {
            program: segment.claim.program.into(),
            layouts: segment.claim.layouts.map(U256::from_be_bytes),
            bootstrappings: segment.claim.bootstrappings,
            inputs: segment.claim.inputs,
            outputs: segment.claim.outputs,
        },
        sources: segment.sources.clone(),
    });
    let (text, layouts) = (circuit.to_text().into_bytes(), layouts.map(U256::from_be_bytes));
    let registration = contract.registerSegments(text.into(), layouts, *inputs, segments.collect());
    let program_ref = registration.call().await.unwrap();
    assert_eq!(program_ref.0, own.reference(&circuit.id().0), "Rust and Solidity name the circuit alike");
    registration.send().await.unwrap().get_receipt().await.unwrap();
    program_ref
}

/// Asks for a registered circuit over two fresh bits.
async fn request(
    contract: &CoprocessorInstance<DynProvider>,
    consumer: Address,
    program_ref: B256,
    circuit: &Circuit,
) -> (B256, Vec<B256>) {
    let key = trine_prover::srs::development(4).unwrap();
    let mut inputs = Vec::new();
    for word in [3u64, 4] {
        let words = [word, circuit.bootstrappings().len() as u64];
        let commitment = Commitment::new(key.commit_words(&words).unwrap()).unwrap();
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
    let circuit = Circuit::from_text(CIRCUIT.as_bytes()).unwrap();
    let program_ref = register_circuit(&contract, &circuit).await;
    let (request_id, inputs) = request(&contract, consumer, program_ref, &circuit).await;
    let large = two_segments();
    let program_ref = register_segments(&contract, &large).await;
    let (large_request, large_inputs) = request(&contract, consumer, program_ref, &large).await;

    let facts_of = async |request_id: B256, circuit_verifier_hash: Option<B256>| {
        let config = ChainConfig {
            rpc_url: anvil.url.clone(),
            chain_id: 31337,
            coprocessor: contract.address().to_string(),
            circuit_verifier_hash: circuit_verifier_hash.map(|hash| hash.to_string()),
            ..toml::from_str::<NodeConfig>(NodeConfig::EXAMPLE).unwrap().chain
        };
        RpcChain::new(&config).unwrap().facts(&request_id.0).await.unwrap()
    };
    let facts = async |circuit_verifier_hash| facts_of(request_id, circuit_verifier_hash).await;
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

    // The text is the whole circuit's, whatever its segments are; the domain is that of circuits.
    let read_large = facts_of(large_request, Some(hash)).await;
    assert_eq!(read_large.program_text, large.to_text().into_bytes());
    assert_eq!((read_large.program_id, read_large.domain), (large.id().0, read.domain));
    let handles: Vec<[u8; 32]> = read_large.inputs.iter().map(|input| input.handle).collect();
    assert_eq!(handles, large_inputs.iter().map(|handle| handle.0).collect::<Vec<_>>());
    assert!(read_large.outputs.is_empty() && read_large.fulfilled_at.is_none());
    for (handle, expected) in read.inputs.iter().zip(&inputs) {
        assert_eq!((handle.handle, handle.record.handle()), (expected.0, expected.0));
        assert!(matches!(handle.record.origin, Origin::Input { .. }));
    }
}
