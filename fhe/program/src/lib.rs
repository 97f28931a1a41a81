//! Programs over encrypted values: types, canonical text, digest, release policy.
