//! Second phase of the setup of Groth16 (`docs/spec/ceremony.md`): several contributors, one after the other, multiply
//! delta by factors that each forgets. One that did suffices.
//!
//! | module | steps | holds |
//! | --- | --- | --- |
//! | [`powers`] | CE.P* | the first phase, checked |
//! | [`lagrange`] | CE.I1 | Lagrange polynomials at tau, as points |
//! | [`initial`] | CE.I2, CE.I3 | the key before any contribution |
//! | [`entropy`] | CE.R1 | where a contributor's secrets come from |
//! | [`record`] | CE.R2 to CE.R4 | what a contribution or the beacon leaves behind |
//! | [`chain`] | CE.C* | the chain of records |
//! | [`transcript`] | CE.R5, CE.F1 | the file that goes from one contributor to the next |
//! | [`verify`] | CE.V* | a transcript against circuit and first phase |
//! | [`key`] | CE.K*, CE.F2 | the finished key, and what production refuses |
//! | [`points`] | - | canonical points, scaled and randomly combined |
//! | [`decode`] | - | bytes that somebody sent |
//! | [`error`] | - | one variant for each check |
//!
//! The circuit is a [`Checks`](crate::wrap::checks::Checks), of which nothing but its matrices is read: any circuit that is
//! recorded there can have a ceremony.

pub mod chain;
pub mod decode;
pub mod entropy;
pub mod error;
pub mod initial;
pub mod key;
pub mod lagrange;
pub mod points;
pub mod powers;
pub mod record;
pub mod transcript;
pub mod verify;

pub use chain::{Chain, Head};
pub use decode::DecodeError;
pub use entropy::Entropy;
pub use error::CeremonyError;
pub use initial::initial_key;
pub use key::{CeremonyKey, KeyFileError, finalise};
pub use powers::Powers;
pub use record::{Beacon, Knowledge, Record, Step};
pub use transcript::Transcript;
pub use verify::verify;
