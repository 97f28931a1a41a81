//! Nodes on loopback: real services and real mTLS; a chain and a squashing key that exist in memory.

use super::proven::{Proven, proven};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use trine_fhe::squashing::{SquashedBlock, SquashingError};
use trine_fhe::words::ValueWords;
use trine_keyholder::node::chain::{BoxFuture, ChainError, ChainReader};
use trine_keyholder::node::config::{LimitsConfig, NodeConfig, PeerConfig, TlsConfig};
use trine_keyholder::node::evaluation_key::{KeyCommitmentError, KeyCommitter, LazyKey};
use trine_keyholder::node::files::{read_committee, read_secrets, secrets_file, write_dealing};
use trine_keyholder::node::peer::{Peer, PeerIdentities, TlsIdentity};
use trine_keyholder::node::program::serve;
use trine_keyholder::node::release::{Conduct, Node, NodeParts, Squasher};
use trine_keyholder::node::storage::Storage;
use trine_keyholder::protocol::attest::ReleaseDomain;
use trine_keyholder::protocol::authorise::ChainFacts;
use trine_keyholder::protocol::authorise::PresentedSegment;
use trine_keyholder::protocol::batch::{PresentedBatch, PresentedHandle, PresentedJob};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_keyholder::protocol::mask::Flooding;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;
use trine_proto::keyholder::v1::keyholder_service_client::KeyholderServiceClient;
use trine_proto::keyholder::v1::{ProvenSegment, ReleaseRequest};
use trine_proto::prover::v1 as pb;
use trine_proto::prover::v1::Commitment;
use trine_verifier::Origin;
use trine_verifier::bootstrapping::KeyCommitments;

/// What the squasher of these tests encrypts, block by block of each value, which has no more blocks.
pub const PLAINTEXTS: [u8; 2] = [3, 15];

/// Facts that a test may change while nodes run.
#[derive(Clone)]
pub struct MemoryChain(pub Arc<std::sync::Mutex<ChainFacts>>);

impl ChainReader for MemoryChain {
    fn facts<'a>(&'a self, _request: &'a [u8; 32]) -> BoxFuture<'a, Result<ChainFacts, ChainError>> {
        let facts = self.0.lock().unwrap().clone();
        Box::pin(async move { Ok(facts) })
    }
}

/// Encrypts [`PLAINTEXTS`] under the test key, with randomness from the words: the same words, the same blocks. Remembers
/// what it was asked for.
struct MemorySquasher {
    key: Vec<u64>,
    asked: Asked,
}

/// Values that were squashed, by any node.
type Asked = Arc<std::sync::Mutex<Vec<ValueWords>>>;

impl Squasher for MemorySquasher {
    fn squash(&self, value: &ValueWords, _variance: f64) -> Result<Vec<SquashedBlock>, SquashingError> {
        self.asked.lock().unwrap().push(value.clone());
        let mut rng = ChaCha20Rng::seed_from_u64(value.blocks()[0].words()[0]);
        Ok(PLAINTEXTS
            .iter()
            .take(value.blocks().len())
            .map(|plaintext| {
                let mask: Vec<u128> =
                    (0..KEY_DIMENSION).map(|_| u128::from(rng.next_u64()) << 64 | 7).collect();
                let product =
                    mask.iter().zip(&self.key).fold(0u128, |s, (a, k)| s.wrapping_add(a * u128::from(*k)));
                let noise = rng.gen_range(-(1i128 << 65)..1 << 65);
                let body = product.wrapping_add(u128::from(*plaintext) << 123).wrapping_add(noise as u128);
                SquashedBlock { mask, body }
            })
            .collect())
    }
}

/// Knows the commitments, or finds that a reference string is too short.
struct MemoryKey(Option<CommittedKey>);

impl KeyCommitter for MemoryKey {
    fn commit(&self) -> Result<KeyCommitments, KeyCommitmentError> {
        let too_few =
            || KeyCommitmentError::TooFewPowers { path: "srs.bin".into(), powers: 16, wanted: 1 << 22 };
        self.0.as_ref().map(|key| key.commitments().clone()).ok_or_else(too_few)
    }
}

fn wire_commitment(commitment: &trine_verifier::Commitment) -> Commitment {
    Commitment { point: commitment.xy().concat() }
}

fn wire_segment(segment: &PresentedSegment) -> ProvenSegment {
    let links = segment.links.iter().map(wire_commitment).collect();
    ProvenSegment { links, inner_proof: segment.proof.clone(), batch: wire_batch(&segment.batch) }
}

