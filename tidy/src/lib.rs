//! House rules of the repository, as tests.
//!
//! You want this crate if a rule should hold tomorrow without anybody remembering it. It ships nothing: the
//! library reads the checkout, the tests under `tests/` state one rule each, and `exceptions.toml` lists what a
//! reason outweighs. An exception that nothing needs any more fails as well.
//!
//! | module | holds |
//! | --- | --- |
//! | [`checkout`] | the files of the checkout: tracked and untracked, never ignored ones |
//! | [`rust_source`] | a Rust file with comments, literals and test code told apart |
//! | [`manifest`] | what the members of the workspace depend on |
//! | [`step_ids`] | ids of specification steps (`PE.G1`) in a text |
//! | [`exceptions`] | the file of exceptions, each with its reason |
//!
//! | test | rule |
//! | --- | --- |
//! | `dependencies` | who may depend on what; one table of versions |
//! | `purity` | values in, values out: no clock, file, network or runtime in the pure folders |
//! | `spec_steps` | specification, code and tests name the same steps |
//! | `files` | length, names, leftovers, paths of one machine, lock files |
//! | `documents` | links lead somewhere; the code map knows every member |
//! | `one_build` | `cargo build` and `cargo test` compile the same dependencies |

pub mod checkout;
pub mod exceptions;
pub mod manifest;
pub mod rust_source;
pub mod step_ids;
