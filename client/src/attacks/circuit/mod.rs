//! Attacks on a circuit of bootstrappings, on a cluster in which a workload has just been answered.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | all attacks by name, who must stop each, and how |
//! | [`scene`] | the cluster, the honest run, a stranger with funds |
//! | [`proof`] | altered proofs |
//! | [`statement`] | the honest proof under another statement, values under another name |
//! | [`claims`] | what registrants claim about a text, entry by entry |
//! | [`words`] | words of a program, altered |
//! | [`registration`] | claims that the contract, texts that the engine refuses |
//! | [`keys`] | evaluation keys that nobody attested, or a false committee |
//! | [`programs`] | circuits and texts that must not be evaluated or released |
//! | [`release`] | releases that each keyholder must refuse |
//! | [`insiders`] | what the owners of contracts may do: a verifier that accepts everything, a false committee |
//! | [`false_results`] | results that such a verifier lets onto the chain, and each keyholder must refuse |
//! | [`batch`] | attacks on proofs of several jobs, and their scene |
//! | [`segments`] | attacks on circuits of several segments, and their scene |
//! | [`accepting_verifier`] | bytecode of that verifier |
//! | [`committee`] | a lying keyholder |

pub mod accepting_verifier;
pub mod batch;
pub mod claims;
pub mod committee;
pub mod false_results;
pub mod insiders;
pub mod keys;
pub mod programs;
pub mod proof;
pub mod registration;
pub mod registry;
pub mod release;
pub mod scene;
pub mod segments;
pub mod statement;
pub mod words;
