//! The wrap circuit of the proof of bootstrapping: against the native verifier, against malformed programs, under Groth16.

#![expect(dead_code, reason = "the plain prover can also be told to cheat")]

#[path = "../bootstrapping/case.rs"]
mod case;
#[path = "../bootstrapping/circuits.rs"]
mod circuits;
#[path = "../bootstrapping/columns.rs"]
mod columns;
#[path = "../bootstrapping/dense.rs"]
mod dense;
#[path = "../bootstrapping/evaluator.rs"]
mod evaluator;
#[path = "../bootstrapping/fault.rs"]
mod fault;
#[path = "../bootstrapping/multiplicities.rs"]
mod multiplicities;
#[path = "../bootstrapping/plain.rs"]
mod plain;
#[path = "../bootstrapping/product.rs"]
mod product;
#[path = "../bootstrapping/reduction.rs"]
mod reduction;
#[path = "../bootstrapping/rotation.rs"]
mod rotation;
#[path = "../bootstrapping/switch.rs"]
mod switch;
#[path = "../bootstrapping/trace.rs"]
mod trace;
#[path = "../bootstrapping/tree.rs"]
mod tree;

mod agreement;
mod circuit;
mod forged;
mod groth;
mod honest;
mod mutation;
mod programs;
