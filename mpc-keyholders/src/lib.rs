//! Keyholders: threshold decryption of proven results.
