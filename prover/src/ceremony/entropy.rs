//! Secrets of a contributor: drawn once, never kept, never printed (CE.R1).

use super::points::hash_scalar;
use ark_bn254::Fr;
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, Zeroizing};

/// What the secrets of one contribution are derived from. Not copied, used up by it, wiped when dropped.
pub struct Entropy(Zeroizing<[u8; 64]>);

impl Entropy {
    /// Hashes 64 bytes of a generator, the operating system's in use, with a text of the contributor's. Either alone suffices.
    pub fn gather(rng: &mut (impl RngCore + CryptoRng), text: &str) -> Self {
        let mut drawn = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut drawn[..]);
        let mut seed = Zeroizing::new([0; 64]);
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.entropy.v1").update(&drawn[..]).update(text.as_bytes());
        hasher.finalize_xof().fill(&mut seed[..]);
        Self(seed)
    }

    /// The secret for one purpose on top of one record.
    pub(super) fn scalar(&self, purpose: &str, previous: &[u8; 32]) -> SecretScalar {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.ceremony.secret.v1").update(&self.0[..]).update(previous);
        hasher.update(purpose.as_bytes());
        SecretScalar(hash_scalar(&hasher))
    }
}

/// A factor of delta, or the nonce that hides it. Wiped when dropped.
pub struct SecretScalar(Fr);

impl SecretScalar {
    pub(super) fn expose(&self) -> &Fr {
        &self.0
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
