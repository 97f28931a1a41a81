//! The engine over loopback gRPC, with a store on disk, a chain and a prover in memory.

mod circuit_requests;
mod circuits;
mod crashes;
#[expect(dead_code, reason = "doubles serve other tests too")]
mod doubles;
#[expect(dead_code, reason = "the fixture serves other tests too")]
mod fixture;
mod jobs;
mod links;
mod reads;
mod uploads;
