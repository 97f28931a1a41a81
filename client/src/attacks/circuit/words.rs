//! Words of a program, altered: one for each bootstrapping, then one for each row
//! (`docs/spec/proof-of-bootstrapping.md`, section 6).

use super::proof::modulus;
use alloy::primitives::U256;
use anyhow::{Context, ensure};
use trine::chain::circuits::program_digest;
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;
use trine_program::circuit::BOXES;
use trine_program::limits::MAX_TERMS;
use trine_verifier::bootstrapping::program::{BOOTSTRAPPED_AT, KIND_BITS, SOURCE_AT, STEP_BITS, TERM_BITS};

/// First bit of the terms of a bootstrapping's word, and of a row's.
const TERMS_AT: [usize; 2] = [KIND_BITS + STEP_BITS * (1 + BOXES), KIND_BITS + STEP_BITS];
/// Word of a row without constant and terms.
const EMPTY_ROW: u64 = 2;

/// A program as a registrant claims it and fulfilments spell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelled {
    /// The claim, of these words.
    pub claim: CircuitClaim,
    /// The words.
    pub words: Vec<U256>,
}

impl Spelled {
    /// The claim with the digest of other words.
    pub fn of(claim: CircuitClaim, words: Vec<U256>) -> Self {
        Self { claim: CircuitClaim { program: program_digest(&words), ..claim }, words }
    }

    /// One row more, which is zero: for an output of one block more.
    pub fn with_empty_row(mut self) -> Self {
        self.words.push(U256::from(EMPTY_ROW));
        Self::of(self.claim, self.words)
    }

    /// All combinations without their terms: whatever names an input or a bootstrapping is gone.
    pub fn without_terms(mut self) -> Self {
        let bootstrappings = usize::from(self.claim.bootstrappings);
        for (index, word) in self.words.iter_mut().enumerate() {
            *word &= (U256::from(1) << TERMS_AT[usize::from(index >= bootstrappings)]) - U256::from(1);
        }
        Self::of(self.claim, self.words)
    }

    /// The first word plus the order of the field: the same element for the proof, other terms for whoever reads bits.
    pub fn with_modulus_added(mut self) -> anyhow::Result<Self> {
        let first = self.words.first_mut().context("a program without words")?;
        *first = first.checked_add(modulus()).context("the sum has more than 256 bits")?;
        Ok(Self::of(self.claim, self.words))
    }

    /// The first term that reads an input reads the first input behind the job's own: the next job's, once jobs are merged.
    pub fn reading_the_neighbour(mut self) -> anyhow::Result<Self> {
        let bootstrappings = usize::from(self.claim.bootstrappings);
        let inputs = u64::from(self.claim.inputs);
        ensure!(inputs < 1 << (BOOTSTRAPPED_AT - SOURCE_AT), "{inputs} inputs");
        let lanes = self.words.iter_mut().enumerate().flat_map(|(index, word)| {
            let first = TERMS_AT[usize::from(index >= bootstrappings)];
            let lane = *word >> first;
            (0..MAX_TERMS)
                .map(move |term| ((lane >> (TERM_BITS * term)) & lane_mask(), first + TERM_BITS * term))
                .find(|(term, _)| reads_an_input(*term))
                .map(|(term, at)| (word, term, at))
        });
        let (word, term, at) = lanes.into_iter().next().context("no term reads an input")?;
        let source = (term >> SOURCE_AT) & U256::from((1u64 << (BOOTSTRAPPED_AT - SOURCE_AT)) - 1);
        let moved = term - (source << SOURCE_AT) + (U256::from(inputs) << SOURCE_AT);
        *word = *word - (term << at) + (moved << at);
        Ok(Self::of(self.claim, self.words))
    }
}

fn lane_mask() -> U256 {
    (U256::from(1) << TERM_BITS) - U256::from(1)
}

/// Used, and not of a bootstrapping.
fn reads_an_input(term: U256) -> bool {
    term & U256::from(0xff) != U256::ZERO && (term >> BOOTSTRAPPED_AT) & U256::from(1) == U256::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine::chain::circuits::{circuit_claim, program_words};
    use trine_program::circuit::{Circuit, Wire};
    use trine_programs::workload::{Size, named};
    use trine_verifier::bootstrapping::program::Words;

    fn honest() -> (Circuit, Spelled) {
        let circuit = named("age-check", Size::Small).unwrap().circuit().unwrap();
        let words = program_words(&circuit).unwrap();
        let spelled = Spelled { claim: circuit_claim(&circuit).unwrap(), words };
        (circuit, spelled)
    }

    #[test]
    fn a_claim_is_of_its_words() {
        let (_, honest) = honest();
        assert_eq!(Spelled::of(honest.claim.clone(), honest.words.clone()), honest);
        let raised = honest.clone().with_modulus_added().unwrap();
        assert_ne!(raised.claim.program, honest.claim.program);
        assert_eq!(raised.words[0] - modulus(), honest.words[0]);
        let wider = honest.clone().with_empty_row();
        assert_eq!(wider.words[honest.words.len()..], [U256::from(EMPTY_ROW)]);
    }

    /// What the circuit says of its first term that reads an input is what is altered, and nothing else.
    #[test]
    fn the_neighbour_is_read_by_one_term() {
        let (circuit, honest) = honest();
        let neighbour = honest.clone().reading_the_neighbour().unwrap();
        let changed: Vec<usize> =
            (0..honest.words.len()).filter(|i| honest.words[*i] != neighbour.words[*i]).collect();
        let reads = |b: &trine_program::circuit::Bootstrapping| {
            b.input.terms.iter().any(|t| matches!(t.wire, Wire::Input { .. }))
        };
        assert_eq!(changed, [circuit.bootstrappings().iter().position(reads).unwrap()]);
        // The same circuit with that input's index spelled out gives the same word.
        let own = circuit.inputs().len() as u64;
        let bootstrapping = &circuit.bootstrappings()[changed[0]];
        let term =
            bootstrapping.input.terms.iter().position(|t| matches!(t.wire, Wire::Input { .. })).unwrap();
        let at = TERMS_AT[0] + TERM_BITS * term + SOURCE_AT;
        assert_eq!((neighbour.words[changed[0]] >> at) & U256::from(0x7f), U256::from(own));
    }

    #[test]
    fn without_terms_nothing_is_read() {
        let (circuit, honest) = honest();
        let bare = honest.without_terms();
        let slots = circuit.bootstrappings().len();
        assert!(bare.words[..slots].iter().all(|word| word.bit_len() <= TERMS_AT[0]));
        assert!(bare.words[slots..].iter().all(|word| word.bit_len() <= TERMS_AT[1]));
        assert_eq!(Words::of(&circuit).unwrap().slots.len(), slots);
        assert!(bare.reading_the_neighbour().is_err());
    }
}
