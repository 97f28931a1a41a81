//! Circuits of bootstrappings on chain: their claims, the keys that they run under, releases by an account of its own.

use super::{Account, ChainError, RegisteredProgram, call_error, event};
use alloy::primitives::{Address, B256, Bytes, U256};
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_contract::calldata::scalar;
use trine_program::circuit::{Circuit, SegmentError, segments};
use trine_verifier::bootstrapping::program::OffGrid;
use trine_verifier::bootstrapping::shape::ShapeError;
use trine_verifier::bootstrapping::{Parameters, Shape, program};

/// Why a circuit is not asked for on chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CircuitClaimError {
    /// The contract takes one proof for a request.
    #[error(
        "the circuit is cut into {segments} segments ({bootstrappings} bootstrappings): requests on chain take one segment, of \
         at most {most} bootstrappings"
    )]
    Segments {
        /// Segments of the circuit.
        segments: usize,
        /// Its bootstrappings.
        bootstrappings: usize,
        /// Most bootstrappings of a segment.
        most: usize,
    },
    /// The circuit cannot be cut.
    #[error(transparent)]
    Cut(#[from] SegmentError),
    /// The circuit does not fit one proof.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A word between two steps of the grid.
    #[error(transparent)]
    OffGrid(#[from] OffGrid),
}

/// What a registrant says about a circuit: the Poseidon digest and the layouts that proofs name it by, recomputed from the
/// circuit. Keyholders recompute it from the text.
pub fn circuit_claim(circuit: &Circuit) -> Result<CircuitClaim, CircuitClaimError> {
    let parameters = Parameters::PRODUCTION;
    let limits = parameters.segment_limits();
    let cut = segments(circuit, &limits)?.len();
    if cut != 1 {
        return Err(CircuitClaimError::Segments {
            segments: cut,
            bootstrappings: circuit.bootstrappings().len(),
            most: limits.bootstrappings.get(),
        });
    }
    let shape = Shape::new(parameters, circuit)?;
    // Counts of one segment are below 256.
    let small = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
    Ok(CircuitClaim {
        prog: scalar(&program::digest(&shape, circuit)?),
        layouts: program::layouts(circuit).map(|word| scalar(&word)),
        logBootstrappings: small(shape.log_bootstrappings),
        inputs: small(circuit.inputs().len()),
        outputs: small(circuit.outputs().len()),
    })
}

/// What a committee attests about an evaluation key, as the contract takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRegistration {
    /// Epoch of the committee.
    pub epoch: u64,
    /// Digest of the commitments, scheme `trine.key.kzg.v1`.
    pub key_digest: B256,
    /// Digest of the key set's bytes, scheme `trine.key.blake3.v1`.
    pub content_digest: B256,
    /// Signature, EIP-2537 encoding.
    pub signature: Bytes,
}

impl Account {
    /// Publishes a circuit with the claim that is recomputed from it.
    pub async fn register_circuit(
        &self,
        coprocessor: Address,
        circuit: &Circuit,
    ) -> Result<RegisteredProgram, ChainError> {
        let claim = circuit_claim(circuit)?;
        let contract = self.coprocessor(coprocessor);
        let call = contract.registerCircuit(circuit.to_text().into_bytes().into(), claim);
        let receipt = self.send("registerCircuit", call).await?;
        let event: Coprocessor::CircuitRegistered = event("registerCircuit", &receipt)?;
        Ok(RegisteredProgram { reference: event.programRef, id: event.programId })
    }

    /// Registers an evaluation key under its committee's signature, unless it is there already with these bytes.
    pub async fn register_committed_key(
        &self,
        coprocessor: Address,
        key: &KeyRegistration,
    ) -> Result<(), ChainError> {
        if self.content_of(coprocessor, key.key_digest).await? == key.content_digest {
            return Ok(());
        }
        let contract = self.coprocessor(coprocessor);
        let call = contract.registerCommittedKey(
            key.key_digest,
            key.content_digest,
            U256::from(key.epoch),
            key.signature.clone(),
        );
        self.send("registerCommittedKey", call).await.map(drop)
    }

    /// Digest of the bytes of a registered key; zero for an unknown one.
    pub async fn content_of(&self, coprocessor: Address, key_digest: B256) -> Result<B256, ChainError> {
        let content = self.coprocessor(coprocessor).contentOf(key_digest).call().await;
        content.map_err(|e| call_error("contentOf", e))
    }

    /// Lets the committee decrypt a proven value of which this account is the consumer.
    pub async fn allow_release(&self, coprocessor: Address, handle: B256) -> Result<(), ChainError> {
        let contract = self.coprocessor(coprocessor);
        self.send("allowRelease", contract.allowRelease(handle)).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_programs::Workload;
    use trine_programs::election::Election;
    use trine_programs::tally::Tally;
    use trine_programs::workload::Size;

    #[test]
    fn the_claim_of_an_election_names_its_handles() {
        let circuit = Election::sized(Size::Small).circuit().unwrap();
        let claim = circuit_claim(&circuit).unwrap();
        assert_eq!((claim.inputs, claim.outputs, claim.logBootstrappings), (36, 1, 4));
        // Bools of one block, then an integer of four: the entries that `PrivateElection` expects.
        let entry = |i: usize| (claim.layouts[i / 15] >> (16 * (i % 15))) & U256::from(0xffff);
        assert!((0..36).all(|i| entry(i) == U256::from(1)));
        assert_eq!(entry(36), U256::from(2 | 3 << 8));
        assert_eq!(entry(37), U256::ZERO);
    }

    #[test]
    fn a_circuit_of_several_segments_is_refused_with_their_number() {
        let circuit = Tally::sized(Size::Normal).circuit().unwrap();
        let error = circuit_claim(&circuit).unwrap_err();
        let CircuitClaimError::Segments { segments, bootstrappings, most } = error else { panic!("{error}") };
        assert_eq!((bootstrappings, most), (51, 16));
        assert!(segments >= 4, "{segments}");
        assert!(error.to_string().contains(&format!("{segments} segments")), "{error}");
    }
}
