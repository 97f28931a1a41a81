//! What an attack is, and the catalogue of the linear tally. That of circuits is
//! [`super::circuit::registry`].

use super::report::{Expectation, Observation, Party};
use super::scene::Scene;
use super::{committee, proof, release, statement};
use anyhow::ensure;
use std::future::Future;
use std::pin::Pin;

/// An attack being played.
pub type Playing<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Observation>> + 'a>>;

/// An attack on a scene.
pub struct Attack<S> {
    /// Name on the command line.
    pub name: &'static str,
    /// What it tries, in one line.
    pub about: &'static str,
    /// Who is expected to stop it.
    pub party: Party,
    /// What that party is expected to do.
    pub expected: Expectation,
    /// Plays it.
    pub play: for<'a> fn(&'a mut S) -> Playing<'a>,
}

use Expectation::{Harmless, Refused};

/// Groth16 and the opening are one batched pairing equation: one error for both.
const PAIRING: Expectation = Refused(&["PairingMismatch"]);

/// One line of a catalogue.
macro_rules! attack {
    ($name:literal, $party:ident, $expected:expr, $play:path, $about:literal) => {
        $crate::attacks::registry::Attack {
            name: $name,
            about: $about,
            party: $crate::attacks::report::Party::$party,
            expected: $expected,
            play: $play,
        }
    };
}
pub(super) use attack;

/// The attacks on the linear tally, in the order in which `all` plays them.
#[rustfmt::skip]
pub const ATTACKS: &[Attack<Scene>] = &[
    attack!("flipped-output-word", Coprocessor, PAIRING, proof::flipped_output_word,
        "the engine flips one bit of one word of the result"),
    attack!("altered-commitment", Coprocessor, PAIRING, proof::altered_commitment,
        "another commitment to a column of the proof"),
    attack!("altered-opening", Coprocessor, PAIRING, proof::altered_opening,
        "another witness of the opening"),
    attack!("altered-groth16-point", Coprocessor, PAIRING, proof::altered_groth16_point,
        "another point A of the Groth16 proof"),
    attack!("altered-public-input", Coprocessor, PAIRING, proof::altered_public_input,
        "another challenge among the public inputs"),
    attack!("other-program", Coprocessor, PAIRING, statement::other_program,
        "the proof of one program for a request of another"),
    attack!("other-key", Coprocessor, PAIRING, statement::other_key,
        "the proof for ciphertexts registered under another key"),
    attack!("other-handle", Coprocessor, PAIRING, statement::other_handle,
        "the proof for the same ciphertexts under other handles"),
    attack!("replayed-fulfilment", Coprocessor, Refused(&["AlreadyFulfilled"]), proof::replayed_fulfilment,
        "the same fulfilment once more"),
    attack!("public-input-plus-modulus", Coprocessor, Refused(&["ScalarTooLarge"]), proof::public_input_plus_modulus,
        "a public input raised by the order of the field"),
    attack!("malleated-groth16", Coprocessor, Refused(&["AlreadyFulfilled"]), proof::malleated_groth16,
        "(-A, -B, C), which verifies, after the fulfilment"),
    attack!("release-unproven", Keyholder, Refused(&["NotFulfilled"]), release::release_unproven,
        "release of a result that no proof was accepted for"),
    attack!("swapped-ciphertext-bytes", Keyholder, Refused(&["HandleMismatch"]), release::swapped_ciphertext_bytes,
        "one voter's ciphertext presented under the result's handle"),
    attack!("substituted-squashed-ciphertext", Keyholder, Refused(&["SquashedDigestMismatch"]), release::substituted_squashed_ciphertext,
        "a squashed ciphertext that is not the one of the proven words"),
    attack!("one-keyholder-silent", Committee, Harmless("three of four nodes suffice; the silent one is named"), committee::one_keyholder_silent,
        "one keyholder is down"),
    attack!("one-keyholder-lying", Committee, Harmless("a majority of each set outvotes one liar, who is named"), committee::one_keyholder_lying,
        "one keyholder sends random shares and signs another result"),
    attack!("two-keyholders-lying", Committee, Refused(&["NoMajority", "TooFewSigners"]), committee::two_keyholders_lying,
        "two keyholders do so independently"),
    attack!("isolating-weights", Keyholder, Refused(&["IsolatingWeight"]), release::isolating_weights,
        "a proven tally that weighs one voter apart from the others"),
    attack!("huge-coefficient", Engine, Refused(&["PROGRAM_TEXT"]), release::huge_coefficient,
        "a program text with a coefficient of 2^40"),
    attack!("half-step-constant", Keyholder, Refused(&["ConstantOffGrid"]), release::half_step_constant,
        "a proven tally with half a step added: the sign of the noise would be released"),
    attack!("stranger-release", Coprocessor, Refused(&["NotConsumer"]), statement::stranger_release,
        "release allowed by somebody who is not the consumer"),
    attack!("identity-of-registered", Coprocessor, Refused(&["NotConsumer"]), statement::identity_of_registered,
        "the identity program over one voter's registered ballot"),
    attack!("output-registered-in-advance", Coprocessor, Harmless("a registration has another origin, and so another handle"), statement::output_registered_in_advance,
        "the result, known beforehand, registered as a ciphertext before the proof"),
    attack!("handle-under-another-type", Coprocessor, Refused(&["LayoutMismatch"]), statement::handle_under_another_type,
        "a ballot registered as an integer and requested as a ballot"),
    attack!("handle-moved", Coprocessor, Refused(&["InputPointsMismatch"]), statement::handle_moved,
        "all inputs of the proof moved by one place"),
    attack!("smaller-shape", Coprocessor, PAIRING, statement::smaller_shape,
        "a registration that claims fewer inputs than the text has"),
    attack!("z-not-bound", Coprocessor, PAIRING, proof::z_not_bound,
        "a quotient of the opening chosen after its challenge z"),
    attack!("coefficients-above-chunk", Coprocessor, PAIRING, proof::coefficients_above_chunk,
        "an output with a coefficient above the chunk length"),
];

