//! The committee and the chain: its signatures in `ReleaseVerifier`, its readings of `Coprocessor`.

mod anvil;
mod circuits;
mod reading;
mod verifying;
