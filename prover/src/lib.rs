//! Prover of evaluation: argument, wrap circuit, worker.