/// The attacks of a catalogue that a name means: `all`, or the one so named.
pub fn selected<S>(catalogue: &'static [Attack<S>], name: &str) -> anyhow::Result<Vec<&'static Attack<S>>> {
    let chosen: Vec<_> = catalogue.iter().filter(|a| name == "all" || a.name == name).collect();
    ensure!(!chosen.is_empty(), "no attack {name}: `--attack list` prints the names");
    Ok(chosen)
}

/// One line for each attack of a catalogue, its name first.
pub fn listed<S>(catalogue: &[Attack<S>]) -> String {
    let line = |a: &Attack<S>| format!("{:32} {:16} {}\n", a.name, a.party.to_string(), a.about);
    catalogue.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [&str; 28] = [
        "flipped-output-word",
        "altered-commitment",
        "altered-opening",
        "altered-groth16-point",
        "altered-public-input",
        "other-program",
        "other-key",
        "other-handle",
        "replayed-fulfilment",
        "public-input-plus-modulus",
        "malleated-groth16",
        "release-unproven",
        "swapped-ciphertext-bytes",
        "substituted-squashed-ciphertext",
        "one-keyholder-silent",
        "one-keyholder-lying",
        "two-keyholders-lying",
        "isolating-weights",
        "huge-coefficient",
        "half-step-constant",
        "stranger-release",
        "identity-of-registered",
        "output-registered-in-advance",
        "handle-under-another-type",
        "handle-moved",
        "smaller-shape",
        "z-not-bound",
        "coefficients-above-chunk",
    ];

    #[test]
    fn every_attack_of_the_catalogue_is_there_once() {
        let names: Vec<&str> = ATTACKS.iter().map(|a| a.name).collect();
        for name in LIST {
            assert_eq!(names.iter().filter(|n| **n == name).count(), 1, "{name}");
            assert_eq!(selected(ATTACKS, name).unwrap().len(), 1);
        }
        assert_eq!(names.len(), LIST.len());
        assert!(ATTACKS.iter().all(|a| !a.about.is_empty()));
        assert_eq!(selected(ATTACKS, "all").unwrap().len(), LIST.len());
        assert!(selected(ATTACKS, "list").is_err());
        assert!(listed(ATTACKS).starts_with("flipped-output-word "));
    }
}
