//! The Poseidon transcript (spec section 6): the same code path for prover and verifier, mirrored by the circuit.

use ark_bn254::Fr;
use ark_crypto_primitives::sponge::poseidon::{PoseidonConfig, PoseidonSponge, find_poseidon_ark_and_mds};
use ark_crypto_primitives::sponge::{CryptographicSponge, FieldBasedCryptographicSponge};
use ark_ff::PrimeField;
use std::sync::OnceLock;

/// Tag of the argument for linear programs.
pub const ARGUMENT_TAG: &str = "trine.evaluation.linear.1";
/// Tag of the digest of linear programs.
pub const PROGRAM_TAG: &str = "trine.program.linear.1";

/// Width 3, rate 2, alpha 5, 8 full and 57 partial rounds; constants by arkworks' Grain LFSR, equal to circomlib's.
pub fn poseidon_parameters() -> &'static PoseidonConfig<Fr> {
    static PARAMETERS: OnceLock<PoseidonConfig<Fr>> = OnceLock::new();
    PARAMETERS.get_or_init(|| {
        let (ark, mds) = find_poseidon_ark_and_mds::<Fr>(254, 2, 8, 57, 0);
        PoseidonConfig::new(8, 57, 5, mds, ark, 2, 1)
    })
}

/// A tag as the initial capacity: its bytes as a little-endian integer (at most 31 of them).
pub fn tag_element(tag: &str) -> Fr {
    Fr::from_le_bytes_mod_order(tag.as_bytes())
}

/// One entry of the inventory of absorbs and challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscriptEvent {
    /// `true` for a challenge.
    pub challenge: bool,
    /// The label, a symbol of the spec.
    pub label: &'static str,
}

/// Fiat-Shamir transcript over the scalar field.
#[derive(Clone)]
pub struct Transcript {
    sponge: PoseidonSponge<Fr>,
    events: Option<Vec<TranscriptEvent>>,
}

impl Transcript {
    /// A transcript whose capacity starts as `tag`.
    pub fn new(tag: &str) -> Self {
        let mut sponge = PoseidonSponge::new(poseidon_parameters());
        if let Some(capacity) = sponge.state.first_mut() {
            *capacity = tag_element(tag);
        }
        Self { sponge, events: None }
    }

    /// The same, recording every label for the inventory.
    pub fn recording(tag: &str) -> Self {
        Self { events: Some(vec![]), ..Self::new(tag) }
    }

    /// Absorbs one element.
    pub fn absorb(&mut self, label: &'static str, value: &Fr) {
        self.sponge.absorb(value);
        self.record(false, label);
    }

    /// Absorbs elements in order; their number is fixed by the class.
    pub fn absorb_all<'a>(&mut self, label: &'static str, values: impl IntoIterator<Item = &'a Fr>) {
        for value in values {
            self.absorb(label, value);
        }
    }

    /// Draws a challenge.
    pub fn challenge(&mut self, label: &'static str) -> Fr {
        self.record(true, label);
        self.sponge.squeeze_native_field_elements(1).first().copied().unwrap_or_default()
    }

    /// Draws `count` challenges.
    pub fn challenges(&mut self, label: &'static str, count: usize) -> Vec<Fr> {
        (0..count).map(|_| self.challenge(label)).collect()
    }

    /// What was absorbed and drawn, when recording.
    pub fn events(&self) -> &[TranscriptEvent] {
        self.events.as_deref().unwrap_or_default()
    }

    fn record(&mut self, challenge: bool, label: &'static str) {
        if let Some(events) = &mut self.events {
            events.push(TranscriptEvent { challenge, label });
        }
    }
}
