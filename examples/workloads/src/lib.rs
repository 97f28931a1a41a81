//! Applications on encrypted values: each an operation list, inputs that are drawn, and a plaintext model.
//!
//! You want this crate if you write an application for Trine and look for one that is complete, or if you measure an
//! engine. The list is made from public parameters alone; the model is plain Rust on plaintexts and knows no list.
//!
//! | module | holds |
//! | --- | --- |
//! | [`workload`] | what a workload is, and the list of all |
//! | [`list_builder`] | operation lists with named inputs and outputs |
//! | [`contest`] | the largest of many values and its place |
//! | [`tally`], [`auction`], [`transfer`], [`age_check`] | the workloads |
//! | [`date`] | calendar dates as numbers of days |
//! | [`user`], [`decryption`] | encryption and upload; decryption in development |
//! | [`request`], [`run`] | a job and its outputs; a whole run with its figures |
//! | [`figures`] | what a run prints |
//! | [`local_engine`] | an engine process for development |
//!
//! Place among the crates: beside applications, on top of the client library; nothing depends on it.

pub mod age_check;
pub mod auction;
pub mod contest;
pub mod date;
pub mod decryption;
pub mod figures;
pub mod list_builder;
pub mod local_engine;
pub mod request;
pub mod run;
pub mod tally;
pub mod transfer;
pub mod user;
pub mod workload;

pub use list_builder::NamedList;
pub use workload::{Size, Workload};
