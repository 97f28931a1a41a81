//! A program as it is registered on chain: what the contract holds must be what its text gives, since proofs are made for the
//! latter. Under another claim the contract would refuse them.

use super::refusal::CircuitRefusal;
use trine_program::circuit::Circuit;
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::program::LAYOUT_WORDS;
use trine_verifier::bootstrapping::registration::{CircuitClaim, Registration, SegmentClaim};

/// A program as the contract holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// A linear program.
    Linear,
    /// A circuit of one proof, with what its registrant says about its text.
    Circuit(CircuitClaim),
    /// A circuit of several segments.
    Segments(SegmentedRecord),
}

/// `ICoprocessor.SegmentedRecord` without the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentedRecord {
    /// Entries of the circuit's inputs, 15 to a word.
    pub layouts: [Bytes32; LAYOUT_WORDS],
    /// Input handles.
    pub inputs: u8,
    /// Output handles, those of the last segment.
    pub outputs: u8,
    /// Digests of the claims of its segments, in order.
    pub segments: Vec<Bytes32>,
}

impl Registered {
    /// A circuit as its text is registered.
    ///
    /// Errors: a circuit that cannot be cut into segments, or of which a segment fits no proof.
    pub fn of(parameters: &Parameters, circuit: &Circuit) -> Result<Self, CircuitRefusal> {
        Ok(Registration::of(parameters, circuit)?.into())
    }

    /// Kind, for messages.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Linear => "a linear program",
            Self::Circuit(_) => "a circuit",
            Self::Segments(_) => "a circuit of several segments",
        }
    }

    /// The first part in which another registration differs: its name, its value there, the value here.
    pub fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        match (self, other) {
            (Self::Linear, Self::Linear) => None,
            (Self::Circuit(here), Self::Circuit(there)) => first_difference(&claim(there), &claim(here)),
            (Self::Segments(here), Self::Segments(there)) => first_difference(&there.parts(), &here.parts()),
            _ => Some(("kind of the program", other.kind().into(), self.kind().into())),
        }
    }
}

impl From<Registration> for Registered {
    fn from(registration: Registration) -> Self {
        match registration {
            Registration::Whole(claim) => Self::Circuit(claim),
            Registration::Segments { layouts, inputs, segments } => Self::Segments(SegmentedRecord {
                layouts,
                inputs,
                outputs: segments.last().map_or(0, |last| last.claim.outputs),
                segments: segments.iter().map(SegmentClaim::digest).collect(),
            }),
        }
    }
}

type Part = (&'static str, String);

impl SegmentedRecord {
    fn parts(&self) -> Vec<Part> {
        let list = |words: &[Bytes32]| words.iter().map(hex::encode).collect::<Vec<_>>().join(",");
        vec![
            ("layouts", list(&self.layouts)),
            ("number of inputs", self.inputs.to_string()),
            ("number of outputs", self.outputs.to_string()),
            ("number of segments", self.segments.len().to_string()),
            ("segments", list(&self.segments)),
        ]
    }
}

fn claim(c: &CircuitClaim) -> Vec<Part> {
    vec![
        ("program", hex::encode(c.program)),
        ("layouts", c.layouts.map(hex::encode).join(",")),
        ("number of bootstrappings", c.bootstrappings.to_string()),
        ("number of inputs", c.inputs.to_string()),
        ("number of outputs", c.outputs.to_string()),
    ]
}

fn first_difference(there: &[Part], here: &[Part]) -> Option<(&'static str, String, String)> {
    let mut pairs = there.iter().zip(here);
    pairs.find_map(|(there, here)| (there != here).then(|| (here.0, there.1.clone(), here.1.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: CircuitClaim = CircuitClaim {
        program: [1; 32],
        layouts: [[2; 32]; LAYOUT_WORDS],
        bootstrappings: 3,
        inputs: 4,
        outputs: 5,
    };

    fn record() -> SegmentedRecord {
        SegmentedRecord { layouts: CLAIM.layouts, inputs: 4, outputs: 5, segments: vec![[6; 32], [7; 32]] }
    }

    #[test]
    fn every_part_of_a_claim_counts() {
        let whole = Registered::Circuit(CLAIM);
        assert_eq!(whole.difference(&whole), None);
        let name = |change: fn(&mut CircuitClaim)| {
            let mut other = CLAIM;
            change(&mut other);
            whole.difference(&Registered::Circuit(other)).unwrap().0
        };
        assert_eq!(name(|c| c.program[31] ^= 1), "program");
        assert_eq!(name(|c| c.layouts[5][0] ^= 1), "layouts");
        assert_eq!(name(|c| c.bootstrappings += 1), "number of bootstrappings");
        assert_eq!(name(|c| c.inputs += 1), "number of inputs");
        assert_eq!(name(|c| c.outputs += 1), "number of outputs");
    }

    #[test]
    fn every_part_of_a_segmented_record_counts() {
        let whole = Registered::Segments(record());
        assert_eq!(whole.difference(&whole), None);
        let name = |change: fn(&mut SegmentedRecord)| {
            let mut other = record();
            change(&mut other);
            whole.difference(&Registered::Segments(other)).unwrap().0
        };
        assert_eq!(name(|r| r.layouts[0][31] ^= 1), "layouts");
        assert_eq!(name(|r| r.inputs += 1), "number of inputs");
        assert_eq!(name(|r| r.outputs += 1), "number of outputs");
        assert_eq!(name(|r| r.segments.truncate(1)), "number of segments");
        assert_eq!(name(|r| r.segments.swap(0, 1)), "segments");
    }

    #[test]
    fn kinds_are_told_apart() {
        let kinds = [Registered::Linear, Registered::Circuit(CLAIM), Registered::Segments(record())];
        for (i, here) in kinds.iter().enumerate() {
            for (j, there) in kinds.iter().enumerate() {
                let field = here.difference(there).map(|(field, ..)| field);
                assert_eq!(field, (i != j).then_some("kind of the program"));
            }
        }
    }
}
