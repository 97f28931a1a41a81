//! Receipts: files that convince a third party, and their native verification.
//!
//! | module | holds |
//! | --- | --- |
//! | [`file`] | the JSON format |
//! | [`verify`](mod@verify) | verification from files alone |
//! | [`circuit`] | the same of circuits |
//! | [`comparison`] | with what the chain says, without I/O |
//! | [`onchain`] | verification against the chain |
//! | [`wire`] | from the engine's messages |

pub mod circuit;
pub mod comparison;
pub mod file;
pub mod onchain;
pub mod verify;
pub mod wire;

pub use file::{Receipt, ReceiptFileError};
pub use verify::{ReceiptError, VerifiedInputs, VerifiedReceipt, verify};
