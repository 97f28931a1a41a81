//! Releases of a really proven evaluation: what one node refuses, and four nodes over mTLS.

mod batch;
mod circuits;
mod cluster;
#[cfg(feature = "failpoints")]
mod crashes;
mod nodes;
mod proven;
mod recorded;
mod recorded_batch;
mod refusals;
mod sealed;
mod segments;
mod workshop;
