//! Attacks on a running cluster in which the honest path has just succeeded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | what an attack is; those on the linear tally by name, who must stop each, and how |
//! | [`catalogue`] | which are asked for, of the catalogue of the program |
//! | [`play`] | attacks one after the other |
//! | [`scene`] | the cluster, the honest run of the tally, a stranger with funds |
//! | [`proof`] | altered proofs |
//! | [`statement`] | the honest proof under another statement, values under another name |
//! | [`release`] | releases that each keyholder must refuse |
//! | [`committee`] | malicious keyholders |
//! | [`fulfilment`] | the message of `Coprocessor.fulfil` and its alterations |
//! | [`closing`] | a quotient of the opening that is chosen too late |
//! | [`programs`] | programs that must not be released |
//! | [`seen`] | answers as observations |
//! | [`report`] | the JSON line that an attack ends with |
//! | [`circuit`] | the same for a circuit of bootstrappings |

pub mod catalogue;
pub mod circuit;
pub mod closing;
pub mod committee;
pub mod fulfilment;
pub mod play;
pub mod programs;
pub mod proof;
pub mod registry;
pub mod release;
pub mod report;
pub mod scene;
pub mod seen;
pub mod statement;