/// Unset where there is nothing beside.
fn wire_batch(batch: &PresentedBatch) -> Option<pb::Batch> {
    let job = |job: &PresentedJob| pb::CoveredJob {
        request_id: job.request_id.to_vec(),
        salt: job.salt.to_vec(),
        program_text: job.program_text.clone(),
        inputs: job.inputs.iter().map(wire_handle).collect(),
        outputs: job.outputs.iter().map(wire_handle).collect(),
        segment: job.segment,
    };
    let others = batch.others.iter().map(job).collect();
    (*batch != PresentedBatch::default()).then_some(pb::Batch { place: batch.place as u32, others })
}

fn wire_handle(handle: &PresentedHandle) -> pb::HandleRecord {
    let origin = match handle.origin {
        Origin::Input { registrant, consumer } => {
            let (registrant, consumer) = (registrant.to_vec(), consumer.to_vec());
            pb::handle_record::Origin::Input(pb::InputOrigin { registrant, consumer })
        }
        Origin::Output { request_id, job, segment, index } => {
            let request_id = request_id.to_vec();
            pb::handle_record::Origin::Output(pb::OutputOrigin { request_id, job, segment, index })
        }
    };
    pb::HandleRecord {
        handle: handle.handle.to_vec(),
        key_kind: i32::from(handle.key_kind.code()) + 1,
        value_type: i32::from(handle.value_type.code()),
        blocks: u32::from(handle.blocks),
        commitment: Some(wire_commitment(&handle.commitment)),
        origin: Some(origin),
    }
}

struct Running {
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    node: Arc<Node>,
}

