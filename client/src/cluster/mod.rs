//! A local cluster of processes.
//!
//! | module | holds |
//! | --- | --- |
//! | [`anvil`] | the development chain |
//! | [`health`] | readiness of gRPC services |

pub mod anvil;
pub mod health;
