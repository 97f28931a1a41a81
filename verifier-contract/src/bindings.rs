//! Bindings of the contracts, generated from the committed artifacts: calls, events, errors, records, bytecode.

/// Programs, keys, ciphertexts, requests, provenance.
#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; documented in the Solidity source"
)]
pub mod coprocessor {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        Coprocessor,
        "artifacts/Coprocessor.json"
    }
}

/// Groth16 and the group side of the opening.
#[expect(missing_docs, reason = "generated from the ABI; documented in the Solidity source")]
pub mod evaluation_verifier {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        EvaluationVerifier,
        "artifacts/EvaluationVerifier.json"
    }
}

/// Groth16 and the group side of the opening, for circuits of bootstrappings.
#[expect(missing_docs, reason = "generated from the ABI; documented in the Solidity source")]
pub mod circuit_verifier {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        CircuitVerifier,
        "artifacts/CircuitVerifier.json"
    }
}

/// Verifiers by selector.
pub mod verifier_gateway {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        VerifierGateway,
        "artifacts/VerifierGateway.json"
    }
}

/// Committee epochs and their signatures.
pub mod release_verifier {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        ReleaseVerifier,
        "artifacts/ReleaseVerifier.json"
    }
}

/// The example consumer of a linear program.
#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; documented in the Solidity source"
)]
pub mod private_tally {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        PrivateTally,
        "artifacts/PrivateTally.json"
    }
}

/// The example consumer of a circuit.
#[expect(
    missing_docs,
    clippy::too_many_arguments,
    reason = "generated from the ABI; documented in the Solidity source"
)]
pub mod private_election {
    alloy::sol! {
        #[sol(rpc)]
        #[derive(Debug, PartialEq, Eq)]
        PrivateElection,
        "artifacts/PrivateElection.json"
    }
}

pub use circuit_verifier::CircuitVerifier;
pub use coprocessor::{Coprocessor, ICoprocessor};
pub use evaluation_verifier::EvaluationVerifier;
pub use private_election::PrivateElection;
pub use private_tally::PrivateTally;
pub use release_verifier::ReleaseVerifier;
pub use verifier_gateway::VerifierGateway;
