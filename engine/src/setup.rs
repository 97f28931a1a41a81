//! What the engine is bound to: chain, contract, verifier, reference string, class.

use trine_fhe::parameters::BLOCK_STRIDE;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::statement::parameter_set_id;
use trine_verifier::{Address, Bytes32, Class, Domain};

/// Constants of one engine. Every handle it names and every proof it asks for is bound to them.
#[derive(Clone, Debug)]
pub struct Setup {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Coprocessor contract.
    pub coprocessor: Address,
    /// Hash of the verifier that proofs are made for.
    pub verifier_hash: Bytes32,
    /// Commits to words; its verifier's part checks proofs.
    pub commitment_key: CommitmentKey,
    /// Shape of proofs.
    pub class: Class,
    /// What proofs of circuits are bound to beside; without it none are made.
    pub circuits: Option<CircuitSetup>,
}

/// What proofs of circuits are bound to beside the constants of all proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitSetup {
    /// Hash of the verifier that they are made for.
    pub verifier_hash: Bytes32,
    /// Their parameter set.
    pub parameters: Parameters,
}

/// Why constants do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A reference string whose secret is known, outside development mode.
    #[error("the reference string has a known secret and is refused unless development = true")]
    DevelopmentRefused,
    /// A reference string too short for the class.
    #[error("the reference string has {got} powers, the class needs {expected}")]
    TooFewPowers {
        /// Powers of the file.
        got: usize,
        /// Powers that the class opens with.
        expected: usize,
    },
}

impl Setup {
    /// Refuses a development reference string outside development mode, and one too short for the class.
    pub fn check(&self, development: bool) -> Result<(), SetupError> {
        if self.is_development() && !development {
            return Err(SetupError::DevelopmentRefused);
        }
        let (got, expected) = (self.commitment_key.powers().len(), 1 << self.class.log_chunk);
        if got < expected {
            return Err(SetupError::TooFewPowers { got, expected });
        }
        Ok(())
    }

    /// Whether the reference string has a known secret.
    pub fn is_development(&self) -> bool {
        self.commitment_key.verifier().development
    }

    /// Most blocks of one value: as many as the reference string commits to.
    pub fn max_blocks(&self) -> u8 {
        let blocks = self.commitment_key.powers().len() / BLOCK_STRIDE;
        u8::try_from(blocks).unwrap_or(u8::MAX).min(trine_program::value::MAX_BLOCKS)
    }

    /// The domain of proofs of linear programs over values of a key set.
    pub fn domain(&self, key_digest: Bytes32) -> Domain {
        self.domain_of(self.verifier_hash, key_digest)
    }

    /// The domain of proofs of circuits over values of a key set, which the digest of its commitments names.
    pub fn circuit_domain(&self, circuits: &CircuitSetup, key_digest: Bytes32) -> Domain {
        self.domain_of(circuits.verifier_hash, key_digest)
    }

    fn domain_of(&self, verifier_hash: Bytes32, key_digest: Bytes32) -> Domain {
        Domain {
            chain_id: self.chain_id,
            coprocessor: self.coprocessor,
            verifier_hash,
            srs_digest: self.commitment_key.verifier().digest(),
            parameter_set_id: parameter_set_id(),
            key_digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_setups_and_short_ones_are_refused() {
        let setup = |log_powers, class| Setup {
            chain_id: 1,
            coprocessor: [1; 20],
            verifier_hash: [2; 32],
            commitment_key: trine_prover::srs::development(log_powers).unwrap(),
            class,
            circuits: None,
        };
        let short = setup(4, Class::REDUCED_TINY);
        assert_eq!(short.check(false), Err(SetupError::DevelopmentRefused));
        assert_eq!(short.check(true), Err(SetupError::TooFewPowers { got: 16, expected: 2048 }));
        assert_eq!(setup(11, Class::REDUCED_TINY).check(true), Ok(()));
    }
}
