//! The wrap: its circuit against the native verifier, its program checks, its transcript, its Groth16 keys.

#[path = "../argument/case.rs"]
#[expect(dead_code, reason = "the tests of the argument use the rest")]
mod case;
mod circuit;
mod groth;
mod program;
mod transcript;
