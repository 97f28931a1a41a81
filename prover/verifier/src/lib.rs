//! Native verifier of the proof of evaluation.
