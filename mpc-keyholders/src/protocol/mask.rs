//! Flooding masks: noise so wide that a released value tells nothing about the noise of its ciphertext.
//!
//! `phi_A` is the sum of two draws of `71 + s` bits, each minus 2^(70 + s), from BLAKE3 keyed with `k_A`. It is bound
//! to the digest of the squashed ciphertext and to nothing that a caller chooses: two ciphertexts under one request
//! would otherwise cancel their masks and leave an equation in the key, and one ciphertext under two requests would
//! be averaged.

use super::committee::CommitteeSize;
use super::message::Context;

/// Squashed noise stays below 2^70 in absolute value, whatever the ciphertext
/// (docs/spec/threshold-release.md, section 2).
pub const NOISE_BOUND_LOG2: u32 = 70;
/// Half the step between two plaintexts after squashing is 2^122: one padding bit, four bits of plaintext.
pub const HALF_STEP_LOG2: u32 = 122;

/// Width of the masks of a committee, in bits s above the noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flooding {
    bits: u32,
}

/// No width satisfies the correctness bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sets} summands leave no room for flooding below half a step")]
pub struct FloodingError {
    /// Sets of the committee.
    pub sets: usize,
}

impl Flooding {
    /// The largest s with `2 * C(n, t) * 2^(70 + s) + 2^70 < 2^122` (TR.M2).
    pub fn of(size: CommitteeSize) -> Result<Self, FloodingError> {
        let sets = size.sets().len();
        (1..=HALF_STEP_LOG2 - NOISE_BOUND_LOG2)
            .rev()
            .map(|bits| Self { bits })
            .find(|f| f.is_correct(sets))
            .ok_or(FloodingError { sets })
    }

    /// Checks the correctness bound: the masks of all sets and the noise stay within half a step.
    fn is_correct(self, sets: usize) -> bool {
        let per_set = 2u128 << (NOISE_BOUND_LOG2 + self.bits);
        per_set
            .checked_mul(sets as u128)
            .and_then(|masks| masks.checked_add(1 << NOISE_BOUND_LOG2))
            .is_some_and(|total| total < 1 << HALF_STEP_LOG2)
    }

    /// The bits s.
    pub const fn bits(self) -> u32 {
        self.bits
    }

    /// Bits of one draw: log2 of the width W of its uniform distribution.
    pub const fn draw_bits(self) -> u32 {
        NOISE_BOUND_LOG2 + 1 + self.bits
    }

    /// The mask of one block (TR.M1), modulo 2^128.
    pub(super) fn mask(
        self,
        mask_key: &[u8; 32],
        context: &Context,
        squashed_digest: &[u8; 32],
        block: u32,
    ) -> u128 {
        let mut hasher = blake3::Hasher::new_keyed(mask_key);
        hasher.update(b"trine.keyholder.flood.v1");
        hasher.update(&context.epoch.to_le_bytes());
        hasher.update(&context.key_id);
        hasher.update(squashed_digest);
        hasher.update(&block.to_le_bytes());
        let mut draws = zeroize::Zeroizing::new([0u8; 32]);
        hasher.finalize_xof().fill(draws.as_mut_slice());
        draws
            .chunks_exact(16)
            .map(|half| {
                let word = half.iter().rev().fold(0u128, |acc, byte| acc << 8 | u128::from(*byte));
                let draw = word & ((1 << self.draw_bits()) - 1);
                draw.wrapping_sub(1 << (self.draw_bits() - 1))
            })
            .fold(0, u128::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(epoch: u64) -> Context {
        Context { chain_id: 31337, coprocessor: [1; 20], epoch, key_id: [2; 32] }
    }

    #[test]
    fn widths_are_the_largest_that_decode_tr_m2() {
        for (nodes, faults, bits) in [(4, 1, 48), (7, 2, 46), (10, 3, 44), (13, 4, 41)] {
            let size = CommitteeSize::new(nodes, faults).unwrap();
            let flooding = Flooding::of(size).unwrap();
            assert_eq!(flooding.bits(), bits, "TR.M2 for {nodes} nodes");
            assert!(!Flooding { bits: bits + 1 }.is_correct(size.sets().len()));
        }
    }

    #[test]
    fn a_mask_depends_on_ciphertext_epoch_key_and_block_tr_m1() {
        let flooding = Flooding::of(CommitteeSize::FOUR).unwrap();
        let mask = flooding.mask(&[7; 32], &context(1), &[3; 32], 0);
        assert_eq!(mask, flooding.mask(&[7; 32], &context(1), &[3; 32], 0));
        assert_ne!(mask, flooding.mask(&[8; 32], &context(1), &[3; 32], 0));
        assert_ne!(mask, flooding.mask(&[7; 32], &context(2), &[3; 32], 0));
        assert_ne!(mask, flooding.mask(&[7; 32], &context(1), &[4; 32], 0));
        assert_ne!(mask, flooding.mask(&[7; 32], &context(1), &[3; 32], 1));
        let other_key = Context { key_id: [9; 32], ..context(1) };
        assert_ne!(mask, flooding.mask(&[7; 32], &other_key, &[3; 32], 0));
    }

    /// Sum of two uniform draws on [-W/2, W/2): mean -1, variance (W^2 - 1) / 6, bounded by W.
    #[test]
    fn masks_are_distributed_as_two_uniform_draws() {
        let flooding = Flooding::of(CommitteeSize::FOUR).unwrap();
        let width = (1u128 << flooding.draw_bits()) as f64;
        let samples: Vec<f64> = (0..20_000u32)
            .map(|block| flooding.mask(&[7; 32], &context(1), &[3; 32], block) as i128 as f64 / width)
            .collect();
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert!(samples.iter().all(|x| x.abs() <= 1.0));
        // Five standard errors of the mean, and of the variance (fourth moment of the triangle: 1/15).
        assert!(mean.abs() < 5.0 * (1.0 / 6.0 / count).sqrt(), "mean {mean}");
        let error = ((1.0 / 15.0 - 1.0 / 36.0) / count).sqrt();
        assert!((variance - 1.0 / 6.0).abs() < 5.0 * error, "variance {variance}");
        // A single uniform draw would put half of the samples beyond a quarter of its width.
        let inner = samples.iter().filter(|x| x.abs() < 0.5).count() as f64 / count;
        assert!((inner - 0.75).abs() < 5.0 * (0.75 * 0.25 / count).sqrt(), "inner half {inner}");
    }
}
