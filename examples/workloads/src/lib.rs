//! Runs the applications of `trine-programs` through an engine's gRPC interface, and compares with their models.
//!
//! You want this crate if you measure an engine, or want to see what a client of one does.
//!
//! | module | holds |
//! | --- | --- |
//! | [`user`], [`decryption`] | encryption and upload; decryption in development |
//! | [`request`], [`run`] | a job and its outputs; a whole run with its figures |
//! | [`figures`] | what a run prints |
//! | [`local_engine`] | an engine process for development |
//!
//! Place among the crates: beside applications, on top of the client library; nothing depends on it.

pub mod decryption;
pub mod figures;
pub mod local_engine;
pub mod request;
pub mod run;
pub mod user;
