//! Configuration files of the processes, annotated: what `trine up` writes, and what `deploy/` shows.

use super::layout::{Contracts, EPOCH, Layout, NODES};
use crate::config::{ChainSection, ClusterFile, CommitteeSection, ServiceSection};

/// A file of a cluster's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationFile {
    /// Name in the folder.
    pub name: String,
    /// Text.
    pub text: String,
}

/// Fields of a keyholder with which it commits to its evaluation key.
const COMMITTING: &str = r#"# The same reference string with as many powers as commitments to the evaluation key take.
full_srs = "state/keys/srs-full.bin"
# Commitments that the nodes of a development cluster share: each would compute its own, which takes a minute.
commitments_folder = "state/keys/cache"
"#;

/// All configuration files of a cluster, one for each process.
pub fn configuration(layout: &Layout, contracts: &Contracts) -> Vec<ConfigurationFile> {
    let mut files = vec![
        ConfigurationFile { name: "engine.toml".into(), text: engine(layout, contracts) },
        ConfigurationFile { name: "prover.toml".into(), text: prover(layout, contracts) },
    ];
    files.extend((0..NODES).map(|node| ConfigurationFile {
        name: keyholder_file(node),
        text: keyholder(layout, contracts, node),
    }));
    files
}

/// Name of a keyholder's configuration file.
pub fn keyholder_file(node: u8) -> String {
    format!("keyholder-{node}.toml")
}

/// The cluster file for clients.
pub fn cluster_file(layout: &Layout, contracts: &Contracts) -> ClusterFile {
    let service = |endpoint, token: &str| ServiceSection { endpoint, token_file: token.into() };
    ClusterFile {
        chain: ChainSection {
            rpc_url: layout.rpc_url(),
            chain_id: contracts.chain_id,
            coprocessor: contracts.coprocessor,
            evaluation_verifier: contracts.evaluation_verifier,
            release_verifier: contracts.release_verifier,
            gateway: contracts.circuits.map(|c| c.gateway),
            accounts_file: "state/accounts.json".into(),
        },
        engine: service(layout.engine_endpoint(), "state/secrets/client.token"),
        prover: service(layout.prover_endpoint(), "state/secrets/prover.token"),
        committee: CommitteeSection {
            authority: "state/tls/ca.crt".into(),
            nodes: layout.clients.iter().map(|a| format!("https://{a}")).collect(),
        },
    }
}

fn engine(layout: &Layout, contracts: &Contracts) -> String {
    format!(
        r#"# trine-engine: computes on ciphertexts, has the computation proved, fulfils requests on chain.
# Paths are relative to the folder of this file. TRINE_ENGINE_CHAIN__RPC_URL=... overrides chain.rpc_url, and so on.

# gRPC without TLS: loopback, or behind a proxy that adds it.
listen = "{listen}"
# RocksDB, one process at a time.
data = "state/data/engine"
# Accept setups whose secrets are known to everybody. Never with values that matter.
development = true
# Reference string: commits to the words of every ciphertext.
srs_file = "state/keys/srs.bin"
# VERIFIER_HASH() of the EvaluationVerifier.
verifier_hash = "{verifier_hash}"
{circuits}
[chain]
chain_id = {chain_id}
coprocessor = "{coprocessor}"
rpc_url = "{rpc_url}"
# Account that pays for fulfilments; no other process may use it.
account_key_file = "state/secrets/engine-account.key"
# Block of the deployment: events are searched from here.
from_block = 0
# Milliseconds between two looks for a receipt.
poll_ms = 100

[prover]
endpoint = "{prover}"
token_file = "state/secrets/prover.token"

# Who may call: a user reads and changes what is its own, an operator everything.
[[tokens]]
name = "operator"
role = "operator"
token_file = "state/secrets/operator.token"

[[tokens]]
name = "client"
role = "user"
token_file = "state/secrets/client.token"
"#,
        listen = layout.engine,
        verifier_hash = contracts.verifier_hash,
        circuits = circuit_verifier_hash(
            contracts,
            "# The same of the CircuitVerifier; without it no circuits are proven."
        ),
        chain_id = contracts.chain_id,
        coprocessor = contracts.coprocessor,
        rpc_url = layout.rpc_url(),
        prover = layout.prover_endpoint(),
    )
}

