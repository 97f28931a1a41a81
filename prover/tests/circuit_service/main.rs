//! Circuits in the worker, over loopback gRPC and at the production parameters.

mod batches;
mod case;
mod keys;
mod real;
mod refusals;
