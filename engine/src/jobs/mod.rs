//! Jobs: one task each, from the state on disk to an end.
//!
//! | module | holds |
//! | --- | --- |
//! | [`announcements`] | who is told of states and progress |
//! | [`steps`] | what is done in each state: evaluation |
//! | [`pieces`] | what of a job one proof covers: all of it, or a segment |
//! | [`proving`] | proofs, piece after piece |
//! | [`waiting`] | jobs that wait for the worker, and who is taken along |
//! | [`batch`] | proofs of several jobs |
//! | [`submission`] | transactions, piece after piece |
//! | [`runner`] | the task of a job: step, persist, announce; retry, failure, cancellation, resumption |

pub mod announcements;
pub mod batch;
pub mod pieces;
pub mod proving;
pub mod runner;
pub mod steps;
pub mod submission;
pub mod waiting;

pub use announcements::{Announcements, JobEvent, JobProgress};
pub use runner::{JobRunner, Parts, Patience};
