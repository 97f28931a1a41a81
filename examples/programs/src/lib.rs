//! Applications as operation lists and circuits: what is computed, inputs that are drawn, and a plaintext model.
//!
//! You want this crate if you write an application for Trine and look for one that is complete. The list is made from
//! public parameters alone; the model is plain Rust on plaintexts and knows no list.
//!
//! | module | holds |
//! | --- | --- |
//! | [`workload`] | what a workload is, and the list of all |
//! | [`list_builder`] | operation lists with named inputs and outputs |
//! | [`contest`] | the largest of many values and its place, as a list |
//! | [`plurality`] | the place of the most ones, as a circuit of few bootstrappings |
//! | [`election`], [`tally`], [`auction`], [`transfer`], [`age_check`] | the workloads |
//! | [`date`] | calendar dates as numbers of days |
//!
//! Place among the crates: on top of `trine-program` alone. The client's demo and `trine-workloads` run what is here.

pub mod age_check;
pub mod auction;
pub mod contest;
pub mod date;
pub mod election;
pub mod list_builder;
pub mod plurality;
pub mod tally;
pub mod transfer;
pub mod workload;

pub use list_builder::NamedList;
pub use workload::{Size, Workload};
