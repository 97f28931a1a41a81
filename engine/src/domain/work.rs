//! What a job computes.

use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

/// What a job computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// A linear program, by its identifier. It is proved and may answer a request on chain.
    Linear(Bytes32),
    /// An operation list, lowered to a circuit. Its outputs stay unproven: no prover takes bootstrappings yet.
    Circuit(CircuitWork),
}

/// An operation list and its circuit; both texts are among the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitWork {
    /// Identifier of the operation list: keccak-256 of its text.
    pub operations_id: Bytes32,
    /// Identifier of the circuit: keccak-256 of its text.
    pub circuit_id: Bytes32,
    /// Bootstrappings of the circuit.
    pub bootstrappings: u32,
}

impl Work {
    /// Identifier of what was submitted: of the program, or of the operation list.
    pub const fn program_id(&self) -> &Bytes32 {
        match self {
            Self::Linear(id) => id,
            Self::Circuit(work) => &work.operations_id,
        }
    }
}
