//! Circuits from stored outputs to the chain: proofs of reduced parameters, natively verified like those of production. Store
//! and gRPC are the engine's own, chain and prover are in memory.

#![expect(dead_code, reason = "doubles, fixture and the plain prover serve other tests too")]

#[path = "../../../prover/tests/bootstrapping/case.rs"]
mod case;
#[path = "../../../prover/tests/bootstrapping/circuits.rs"]
mod circuits;
#[path = "../../../prover/tests/bootstrapping/columns.rs"]
mod columns;
#[path = "../../../prover/tests/bootstrapping/dense.rs"]
mod dense;
#[path = "../engine/doubles/mod.rs"]
mod doubles;
#[path = "../../../prover/tests/bootstrapping/evaluator.rs"]
mod evaluator;
#[path = "../../../prover/tests/bootstrapping/fault.rs"]
mod fault;
#[path = "../engine/fixture.rs"]
mod fixture;
#[path = "../../../prover/tests/bootstrapping/multiplicities.rs"]
mod multiplicities;
#[path = "../../../prover/tests/bootstrapping/plain.rs"]
mod plain;
#[path = "../../../prover/tests/bootstrapping/product.rs"]
mod product;
#[path = "../../../prover/tests/bootstrapping/reduction.rs"]
mod reduction;
#[path = "../../../prover/tests/bootstrapping/rotation.rs"]
mod rotation;
#[path = "../../../prover/tests/bootstrapping/switch.rs"]
mod switch;
#[path = "../../../prover/tests/bootstrapping/trace.rs"]
mod trace;
#[path = "../../../prover/tests/bootstrapping/tree.rs"]
mod tree;

mod batches;
mod fulfilment;
mod handover;
mod proven;
mod segmented;
mod segments;
mod several;
