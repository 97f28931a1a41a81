//! What a job computes.

use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

/// What a job computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// A linear program, by its identifier. It is proved and may answer a request on chain.
    Linear(Bytes32),
    /// A circuit that answers no request on chain. Its outputs stay unproven.
    Circuit(CircuitWork),
    /// A circuit that answers a request on chain: evaluated alike, then proved.
    RequestedCircuit(CircuitWork),
}

/// A circuit, and what it was submitted as; the texts are among the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CircuitWork {
    /// Identifier of what was submitted: keccak-256 of the text of the operation list, or of the circuit itself.
    pub submitted_id: Bytes32,
    /// Identifier of the circuit: keccak-256 of its text.
    pub circuit_id: Bytes32,
    /// Bootstrappings of the circuit.
    pub bootstrappings: u32,
}

impl Work {
    /// Identifier of what was submitted: of the program, of the operation list, or of the circuit.
    pub const fn program_id(&self) -> &Bytes32 {
        match self {
            Self::Linear(id) => id,
            Self::Circuit(work) | Self::RequestedCircuit(work) => &work.submitted_id,
        }
    }

    /// The circuit, where it is one.
    pub const fn circuit(&self) -> Option<&CircuitWork> {
        match self {
            Self::Linear(_) => None,
            Self::Circuit(work) | Self::RequestedCircuit(work) => Some(work),
        }
    }

    /// Whether its outputs are proved.
    pub const fn is_proved(&self) -> bool {
        !matches!(self, Self::Circuit(_))
    }
}
