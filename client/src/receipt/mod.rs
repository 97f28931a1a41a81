//! Receipts: files that convince a third party, and their native verification.
//!
//! | module | holds |
//! | --- | --- |
//! | [`file`] | the JSON format |
//! | [`verify`](mod@verify) | verification from files alone |
//! | [`wire`] | from the engine's messages |

pub mod file;
pub mod verify;
pub mod wire;

pub use file::{Receipt, ReceiptFileError};
pub use verify::{ReceiptError, VerifiedReceipt, verify};
