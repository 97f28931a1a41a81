//! The engine over loopback gRPC, with a store on disk, a chain and a prover in memory.

mod circuit_requests;
mod circuits;
mod crashes;
mod doubles;
mod fixture;
mod jobs;
mod reads;
mod uploads;
