//! The Poseidon transcript as constraints: `trine_verifier::transcript` step for step (spec section 6).

use super::checks::Checks;
use super::wire::Wire;
use ark_bn254::Fr;
use ark_ff::Zero;
use trine_verifier::transcript::{TranscriptEvent, poseidon_parameters, tag_element};

const WIDTH: usize = 3;
const RATE: usize = 2;
const CAPACITY: usize = WIDTH - RATE;

/// Where the duplex stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Absorbing(usize),
    Squeezing(usize),
}

/// Fiat-Shamir transcript in the circuit.
#[derive(Clone)]
pub struct TranscriptGadget {
    state: [Wire; WIDTH],
    mode: Mode,
    events: Vec<TranscriptEvent>,
}

impl TranscriptGadget {
    /// A transcript whose capacity starts as `tag`.
    pub fn new(tag: &str) -> Self {
        Self {
            state: [Wire::constant(tag_element(tag)), Wire::zero(), Wire::zero()],
            mode: Mode::Absorbing(0),
            events: vec![],
        }
    }

    /// Absorbs one element.
    pub fn absorb(&mut self, checks: &mut Checks, label: &'static str, value: &Wire) {
        let place = match self.mode {
            Mode::Absorbing(RATE) => {
                self.permute(checks);
                0
            }
            Mode::Absorbing(place) => place,
            Mode::Squeezing(_) => 0,
        };
        self.state[CAPACITY + place] = &self.state[CAPACITY + place] + value;
        self.mode = Mode::Absorbing(place + 1);
        self.events.push(TranscriptEvent { challenge: false, label });
    }

    /// Absorbs elements in order.
    pub fn absorb_all<'a>(
        &mut self,
        checks: &mut Checks,
        label: &'static str,
        values: impl IntoIterator<Item = &'a Wire>,
    ) {
        for value in values {
            self.absorb(checks, label, value);
        }
    }

    /// Draws a challenge.
    pub fn challenge(&mut self, checks: &mut Checks, label: &'static str) -> Wire {
        let place = match self.mode {
            Mode::Absorbing(_) | Mode::Squeezing(RATE) => {
                self.permute(checks);
                0
            }
            Mode::Squeezing(place) => place,
        };
        self.mode = Mode::Squeezing(place + 1);
        self.events.push(TranscriptEvent { challenge: true, label });
        self.state[CAPACITY + place].clone()
    }

    /// Draws `count` challenges.
    pub fn challenges(&mut self, checks: &mut Checks, label: &'static str, count: usize) -> Vec<Wire> {
        (0..count).map(|_| self.challenge(checks, label)).collect()
    }

    /// Forgets a run where `active` is zero: the state is again what it was `before` the run.
    ///
    /// # Panics
    /// When the run leaves the duplex elsewhere than before it, so that the next steps would differ: a fault of the
    /// circuit, whatever its values.
    pub fn keep_if(&mut self, checks: &mut Checks, active: &Wire, before: &Self) {
        assert_eq!(self.mode, before.mode, "a run ends where it begins");
        for (after, before) in self.state.iter_mut().zip(&before.state) {
            *after = checks.select(active, after, before);
        }
        if active.value().is_zero() {
            self.events.truncate(before.events.len());
        }
    }

    /// What was absorbed and drawn.
    pub fn events(&self) -> &[TranscriptEvent] {
        &self.events
    }

    /// One permutation: three constraints for each power of five.
    fn permute(&mut self, checks: &mut Checks) {
        let parameters = poseidon_parameters();
        let half = parameters.full_rounds / 2;
        let partial = half..half + parameters.partial_rounds;
        for (round, constants) in parameters.ark.iter().enumerate() {
            for (element, constant) in self.state.iter_mut().zip(constants) {
                *element = &*element + &Wire::constant(*constant);
            }
            let boxes = if partial.contains(&round) { 1 } else { WIDTH };
            for element in self.state.iter_mut().take(boxes) {
                let square = checks.product(element, element);
                let fourth = checks.product(&square, &square);
                *element = checks.product(&fourth, element);
            }
            self.state = std::array::from_fn(|i| {
                parameters.mds[i]
                    .iter()
                    .zip(&self.state)
                    .fold(Wire::zero(), |sum, (m, element): (&Fr, _)| sum.plus(element, *m))
            });
        }
    }
}
