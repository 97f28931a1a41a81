//! Where the processes of a local cluster listen and keep their files.
//!
//! A cluster has one folder: configuration files in it, everything else below `state/`. Paths in configuration files
//! are relative to it, so that the folder can be moved and the files in `deploy/` are what `trine up` writes.

use crate::port::free_addresses;
use alloy::primitives::{Address, B256};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Nodes of the committee: one fault is tolerated.
pub const NODES: u8 = 4;
/// Epoch of the committee.
pub const EPOCH: u64 = 1;
/// Chain id of a development chain.
pub const CHAIN_ID: u64 = 31337;

/// Where everything listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The chain's JSON-RPC.
    pub chain: SocketAddr,
    /// The engine.
    pub engine: SocketAddr,
    /// The prover.
    pub prover: SocketAddr,
    /// Keyholders, for clients.
    pub clients: Vec<SocketAddr>,
    /// Keyholders, for each other.
    pub peers: Vec<SocketAddr>,
}

/// What is known only once the contracts are deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The `Coprocessor`.
    pub coprocessor: Address,
    /// The `EvaluationVerifier`.
    pub evaluation_verifier: Address,
    /// The `ReleaseVerifier`.
    pub release_verifier: Address,
    /// Hash of the verifier.
    pub verifier_hash: B256,
    /// What serves circuits, where they are served.
    pub circuits: Option<CircuitContracts>,
}

/// What serves circuits of bootstrappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitContracts {
    /// The `VerifierGateway`.
    pub gateway: Address,
    /// The `CircuitVerifier`.
    pub verifier: Address,
    /// Its hash.
    pub verifier_hash: B256,
}

impl Layout {
    /// On free ports of loopback.
    pub fn free() -> std::io::Result<Self> {
        let nodes = usize::from(NODES);
        let mut addresses = free_addresses(3 + 2 * nodes)?;
        let peers = addresses.split_off(3 + nodes);
        let clients = addresses.split_off(3);
        Ok(Self { chain: addresses[0], engine: addresses[1], prover: addresses[2], clients, peers })
    }

    /// On the ports of the files in `deploy/`.
    pub fn deploy() -> Self {
        let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let nodes = 0..u16::from(NODES);
        Self {
            chain: at(8545),
            engine: at(7400),
            prover: at(7500),
            clients: nodes.clone().map(|n| at(7100 + n)).collect(),
            peers: nodes.map(|n| at(7200 + n)).collect(),
        }
    }

    /// JSON-RPC address of the chain.
    pub fn rpc_url(&self) -> String {
        format!("http://{}", self.chain)
    }

    /// Address of the engine for clients.
    pub fn engine_endpoint(&self) -> String {
        format!("http://{}", self.engine)
    }

    /// Address of the prover for clients.
    pub fn prover_endpoint(&self) -> String {
        format!("http://{}", self.prover)
    }
}

impl Contracts {
    /// Addresses on a fresh development chain whose first account deploys verifier, release verifier and coprocessor,
    /// in this order. Without circuits.
    pub fn first_on_chain(deployer: Address, verifier_hash: B256) -> Self {
        Self {
            chain_id: CHAIN_ID,
            evaluation_verifier: deployer.create(0),
            release_verifier: deployer.create(1),
            coprocessor: deployer.create(2),
            verifier_hash,
            circuits: None,
        }
    }
}

/// Files of a cluster below its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The cluster in this folder.
    pub fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file below `state/`.
    pub fn state(&self, name: &str) -> PathBuf {
        self.0.join("state").join(name)
    }

    /// Log of a process.
    pub fn log(&self, process: &str) -> PathBuf {
        self.state("logs").join(format!("{process}.log"))
    }

    /// The cluster file.
    pub fn cluster_file(&self) -> PathBuf {
        self.file("cluster.toml")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_listener_has_a_port_of_its_own() {
        for layout in [Layout::free().unwrap(), Layout::deploy()] {
            assert_eq!((layout.clients.len(), layout.peers.len()), (4, 4));
            let singles = [layout.chain, layout.engine, layout.prover];
            let all: HashSet<_> = singles.iter().chain(&layout.clients).chain(&layout.peers).collect();
            assert_eq!(all.len(), 11);
            assert!(all.iter().all(|a| a.ip().is_loopback()));
        }
    }
}
