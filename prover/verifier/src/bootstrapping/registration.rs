//! What the registrant of a circuit claims about its text on chain (`docs/spec/onchain.md`): recomputed here from the text, by
//! whoever registers it, asks for it, proves it or decrypts its results.

use super::parameters::Parameters;
use super::program::{self, LAYOUT_WORDS, OffGrid, Words};
use super::shape::{Shape, ShapeError};
use crate::Bytes32;
use crate::digest::{AbiHasher, field_word, packed};
use trine_program::circuit::{Circuit, Segment, SegmentError, Source, segments};

/// `ICoprocessor.CircuitClaim`: what a proof of one piece names a circuit by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitClaim {
    /// keccak-256 of the program's words ([`Words::digest`]).
    pub program: Bytes32,
    /// Entries of handles, 15 to a word.
    pub layouts: [Bytes32; LAYOUT_WORDS],
    /// Bootstrappings.
    pub bootstrappings: u8,
    /// Input handles.
    pub inputs: u8,
    /// Output handles.
    pub outputs: u8,
}

/// `ICoprocessor.SegmentClaim`: a segment of a circuit that is larger than one proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentClaim {
    /// keccak-256 of the segment's own text.
    pub circuit_id: Bytes32,
    /// The segment as a circuit.
    pub claim: CircuitClaim,
    /// Where its inputs come from, see [`source_word`].
    pub sources: Vec<u16>,
}

/// A circuit as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// One proof covers it: `registerCircuit`.
    Whole(CircuitClaim),
    /// Several do: `registerSegments`.
    Segments {
        /// Entries of the circuit's inputs, 15 to a word.
        layouts: [Bytes32; LAYOUT_WORDS],
        /// Input handles of the circuit.
        inputs: u8,
        /// Its segments, in order.
        segments: Vec<SegmentClaim>,
    },
}

/// Why a circuit has no registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// It cannot be cut.
    #[error(transparent)]
    Segments(#[from] SegmentError),
    /// A segment does not fit one proof.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A word between two steps of the grid.
    #[error(transparent)]
    OffGrid(#[from] OffGrid),
    /// More inputs or segments than their counts on chain hold.
    #[error("{got} {what}, at most {most} are registered")]
    Count {
        /// "inputs" or "segments".
        what: &'static str,
        /// Of the circuit.
        got: usize,
        /// What fits.
        most: usize,
    },
}

/// Segments that a source can name, and one.
pub const MAX_SEGMENTS: usize = 255;

impl Registration {
    /// Of a circuit.
    pub fn of(parameters: &Parameters, circuit: &Circuit) -> Result<Self, RegistrationError> {
        let list = segments(circuit, &parameters.segment_limits())?;
        if let [whole] = list.as_slice() {
            return Ok(Self::Whole(CircuitClaim::of(parameters, &whole.circuit)?));
        }
        for (what, got, most) in [
            ("inputs", circuit.inputs().len(), most_inputs(parameters)),
            ("segments", list.len(), MAX_SEGMENTS),
        ] {
            if got > most {
                return Err(RegistrationError::Count { what, got, most });
            }
        }
        let claim = |segment: &Segment| SegmentClaim::of(parameters, segment);
        Ok(Self::Segments {
            layouts: program::layouts_of(circuit.inputs()).map(|word| field_word(&word)),
            inputs: small(circuit.inputs().len()),
            segments: list.iter().map(claim).collect::<Result<_, _>>()?,
        })
    }

    /// The program reference: what requests name the circuit by.
    pub fn reference(&self, program_id: &Bytes32) -> Bytes32 {
        match self {
            Self::Whole(claim) => {
                claim.absorbed(AbiHasher::tagged("circuit_program").word(program_id)).finish()
            }
            Self::Segments { layouts, inputs, segments } => {
                let digests: Vec<Bytes32> = segments.iter().map(SegmentClaim::digest).collect();
                let hasher = AbiHasher::tagged("segmented_program").word(program_id);
                let hasher = layouts.iter().fold(hasher, AbiHasher::word);
                hasher.uint(u64::from(*inputs)).word(&packed(&digests)).finish()
            }
        }
    }
}

impl CircuitClaim {
    /// Of a circuit that one proof covers.
    pub fn of(parameters: &Parameters, circuit: &Circuit) -> Result<Self, RegistrationError> {
        Shape::new(*parameters, circuit)?;
        Ok(Self {
            program: Words::of(circuit)?.digest(),
            layouts: program::layouts(circuit).map(|word| field_word(&word)),
            bootstrappings: small(circuit.bootstrappings().len()),
            inputs: small(circuit.inputs().len()),
            outputs: small(circuit.outputs().len()),
        })
    }

    /// The words of the claim, in the order of its ABI.
    fn absorbed(&self, hasher: AbiHasher) -> AbiHasher {
        let hasher = self.layouts.iter().fold(hasher.word(&self.program), AbiHasher::word);
        let counts = [self.bootstrappings, self.inputs, self.outputs];
        counts.into_iter().fold(hasher, |hasher, count| hasher.uint(u64::from(count)))
    }
}

impl SegmentClaim {
    /// Of a segment of a circuit whose registration there is.
    pub fn of(parameters: &Parameters, segment: &Segment) -> Result<Self, RegistrationError> {
        Ok(Self {
            circuit_id: segment.circuit.id().0,
            claim: CircuitClaim::of(parameters, &segment.circuit)?,
            sources: segment.sources.iter().map(source_word).collect(),
        })
    }

    /// `keccak256(abi.encode(segment))`.
    pub fn digest(&self) -> Bytes32 {
        let start = AbiHasher::untagged().uint(0x20).word(&self.circuit_id);
        // The claim's words lie in line; then the offset of the sources, after as many words as stand before them.
        let words = 1 + LAYOUT_WORDS as u64 + 1 + 3 + 1;
        let hasher = self.claim.absorbed(start).uint(32 * words).uint(self.sources.len() as u64);
        self.sources.iter().fold(hasher, |hasher, source| hasher.uint(u64::from(*source))).finish()
    }
}

/// Source of a segment's input: below 256 the input of the request; else 256 times one more than the segment, and the place
/// among its outputs.
pub fn source_word(source: &Source) -> u16 {
    match source {
        Source::Input(handle) => u16::from(*handle),
        // At most MAX_SEGMENTS segments.
        Source::Link { segment, output } => (small(*segment as usize + 1) as u16) << 8 | u16::from(*output),
    }
}

fn most_inputs(parameters: &Parameters) -> usize {
    parameters.segment_limits().inputs
}

/// Counts within the limits of a segment are below 256.
fn small(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}
