//! `kill -9` at every state, held open by failpoints: the binary, a disk, a prover over loopback.
fn main() {}
