//! One keyholder node: everything that touches the world.
//!
//! | module | holds |
//! | --- | --- |
//! | [`config`] | the configuration file |
//! | [`files`] | committee record and node secrets on disk, as the dealer writes them |
//! | [`storage`] | what is persisted before anything leaves: RocksDB |
//! | [`chain`] | what the node reads on chain by itself: JSON-RPC |
//! | [`evaluation_key`] | the commitments of the node's evaluation key |
//! | [`peer`] | the other nodes, over mTLS, known by their certificates |
//! | [`release`] | one release from request to signature |
//! | [`service`] | the gRPC services |
//! | [`program`] | the program: start, serve, stop |
//! | [`logs`] | logs and signals |

pub mod chain;
pub mod config;
pub mod evaluation_key;
pub mod files;
pub mod logs;
pub mod peer;
pub mod program;
pub mod release;
pub mod service;
pub mod storage;
