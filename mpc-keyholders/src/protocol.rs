//! Threshold release without I/O: values in, values out.
//!
//! | module | steps | holds |
//! | --- | --- | --- |
//! | [`committee`] | - | sizes, node indices, sets of n - t nodes |
//! | [`dealer`] | TR.K* | the ceremony that makes all keys: the one trusted step |
//! | [`sharing`] | TR.K1 | replicated sharing of the squashing key |
//! | [`authorise`] | TR.A* | whether a presented result may be released |
//! | [`policy`] | TR.A4, TR.A5 | whether its program may be, from the text |
//! | [`batch`] | TR.A9 | the other jobs of a proof that covers several |
//! | [`evaluation`] | TR.A9 | linear programs and circuits, and their proofs |
//! | [`refusal`] | - | the error of each check, and its name on the wire |
//! | [`squashed`] | TR.S* | the squashed ciphertext and its digest, the quorum on it |
//! | [`mask`] | TR.M1, TR.M2 | flooding masks and their correctness bound |
//! | [`budget`] | TR.M3 | how much one key epoch may release |
//! | [`share`] | TR.D1 | a node's decryption share |
//! | [`message`] | TR.D2 to TR.D4 | signed messages between nodes, evidence |
//! | [`combine`] | TR.C* | vote, sum, decode |
//! | [`session`] | - | one release as one node sees it: messages in, faults named, result out |
//! | [`attest`] | TR.B* | the committee's BLS signature, over releases and over its evaluation key |

pub mod attest;
pub mod authorise;
pub mod batch;
pub mod budget;
pub mod combine;
pub mod committee;
pub mod dealer;
pub mod evaluation;
pub mod mask;
pub mod message;
pub mod policy;
pub mod refusal;
pub mod session;
pub mod share;
pub mod sharing;
pub mod squashed;
