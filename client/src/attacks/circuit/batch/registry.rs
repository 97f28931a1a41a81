//! All attacks on a proof of several jobs by name.

use super::scene::BatchScene;
use super::{covered, exchanged, words};
use crate::attacks::registry::{Attack, attack};
use crate::attacks::report::Expectation::{self, Refused};

/// Groth16 and the opening are one batched pairing equation: one error for both.
const PAIRING: Expectation = Refused(&["PairingMismatch"]);
/// A proof of more or fewer bootstrappings has another length, unless these take the same slots.
const OTHER_PROOF: Expectation = Refused(&["ProofLength", "PairingMismatch"]);

/// All attacks, in the order in which `all` plays them. They need no further proof.
#[rustfmt::skip]
pub const ATTACKS: &[Attack<BatchScene>] = &[
    attack!("outputs-exchanged", Coprocessor, PAIRING, exchanged::outputs,
        "two jobs with each other's results"),
    attack!("output-of-the-neighbour", Coprocessor, PAIRING, exchanged::output_of_the_neighbour,
        "a job with one result of its neighbour"),
    attack!("inputs-exchanged", Coprocessor, Refused(&["InputPointsMismatch"]), exchanged::inputs,
        "two jobs with each other's inputs"),
    attack!("programs-exchanged", Coprocessor, Refused(&["ProgramWordsMismatch", "ProgramWordCount"]), exchanged::programs,
        "two jobs with each other's programs"),
    attack!("one-program-twice", Coprocessor, Refused(&["ProgramWordsMismatch", "ProgramWordCount"]), exchanged::one_program_twice,
        "one job's program for two"),
    attack!("requests-exchanged", Coprocessor, Refused(&["InputPointsMismatch"]), exchanged::requests,
        "two jobs as answers to each other's requests"),
    attack!("jobs-in-another-order", Coprocessor, PAIRING, exchanged::order,
        "two jobs in the other order"),
    attack!("a-job-left-out", Coprocessor, OTHER_PROOF, covered::a_job_left_out,
        "the proof for one job fewer than it covers"),
    attack!("a-job-added", Coprocessor, Refused(&["TooManyBootstrappings", "ProofLength", "PairingMismatch"]), covered::a_job_added,
        "the proof for one job more, which nobody has proved"),
    attack!("a-job-replaced", Coprocessor, PAIRING, covered::a_job_replaced,
        "a job that nobody has proved in place of one that the proof covers"),
    attack!("proof-of-one-job", Coprocessor, OTHER_PROOF, covered::proof_of_one_job,
        "the proof of a batch for one of its jobs alone"),
    attack!("the-same-job-twice", Coprocessor, Refused(&["DuplicateJob"]), covered::the_same_job_twice,
        "one job at two places"),
    attack!("no-job", Coprocessor, Refused(&["NoJob"]), covered::no_job,
        "the proof for nothing"),
    attack!("a-term-moved", Coprocessor, Refused(&["ProgramWordsMismatch"]), words::a_term_moved,
        "a term of a job that reads its neighbour's input"),
    attack!("the-neighbour-read", Coprocessor, Refused(&["TermOutsideJob"]), words::the_neighbour_read,
        "a program with such a term, registered so"),
    attack!("a-word-plus-modulus", Coprocessor, Refused(&["ProgramWordTooLarge"]), words::a_word_plus_modulus,
        "a word raised by the order of the field, registered so"),
    attack!("replayed-batch", Coprocessor, Refused(&["AlreadyFulfilled"]), covered::replayed,
        "the same batch once more, when nothing is left to record"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::registry::selected;

    const LIST: [&str; 17] = [
        "outputs-exchanged",
        "output-of-the-neighbour",
        "inputs-exchanged",
        "programs-exchanged",
        "one-program-twice",
        "requests-exchanged",
        "jobs-in-another-order",
        "a-job-left-out",
        "a-job-added",
        "a-job-replaced",
        "proof-of-one-job",
        "the-same-job-twice",
        "no-job",
        "a-term-moved",
        "the-neighbour-read",
        "a-word-plus-modulus",
        "replayed-batch",
    ];

    #[test]
    fn every_attack_is_there_once() {
        let names: Vec<&str> = ATTACKS.iter().map(|a| a.name).collect();
        assert_eq!(names, LIST);
        assert_eq!(selected(ATTACKS, "all").unwrap().len(), LIST.len());
    }
}
