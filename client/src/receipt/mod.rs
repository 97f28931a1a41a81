//! Receipts: files that convince a third party, and their native verification.
//!
//! | module | holds |
//! | --- | --- |
//! | [`file`] | the JSON format |
//! | [`verify`](mod@verify) | verification from files alone |
//! | [`circuit`] | the same of circuits |
//! | `batch` | the other jobs that proofs cover |
//! | [`error`] | why one is refused |
//! | [`comparison`] | with what the chain says, without I/O |
//! | `registered` | the same of the program alone |
//! | [`onchain`] | verification against the chain |
//! | [`wire`] | from the engine's messages |

mod batch;
pub mod circuit;
pub mod comparison;
pub mod error;
pub mod file;
pub mod onchain;
mod registered;
pub mod verify;
pub mod wire;

pub use error::ReceiptError;
pub use file::{Receipt, ReceiptFileError};
pub use verify::{VerifiedInputs, VerifiedReceipt, verify};
