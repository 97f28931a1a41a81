//! Attacks on a proof of several jobs, on a cluster in which one has just been accepted.
//!
//! | module | holds |
//! | --- | --- |
//! | [`registry`] | all attacks by name, who must stop each, and how |
//! | [`scene`] | the cluster and the honest transaction, taken apart |
//! | [`exchanged`] | what belongs to two jobs, exchanged |
//! | [`covered`] | another list of jobs than the proof covers |
//! | [`words`] | programs that reach beyond their job |

pub mod covered;
pub mod exchanged;
pub mod registry;
pub mod scene;
pub mod words;
