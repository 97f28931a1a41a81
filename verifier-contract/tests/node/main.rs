//! The contracts on a JSON-RPC node.

mod anvil;
mod deployment;
mod fulfilment;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "the generated fixtures use the rest")]
mod tiny;
