//! What the registrant of a circuit says about its text on chain. A proof is made for the claim of the text: under another
//! one the contract would refuse it.

use super::refusal::CircuitRefusal;
use trine_program::circuit::{Circuit, segments};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::program::{self, LAYOUT_WORDS};
use trine_verifier::bootstrapping::{Parameters, Shape};
use trine_verifier::digest::field_word;

/// `ICoprocessor.CircuitClaim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitClaim {
    /// Poseidon digest of the program.
    pub prog: Bytes32,
    /// Entries of handles, 15 to a word.
    pub layouts: [Bytes32; LAYOUT_WORDS],
    /// log2 of the slots of bootstrappings.
    pub log_bootstrappings: u8,
    /// Input handles.
    pub inputs: u8,
    /// Output handles.
    pub outputs: u8,
}

impl CircuitClaim {
    /// Of a circuit that one proof covers.
    ///
    /// Errors: a circuit of several segments, which no proof for the contract covers, or that cannot be cut.
    pub fn of(parameters: &Parameters, circuit: &Circuit) -> Result<Self, CircuitRefusal> {
        let limits = parameters.segment_limits();
        let got = segments(circuit, &limits)?.len();
        if got != 1 {
            let (bootstrappings, most) = (circuit.bootstrappings().len(), limits.bootstrappings.get());
            return Err(CircuitRefusal::Segments { got, bootstrappings, most });
        }
        let shape = Shape::new(*parameters, circuit)?;
        // Counts of one segment are below 256.
        let small = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        Ok(Self {
            prog: field_word(&program::digest(&shape, circuit)?),
            layouts: program::layouts(circuit).map(|word| field_word(&word)),
            log_bootstrappings: small(shape.log_bootstrappings),
            inputs: small(circuit.inputs().len()),
            outputs: small(circuit.outputs().len()),
        })
    }

    /// The first part in which another claim differs: its name, its value there, the value here.
    pub fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let parts = |c: &Self| {
            let layouts = c.layouts.map(hex::encode).join(",");
            [hex::encode(c.prog), layouts, c.log_bootstrappings.to_string(), c.inputs.to_string()]
                .into_iter()
                .chain([c.outputs.to_string()])
        };
        let names = ["prog", "layouts", "log P", "number of inputs", "number of outputs"];
        let mut pairs = names.into_iter().zip(parts(other).zip(parts(self)));
        pairs.find_map(|(name, (there, here))| (there != here).then_some((name, there, here)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: CircuitClaim = CircuitClaim {
        prog: [1; 32],
        layouts: [[2; 32]; LAYOUT_WORDS],
        log_bootstrappings: 3,
        inputs: 4,
        outputs: 5,
    };

    #[test]
    fn every_part_of_a_claim_counts() {
        assert_eq!(CLAIM.difference(&CLAIM), None);
        let name = |change: fn(&mut CircuitClaim)| {
            let mut other = CLAIM;
            change(&mut other);
            CLAIM.difference(&other).unwrap().0
        };
        assert_eq!(name(|c| c.prog[31] ^= 1), "prog");
        assert_eq!(name(|c| c.layouts[5][0] ^= 1), "layouts");
        assert_eq!(name(|c| c.log_bootstrappings += 1), "log P");
        assert_eq!(name(|c| c.inputs += 1), "number of inputs");
        assert_eq!(name(|c| c.outputs += 1), "number of outputs");
    }
}
