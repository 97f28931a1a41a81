//! Attacks on a running cluster in which the honest path has just succeeded.
//!
//! | module | holds |
//! | --- | --- |
//! | [`fulfilment`] | the message of `Coprocessor.fulfil` and its alterations |

pub mod fulfilment;
