//! Circuits of bootstrappings on chain: their claims, the keys that they run under, releases by an account of its own.

use super::{Account, ChainError, RegisteredProgram, call_error, event};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use trine_contract::bindings::Coprocessor;
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_contract::calldata;
use trine_contract::calldata::registration as abi;
use trine_program::circuit::Circuit;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::registration::{self, Registration, RegistrationError};

/// What a registrant says about a circuit, recomputed from it: whoever has the text says the same.
pub fn registration(circuit: &Circuit) -> Result<Registration, RegistrationError> {
    Registration::of(&Parameters::PRODUCTION, circuit)
}

/// The claim about a circuit that one proof covers.
pub fn circuit_claim(circuit: &Circuit) -> Result<CircuitClaim, RegistrationError> {
    registration::CircuitClaim::of(&Parameters::PRODUCTION, circuit).map(|claim| abi::circuit_claim(&claim))
}

/// The words of a circuit's program, which fulfilments carry: of its bootstrappings, then of its rows.
pub fn program_words(circuit: &Circuit) -> Result<Vec<U256>, RegistrationError> {
    Ok(calldata::circuit::program_words(&Words::of(circuit)?))
}

/// What claims name a program by.
pub fn program_digest(words: &[U256]) -> B256 {
    keccak256(words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect::<Vec<u8>>())
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
    /// Publishes a circuit with what is recomputed from it, in as many segments as proofs of it take.
    pub async fn register_circuit(
        &self,
        coprocessor: Address,
        circuit: &Circuit,
    ) -> Result<RegisteredProgram, ChainError> {
        let contract = self.coprocessor(coprocessor);
        let text: Bytes = circuit.to_text().into_bytes().into();
        match registration(circuit)? {
            Registration::Whole(claim) => {
                let call = contract.registerCircuit(text, abi::circuit_claim(&claim));
                let receipt = self.send("registerCircuit", call).await?;
                let event: Coprocessor::CircuitRegistered = event("registerCircuit", &receipt)?;
                Ok(RegisteredProgram { reference: event.programRef, id: event.programId })
            }
            Registration::Segments { layouts, inputs, segments } => {
                let segments = segments.iter().map(abi::segment_claim).collect();
                let layouts = layouts.map(U256::from_be_bytes);
                let call = contract.registerSegments(text, layouts, inputs, segments);
                let receipt = self.send("registerSegments", call).await?;
                let event: Coprocessor::SegmentsRegistered = event("registerSegments", &receipt)?;
                Ok(RegisteredProgram { reference: event.programRef, id: event.programId })
            }
        }
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

    /// Lets the committee decrypt proven outputs of one request of which this account is the consumer, in the order of the
    /// program. Once for a request: the others stay encrypted.
    pub async fn allow_release(&self, coprocessor: Address, outputs: &[B256]) -> Result<(), ChainError> {
        let contract = self.coprocessor(coprocessor);
        self.send("allowRelease", contract.allowRelease(outputs.to_vec())).await.map(drop)
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
        assert_eq!((claim.inputs, claim.outputs, claim.bootstrappings), (36, 1, 16));
        // Bools of one block, then an integer of four: the entries that `PrivateElection` expects.
        let entry = |i: usize| (claim.layouts[i / 15] >> (16 * (i % 15))) & U256::from(0xffff);
        assert!((0..36).all(|i| entry(i) == U256::from(1)));
        assert_eq!(entry(36), U256::from(2 | 3 << 8));
        assert_eq!(entry(37), U256::ZERO);
        let words = program_words(&circuit).unwrap();
        assert_eq!((words.len(), program_digest(&words)), (16 + 4, claim.program));
    }

    #[test]
    fn a_circuit_of_several_segments_is_claimed_segment_by_segment() {
        let circuit = Tally::sized(Size::Normal).circuit().unwrap();
        let Registration::Segments { inputs, segments, .. } = registration(&circuit).unwrap() else {
            panic!("51 bootstrappings take several proofs")
        };
        assert_eq!(usize::from(inputs), circuit.inputs().len());
        assert!(segments.len() >= 4, "{}", segments.len());
        let last = abi::segment_claim(segments.last().unwrap());
        assert_eq!(usize::from(last.claim.outputs), circuit.outputs().len());
        assert_eq!(last.sources.len(), usize::from(last.claim.inputs));
        assert!(matches!(circuit_claim(&circuit), Err(RegistrationError::Shape(_))), "no proof covers it");
    }
}
