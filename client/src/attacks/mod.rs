//! Attacks on a running cluster in which the honest path has just succeeded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | all attacks by name, who must stop each, and how |
//! | [`scene`] | the cluster, the honest run, a stranger with funds |
//! | [`proof`] | altered proofs |
//! | [`statement`] | the honest proof under another statement, values under another name |
//! | [`release`] | releases that each keyholder must refuse |
//! | [`committee`] | malicious keyholders |
//! | [`fulfilment`] | the message of `Coprocessor.fulfil` and its alterations |
//! | [`programs`] | programs that must not be released |
//! | [`report`] | the JSON line that an attack ends with |

pub mod committee;
pub mod fulfilment;
pub mod programs;
pub mod proof;
pub mod registry;
pub mod release;
pub mod report;
pub mod scene;
pub mod statement;
