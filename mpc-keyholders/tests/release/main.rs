//! Releases of a really proven evaluation: what one node refuses, and four nodes over mTLS.

mod cluster;
mod nodes;
mod proven;
mod refusals;
