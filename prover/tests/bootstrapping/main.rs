//! The proof of bootstrapping at reduced parameters: an evaluator that can be told to err, a plain prover that can be told
//! to cheat, and the verifier that stops both.
//!
//! | module | holds |
//! | --- | --- |
//! | [`circuits`], [`case`] | random circuits, keys and inputs; statements over them |
//! | [`fault`], [`evaluator`], [`rotation`], [`trace`] | the canonical evaluator, field cells so that faults can leave their range |
//! | [`fast`] | the fast prover beside the plain one |
//! | [`multiplicities`] | how often tables are looked up |
//! | [`attack`], [`mutation`] | every error and forgery, and the check that only it needs |
//! | [`batch`] | several jobs in one proof |
//! | [`chain`] | segments linked by the prover's own handles |
//! | [`tamper`], [`statement`] | every field of proof and statement |
//! | [`shapes`] | what a shape does not use of its class |
//! | [`plain`], [`product`], [`switch`], [`tree`], [`reduction`], [`dense`] | the prover in the order of the message table |

mod attack;
mod batch;
mod case;
mod chain;
mod circuits;
mod columns;
mod completeness;
mod dense;
mod evaluator;
mod fast;
mod fault;
mod multiplicities;
mod mutation;
mod plain;
mod product;
mod reduction;
mod rotation;
mod segments;
mod shapes;
mod statement;
mod switch;
mod tamper;
mod trace;
mod tree;
