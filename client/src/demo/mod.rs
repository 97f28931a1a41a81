//! The demonstration: an encrypted tally through every part of the system.
//!
//! | module | holds |
//! | --- | --- |
//! | [`honest`] | the honest path on a cluster |
//! | [`in_process`] | without chain, committee and processes |
//! | [`summary`] | the JSON line that it ends with |

pub mod honest;
pub mod in_process;
pub mod summary;