/// Clusters run one after the other: failpoints are the process's, and so are its cores.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Four nodes, some of which run.
pub struct Cluster {
    _turn: tokio::sync::MutexGuard<'static, ()>,
    folder: tempfile::TempDir,
    key: Vec<u64>,
    proven: Proven,
    pub chain: MemoryChain,
    asked: Asked,
    client_ports: Vec<SocketAddr>,
    peer_ports: Vec<SocketAddr>,
    running: Vec<Option<Running>>,
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An authority with certificates for the names, PEM files in the folder.
fn issue(folder: &Path, authority_name: &str, names: &[&str]) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(folder.join(format!("{authority_name}.crt")), certificate.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    for name in names {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_string(), "localhost".into()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        std::fs::write(folder.join(format!("{name}.crt")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

impl Cluster {
    /// Keys, certificates and addresses for a linear program; no node runs.
    pub async fn new(seed: u64) -> Self {
        Self::of(seed, proven()).await
    }

    /// The same for any proof.
    pub async fn of(seed: u64, proven: Proven) -> Self {
        let turn = TURN.lock().await;
        let folder = tempfile::tempdir().unwrap();
        issue(folder.path(), "ca", &["node-0", "node-1", "node-2", "node-3", "stranger"]);
        issue(folder.path(), "other-ca", &["outsider"]);
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let key: Vec<u64> = (0..KEY_DIMENSION).map(|_| u64::from(rng.gen_bool(0.5))).collect();
        let (record, secrets) =
            deal(CommitteeSize::FOUR, 1, proven.domain.key_digest, &key, &mut rng).unwrap();
        write_dealing(folder.path(), &record, &secrets, true).unwrap();
        let chain = MemoryChain(Arc::new(std::sync::Mutex::new(proven.facts.clone())));
        Self {
            _turn: turn,
            folder,
            key,
            proven,
            chain,
            asked: Asked::default(),
            client_ports: (0..4).map(|_| free_port()).collect(),
            peer_ports: (0..4).map(|_| free_port()).collect(),
            running: (0..4).map(|_| None).collect(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self, node: usize) -> NodeConfig {
        let others = (0..4).filter(|n| *n != node);
        let mut config: NodeConfig = toml::from_str(NodeConfig::EXAMPLE).unwrap();
        config.node = node as u8;
        config.client_listen = self.client_ports[node];
        config.peer_listen = self.peer_ports[node];
        config.tls = TlsConfig {
            authority: self.path("ca.crt"),
            certificate: self.path(&format!("node-{node}.crt")),
            key: self.path(&format!("node-{node}.key")),
        };
        config.peers = others
            .map(|n| PeerConfig {
                index: n as u8,
                endpoint: format!("https://{}", self.peer_ports[n]),
                name: format!("node-{n}"),
                certificate: self.path(&format!("node-{n}.crt")),
            })
            .collect();
        config.limits = LimitsConfig {
            round_seconds: 6,
            grace_milliseconds: 1500,
            poll_milliseconds: 20,
            concurrent_releases: 2,
        };
        config
    }

    /// Starts a node on its own database.
    pub async fn start(&mut self, index: u8, conduct: Conduct) {
        let config = self.config(usize::from(index));
        let (record, _) = read_committee(&self.path("committee.json")).unwrap();
        let secrets = read_secrets(&self.path(&secrets_file(index, true))).unwrap();
        secrets.check(&record).unwrap();
        let flooding = Flooding::of(record.size).unwrap();
        let tls = TlsIdentity::read(&config.tls).unwrap();
        let named: Vec<_> = config.peers.iter().map(|p| (record.size.node(p.index).unwrap(), p)).collect();
        let parts = NodeParts {
            rules: self.proven.rules(3),
            secrets,
            release_domain: ReleaseDomain { chain_id: 31337, verifying_contract: [8; 20] },
            storage: Storage::open(&self.path(&format!("data-{index}")), flooding).unwrap(),
            chain: Box::new(self.chain.clone()),
            squasher: Box::new(MemorySquasher { key: self.key.clone(), asked: Arc::clone(&self.asked) }),
            evaluation_key: LazyKey::new(Arc::new(MemoryKey(self.proven.evaluation_key.clone()))),
            peers: named.iter().map(|(n, p)| Peer::new(*n, p, &tls).unwrap()).collect(),
            limits: config.limits.clone(),
            development: true,
            conduct,
            record,
        };
        let identities = PeerIdentities::read(&named).unwrap();
        let node = Arc::new(Node::new(parts, flooding));
        let (stop, stopped) = oneshot::channel::<()>();
        let served = {
            let (config, node) = (config.clone(), Arc::clone(&node));
            tokio::spawn(async move {
                let stop = async move { drop(stopped.await) };
                serve(&config, node, identities, stop).await.unwrap();
            })
        };
        self.running[usize::from(index)] = Some(Running { stop, served, node });
        for port in [config.client_listen, config.peer_listen] {
            while tokio::net::TcpStream::connect(port).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Stops a node; its database stays.
    pub async fn stop(&mut self, index: u8) {
        let Running { stop, served, node } = self.running[usize::from(index)].take().unwrap();
        stop.send(()).unwrap();
        served.await.unwrap();
        let storage = Arc::try_unwrap(node).map(drop);
        assert!(storage.is_ok(), "the database is closed");
    }

    pub fn node(&self, index: u8) -> &Arc<Node> {
        &self.running[usize::from(index)].as_ref().unwrap().node
    }

    /// Values that the nodes have squashed so far.
    pub fn squashed(&self) -> Vec<ValueWords> {
        self.asked.lock().unwrap().clone()
    }

    /// What the chain says from now on: the consumer has named these outputs, and no others.
    pub fn allow(&self, outputs: &[usize]) {
        let mut facts = self.chain.0.lock().unwrap();
        for (index, output) in facts.outputs.iter_mut().enumerate() {
            output.released = outputs.contains(&index);
        }
    }

    /// The honest request.
    pub fn request(&self) -> ReleaseRequest {
        let presented = &self.proven.presented;
        ReleaseRequest {
            request_id: presented.request_id.to_vec(),
            inner_proof: presented.proof.clone(),
            inputs: presented.inputs.iter().map(wire_commitment).collect(),
            outputs: presented.outputs.iter().map(|v| v.to_bytes()).collect(),
            squashed_digest: Vec::new(),
            earlier_segments: presented.earlier_segments.iter().map(wire_segment).collect(),
            batch: wire_batch(&presented.batch),
        }
    }

    /// A client without a certificate of its own.
    pub async fn client(&self, index: u8) -> KeyholderServiceClient<Channel> {
        let tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(std::fs::read(self.path("ca.crt")).unwrap()))
            .domain_name("localhost");
        let endpoint = format!("https://{}", self.client_ports[usize::from(index)]);
        let channel =
            Endpoint::from_shared(endpoint).unwrap().tls_config(tls).unwrap().connect().await.unwrap();
        KeyholderServiceClient::new(channel)
    }

    /// A connection to the peer service of a node, with the certificate of this name or none.
    pub async fn peer_channel(
        &self,
        index: u8,
        name: Option<&str>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(std::fs::read(self.path("ca.crt")).unwrap()))
            .domain_name(format!("node-{index}"));
        if let Some(name) = name {
            let read = |ending: &str| std::fs::read(self.path(&format!("{name}.{ending}"))).unwrap();
            tls = tls.identity(Identity::from_pem(read("crt"), read("key")));
        }
        let endpoint = format!("https://{}", self.peer_ports[usize::from(index)]);
        Endpoint::from_shared(endpoint)?.tls_config(tls)?.connect().await
    }
}
