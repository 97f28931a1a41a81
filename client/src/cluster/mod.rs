//! A local cluster of processes.
//!
//! | module | holds |
//! | --- | --- |
//! | [`layout`] | where everything listens and keeps its files |
//! | [`files`] | configuration files of the processes |
//! | [`preparation`] | keys, tokens, certificates, dealt secrets, contracts |
//! | [`circuits`] | setups of circuits, the evaluation key under the committee's signature |
//! | [`processes`] | all processes, started in order, killed when dropped |
//! | [`anvil`] | the development chain |
//! | [`deploy`] | files of the folder `deploy/` |
//! | [`health`] | readiness of gRPC services |

pub mod anvil;
pub mod circuits;
pub mod deploy;
pub mod files;
pub mod health;
pub mod layout;
pub mod preparation;
pub mod processes;

pub use processes::{ClusterError, LocalCluster};
