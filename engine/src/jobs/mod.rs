//! Jobs: one task each, from the state on disk to an end.
//!
//! | module | holds |
//! | --- | --- |
//! | [`announcements`] | who is told of states and progress |
//! | [`steps`] | what is done in each state |
//! | [`runner`] | the task of a job: step, persist, announce; retry, failure, cancellation, resumption |

pub mod announcements;
pub mod runner;
pub mod steps;

pub use announcements::{Announcements, JobEvent, JobProgress};
pub use runner::{JobRunner, Parts, Patience};
