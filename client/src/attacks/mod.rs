//! Attacks on a running cluster in which the honest path has just succeeded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`fulfilment`] | the message of `Coprocessor.fulfil` and its alterations |
//! | [`programs`] | programs that must not be released |
//! | [`report`] | the JSON line that an attack ends with |

pub mod fulfilment;
pub mod programs;
pub mod report;
