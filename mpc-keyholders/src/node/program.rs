//! The program of a node: read, check, serve, stop.

use super::chain::RpcChain;
use super::config::{ConfigError, NodeConfig, hex_field};
use super::evaluation_key::{KeyFiles, LazyKey};
use super::files::{FileError, read_committee, read_secrets};
use super::peer::{MAX_MESSAGE_BYTES, Peer, PeerError, PeerIdentities, TlsIdentity};
use super::release::{Conduct, Node, NodeParts};
use super::service::{ClientApi, MAX_REQUEST_BYTES, PeerApi};
use super::storage::{Storage, StorageError};
use crate::protocol::attest::ReleaseDomain;
use crate::protocol::authorise::ReleaseRules;
use crate::protocol::dealer::{CommitteeRecord, DealerError};
use crate::protocol::mask::{Flooding, FloodingError};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tonic::transport::Server;
use trine_fhe::squashing::{SquashingError, SquashingKey};
use trine_program::value::MAX_BLOCKS;
use trine_proto::keyholder::v1::keyholder_service_server::KeyholderServiceServer;
use trine_proto::keyholder::v1::peer_service_server::PeerServiceServer;
use trine_verifier::srs::{CommitmentKey, SrsError, VerifierSrs};
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Class, Domain};

/// Powers that commitments of handles take: blocks of the longest handle times words of a block.
const HANDLE_POWERS: usize = (MAX_BLOCKS as usize) << Class::SLICE.log_t();
/// The same for handles of linear programs, which every reference string has.
const LINEAR_HANDLE_POWERS: usize = Class::SLICE.blocks() << Class::SLICE.log_t();
/// Folder below the database's where the node keeps the commitments that it computed.
const COMMITMENTS_FOLDER: &str = "key-commitments";

