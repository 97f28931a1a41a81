//! Attacks on a circuit of several segments, on a cluster in which such a workload has just been answered.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | all attacks by name, who must stop each, and how |
//! | [`scene`] | the cluster and the honest transactions, segment by segment |
//! | [`links`] | links that are altered, missing, or used as handles |
//! | [`places`] | proofs of segments out of their place |

pub mod links;
pub mod places;
pub mod registry;
pub mod scene;
