//! Parameter set, keys, ciphertext words, exact evaluation, noise squashing.
