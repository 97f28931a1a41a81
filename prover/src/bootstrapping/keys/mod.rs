//! Evaluation keys as the argument reads them: their words, the commitments to these, and the commitments on disk.
//!
//! | module | holds |
//! | --- | --- |
//! | [`words`] | the words of a key in the order of its columns |
//! | [`commitment`] | commitments, chunk by chunk |
//! | [`cache`] | commitments on disk, named by key, parameter set and reference string |

pub mod cache;
pub mod commitment;
#[cfg(test)]
pub mod fixture;
pub mod words;

pub use cache::{CacheError, KeyName, load_or_make};
pub use commitment::commit_keys;