/// The field and what it is for; nothing where circuits are not served.
fn circuit_verifier_hash(contracts: &Contracts, comment: &str) -> String {
    let Some(circuits) = &contracts.circuits else { return String::new() };
    format!("{comment}\ncircuit_verifier_hash = \"{}\"\n", circuits.verifier_hash)
}

fn prover(layout: &Layout, contracts: &Contracts) -> String {
    format!(
        r#"# trine-prover: turns one evaluation into one proof. Keeps no state.
# Paths are relative to the folder of this file.

# gRPC without TLS: loopback, or behind a proxy that adds it.
listen = "{listen}"
# Make and accept setups whose secrets are known to everybody: anybody can forge under them.
development = true
# Reference string and proving key; made there when missing.
setup_folder = "state/keys/cache"
# Prove circuits of bootstrappings too: 256 MB of reference string, 5 GB while proving.
circuits = {circuits}
# Bearer token that engines show, mode 0600.
token_file = "state/secrets/prover.token"
"#,
        listen = layout.prover,
        circuits = contracts.circuits.is_some(),
    )
}

fn keyholder(layout: &Layout, contracts: &Contracts, node: u8) -> String {
    let own = usize::from(node);
    let mut text = format!(
        r#"# trine-keyholder, node {node} of {NODES}, epoch {EPOCH}: decrypts what is proven, authorised and final, and nothing else.
# Paths are relative to the folder of this file. TRINE_KEYHOLDER_CHAIN__RPC_URL=... overrides chain.rpc_url, and so on.

# Accept keys and setups that are marked unsafe. Never in production.
development = true
# Index of this node, from 0.
node = {node}
# What is in it decides what a restarted node says: keep it with the secrets.
data_dir = "state/data/keyholder-{node}"
# Clients connect here (TLS).
client_listen = "{clients}"
# The other nodes connect here (mTLS).
peer_listen = "{peers}"

[keys]
# From the dealer: the record is everybody's, the secrets (mode 0600) are this node's alone.
committee = "state/committee/committee.json"
secrets = "state/committee/node-{node}-secrets-UNSAFE-development.bin"
# The FHE key set of the record; the evaluation keys hold the noise-squashing key.
compact_public_key = "state/keys/compact-public-key.bin"
server_key = "state/keys/server-key.bin"
# Reference string of the proofs of evaluation.
srs = "state/keys/srs.bin"
{committing}
[chain]
# Each keyholder should run a node of its own.
rpc_url = "{rpc_url}"
chain_id = {chain_id}
coprocessor = "{coprocessor}"
release_verifier = "{release_verifier}"
# The verifier whose proofs this node accepts.
verifier_hash = "{verifier_hash}"
{circuits}# Blocks, that of the fulfilment included, after which it is final. 1 is for development chains.
confirmations = 1
# Block of the deployment: events are searched from here.
from_block = 0

[tls]
authority = "state/tls/ca.crt"
certificate = "state/tls/node-{node}.crt"
key = "state/tls/node-{node}.key"

[limits]
# Longest wait for the other nodes in each of the three rounds of a release.
round_seconds = 60
# Wait for the nodes that are still to answer once a round could end: names who is silent or wrong.
grace_milliseconds = 1500
# Pause before a node is asked again.
poll_milliseconds = 100
# Releases that are squashed at the same time.
concurrent_releases = 2

# The other nodes. Whoever calls with the certificate is that node.
"#,
        clients = layout.clients[own],
        peers = layout.peers[own],
        rpc_url = layout.rpc_url(),
        chain_id = contracts.chain_id,
        coprocessor = contracts.coprocessor,
        release_verifier = contracts.release_verifier,
        verifier_hash = contracts.verifier_hash,
        circuits = circuit_verifier_hash(contracts, "# The same for circuits of bootstrappings."),
        committing = if contracts.circuits.is_some() { COMMITTING } else { "" },
    );
    for (index, address) in layout.peers.iter().enumerate().filter(|(i, _)| *i != own) {
        text.push_str(&format!(
            r#"
[[peers]]
index = {index}
endpoint = "https://{address}"
name = "node-{index}"
certificate = "state/tls/node-{index}.crt"
"#
        ));
    }
    text
}