/// Why a node does not start or stops.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// The configuration does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Committee record or secrets do not read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The node was dealt something else than the record says.
    #[error("TR.K3: {0}")]
    Dealing(#[from] DealerError),
    /// No room for masks.
    #[error(transparent)]
    Flooding(#[from] FloodingError),
    /// A key file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// The FHE key set is not the one of the record.
    #[error("FHE keys have the digest {got}, the committee record names {expected}")]
    KeyDigest {
        /// Digest of the files.
        got: String,
        /// Digest of the record.
        expected: String,
    },
    /// Squashing keys do not read.
    #[error(transparent)]
    Squashing(#[from] SquashingError),
    /// The reference string does not read.
    #[error("{path}: {source}")]
    Srs {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SrsError,
    },
    /// Identities or peers do not fit.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The database does not open.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Listening fails.
    #[error("serving: {0}")]
    Serve(#[from] tonic::transport::Error),
    /// Descriptors of the services do not read.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

fn read(path: &Path) -> Result<Vec<u8>, ProgramError> {
    std::fs::read(path).map_err(|source| ProgramError::Read { path: path.into(), source })
}

/// Reads and checks everything that the configuration names, and puts the node together.
pub fn assemble(config: &NodeConfig, conduct: Conduct) -> Result<(Arc<Node>, PeerIdentities), ProgramError> {
    // TR.K4
    let shared = config.keys.commitments_folder.is_some();
    refuse_development("a shared folder of commitments (keys.commitments_folder)", shared, config)?;
    let (record, development) = read_committee(&config.keys.committee)?;
    refuse_development("the committee record", development, config)?;
    let secrets = read_secrets(&config.keys.secrets)?;
    secrets.check(&record)?;
    let own = secrets.key_share.node();
    if own.get() != config.node {
        return Err(field("node", config.node, format!("{own}, as in the secrets")).into());
    }
    let flooding = Flooding::of(record.size)?;
    let server_key = read(&config.keys.server_key)?;
    let rules = rules(config, &record, &server_key)?;
    let verifier = *rules.commitment_key.verifier();
    refuse_development("the reference string", verifier.development, config)?;

    let tls = TlsIdentity::read(&config.tls)?;
    let mut named = Vec::new();
    for peer in &config.peers {
        let expected = || field("peers.index", peer.index, format!("each node but {own}, once"));
        let node = record.size.node(peer.index).map_err(|_| expected())?;
        if node == own || named.iter().any(|(n, _)| *n == node) {
            return Err(expected().into());
        }
        named.push((node, peer));
    }
    if named.len() + 1 != usize::from(record.size.nodes()) {
        return Err(field("peers", named.len(), format!("{} entries", record.size.nodes() - 1)).into());
    }
    let peers = named.iter().map(|(node, peer)| Peer::new(*node, peer, &tls)).collect::<Result<_, _>>()?;
    let identities = PeerIdentities::read(&named)?;

    let evaluation_key = LazyKey::new(Arc::new(key_files(config, &record, &server_key, verifier)));
    let squasher = SquashingKey::from_bytes(&server_key)?;
    drop(server_key);
    let parts = NodeParts {
        rules,
        secrets,
        release_domain: ReleaseDomain {
            chain_id: config.chain.chain_id,
            verifying_contract: hex_field("chain.release_verifier", &config.chain.release_verifier)?,
        },
        storage: Storage::open(&config.data_dir, flooding)?,
        chain: Box::new(RpcChain::new(&config.chain)?),
        squasher: Box::new(squasher),
        evaluation_key,
        peers,
        limits: config.limits.clone(),
        development: config.development,
        conduct,
        record,
    };
    Ok((Arc::new(Node::new(parts, flooding)), identities))
}

fn field(field: &'static str, got: impl ToString, expected: String) -> ConfigError {
    ConfigError::Field { field, got: got.to_string(), expected }
}

fn refuse_development(what: &'static str, marked: bool, config: &NodeConfig) -> Result<(), ConfigError> {
    if marked && !config.development { Err(ConfigError::Development { what }) } else { Ok(()) }
}

fn key_files(
    config: &NodeConfig,
    record: &CommitteeRecord,
    server_key: &[u8],
    verifier: VerifierSrs,
) -> KeyFiles {
    let keys = &config.keys;
    let own = || config.data_dir.join(COMMITMENTS_FOLDER);
    KeyFiles {
        name: KeyFiles::name(server_key, &verifier),
        content_digest: record.key_id,
        compact_public_key: keys.compact_public_key.clone(),
        server_key: keys.server_key.clone(),
        srs: keys.full_srs.as_ref().unwrap_or(&keys.srs).clone(),
        verifier,
        folder: keys.commitments_folder.clone().unwrap_or_else(own),
    }
}

fn rules(
    config: &NodeConfig,
    record: &CommitteeRecord,
    server_key: &[u8],
) -> Result<ReleaseRules, ProgramError> {
    let got = trine_fhe::keys::key_digest(&read(&config.keys.compact_public_key)?, server_key);
    if got != record.key_id {
        return Err(ProgramError::KeyDigest { got: hex::encode(got), expected: hex::encode(record.key_id) });
    }
    let chain = &config.chain;
    if chain.confirmations == 0 {
        return Err(field("chain.confirmations", 0, "at least 1".into()).into());
    }
    let failed = |source| ProgramError::Srs { path: config.keys.srs.clone(), source };
    let srs = CommitmentKey::from_bytes(&read(&config.keys.srs)?).map_err(failed)?;
    let powers = srs.powers().len().clamp(LINEAR_HANDLE_POWERS, HANDLE_POWERS);
    let commitment_key = srs.prefix(powers).map_err(failed)?;
    let circuit_verifier_hash = chain.circuit_verifier_hash.as_deref();
    Ok(ReleaseRules {
        domain: Domain {
            chain_id: chain.chain_id,
            coprocessor: hex_field("chain.coprocessor", &chain.coprocessor)?,
            verifier_hash: hex_field("chain.verifier_hash", &chain.verifier_hash)?,
            srs_digest: commitment_key.verifier().digest(),
            parameter_set_id: parameter_set_id(),
            key_digest: record.key_id,
        },
        class: Class::SLICE,
        circuit_verifier_hash: circuit_verifier_hash
            .map(|hash| hex_field("chain.circuit_verifier_hash", hash))
            .transpose()?,
        confirmations: chain.confirmations,
        development: config.development.then(trine_fhe::parameters::development_policy),
        noise: trine_fhe::circuit::noise_model(),
        commitment_key,
    })
}

/// Serves clients and peers until `stop` is ready; requests in flight are finished.
pub async fn serve(
    config: &NodeConfig,
    node: Arc<Node>,
    identities: PeerIdentities,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ProgramError> {
    let tls = TlsIdentity::read(&config.tls)?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<KeyholderServiceServer<ClientApi>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(trine_proto::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let clients = KeyholderServiceServer::new(ClientApi::new(Arc::clone(&node)))
        .max_decoding_message_size(MAX_REQUEST_BYTES);
    let peers =
        PeerServiceServer::new(PeerApi::new(node, identities)).max_encoding_message_size(MAX_MESSAGE_BYTES);

    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let wait = |mut stopped: tokio::sync::watch::Receiver<bool>| async move {
        // An error means that the sender is gone: stop, too.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    tokio::spawn(async move {
        stop.await;
        stopping.send_replace(true);
    });
    tracing::info!(node = config.node, clients = %config.client_listen, peers = %config.peer_listen, "serving");
    let for_clients = Server::builder()
        .tls_config(tls.for_clients())?
        .add_service(health_service)
        .add_service(reflection)
        .add_service(clients)
        .serve_with_shutdown(config.client_listen, wait(stopped.clone()));
    let for_peers = Server::builder()
        .tls_config(tls.for_peers())?
        .add_service(peers)
        .serve_with_shutdown(config.peer_listen, wait(stopped));
    tokio::try_join!(for_clients, for_peers)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_folder_of_commitments_is_refused_outside_development_mode_tr_k4() {
        let mut config: NodeConfig = toml::from_str(NodeConfig::EXAMPLE).unwrap();
        config.keys.commitments_folder = Some("shared".into());
        let refused = |config: &NodeConfig| assemble(config, Conduct::Honest).err().unwrap();
        assert!(
            matches!(refused(&config), ProgramError::File(_)),
            "the example names files that are not there"
        );
        config.development = false;
        assert!(matches!(refused(&config), ProgramError::Config(ConfigError::Development { .. })), "TR.K4");
    }
}
