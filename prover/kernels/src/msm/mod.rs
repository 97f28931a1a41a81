//! Multi-scalar multiplication over the first group of BN254.
