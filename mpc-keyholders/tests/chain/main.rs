//! The committee and the chain: its signatures in `ReleaseVerifier`, its readings of `Coprocessor`.

mod reading;
mod verifying;
