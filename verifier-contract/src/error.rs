//! Reverts of the contracts: which contract's error, by selector.

use crate::bindings::circuit_verifier::CircuitVerifier::CircuitVerifierErrors;
use crate::bindings::coprocessor::Coprocessor::CoprocessorErrors;
use crate::bindings::evaluation_verifier::EvaluationVerifier::EvaluationVerifierErrors;
use crate::bindings::private_election::PrivateElection::PrivateElectionErrors;
use crate::bindings::private_tally::PrivateTally::PrivateTallyErrors;
use crate::bindings::release_verifier::ReleaseVerifier::ReleaseVerifierErrors;
use crate::bindings::verifier_gateway::VerifierGateway::VerifierGatewayErrors;
use alloy::sol_types::SolInterface;

/// A revert, decoded. A contract passes on what a contract it called reverts with, so the variant says where the
/// error is declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// Declared by the `Coprocessor`.
    #[error("Coprocessor reverts: {}", self.name())]
    Coprocessor(CoprocessorErrors),
    /// Declared by the `EvaluationVerifier`.
    #[error("EvaluationVerifier reverts: {}", self.name())]
    EvaluationVerifier(EvaluationVerifierErrors),
    /// Declared by the `CircuitVerifier` alone: what it shares with the `EvaluationVerifier` counts as that one's.
    #[error("CircuitVerifier reverts: {}", self.name())]
    CircuitVerifier(CircuitVerifierErrors),
    /// Declared by the `VerifierGateway`.
    #[error("VerifierGateway reverts: {}", self.name())]
    VerifierGateway(VerifierGatewayErrors),
    /// Declared by the `ReleaseVerifier`.
    #[error("ReleaseVerifier reverts: {}", self.name())]
    ReleaseVerifier(ReleaseVerifierErrors),
    /// Declared by the `PrivateTally`.
    #[error("PrivateTally reverts: {}", self.name())]
    PrivateTally(PrivateTallyErrors),
    /// Declared by the `PrivateElection` alone: what it shares with the `PrivateTally` counts as that one's.
    #[error("PrivateElection reverts: {}", self.name())]
    PrivateElection(PrivateElectionErrors),
    /// Data of no error that the contracts declare; empty when a call ran out of gas or found no code.
    #[error("reverts with unknown data 0x{}", hex::encode(.0))]
    Unknown(Vec<u8>),
}

impl ContractError {
    /// Decodes the data of a revert.
    pub fn decode(data: &[u8]) -> Self {
        if let Ok(error) = CoprocessorErrors::abi_decode_validate(data) {
            Self::Coprocessor(error)
        } else if let Ok(error) = EvaluationVerifierErrors::abi_decode_validate(data) {
            Self::EvaluationVerifier(error)
        } else if let Ok(error) = CircuitVerifierErrors::abi_decode_validate(data) {
            Self::CircuitVerifier(error)
        } else if let Ok(error) = VerifierGatewayErrors::abi_decode_validate(data) {
            Self::VerifierGateway(error)
        } else if let Ok(error) = ReleaseVerifierErrors::abi_decode_validate(data) {
            Self::ReleaseVerifier(error)
        } else if let Ok(error) = PrivateTallyErrors::abi_decode_validate(data) {
            Self::PrivateTally(error)
        } else if let Ok(error) = PrivateElectionErrors::abi_decode_validate(data) {
            Self::PrivateElection(error)
        } else {
            Self::Unknown(data.to_vec())
        }
    }

    /// Name of the error as in the Solidity source, for instance `AlreadyFulfilled`.
    pub fn name(&self) -> &'static str {
        let name = match self {
            Self::Coprocessor(error) => CoprocessorErrors::name_by_selector(error.selector()),
            Self::EvaluationVerifier(error) => EvaluationVerifierErrors::name_by_selector(error.selector()),
            Self::CircuitVerifier(error) => CircuitVerifierErrors::name_by_selector(error.selector()),
            Self::VerifierGateway(error) => VerifierGatewayErrors::name_by_selector(error.selector()),
            Self::ReleaseVerifier(error) => ReleaseVerifierErrors::name_by_selector(error.selector()),
            Self::PrivateTally(error) => PrivateTallyErrors::name_by_selector(error.selector()),
            Self::PrivateElection(error) => PrivateElectionErrors::name_by_selector(error.selector()),
            Self::Unknown(_) => None,
        };
        name.unwrap_or("unknown")
    }
}
