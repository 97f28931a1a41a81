//! The vector instructions of this processor.

use core::fmt;

use super::{avx512, fused, ifma::WordKernel};

/// The proof that this processor has the instructions of one implementation of the form of 52-bit limbs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VectorUnit(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    /// AVX-512 F, BW, DQ, VL and IFMA.
    Ifma,
    /// AVX2 and FMA, which compute the same in several steps.
    Fused,
}

impl VectorUnit {
    /// The proof, where the processor has AVX-512 with IFMA, or else AVX2 with FMA.
    pub fn detect() -> Option<Self> {
        Self::ifma().or_else(Self::fused)
    }

    fn ifma() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma");
        all.then_some(Self(Instructions::Ifma))
    }

    fn fused() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        all.then_some(Self(Instructions::Fused))
    }

    /// Every implementation that the processor has the instructions of.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        [Self::ifma(), Self::fused()].into_iter().flatten()
    }

    /// Runs `kernel` compiled for the instructions.
    #[inline]
    #[expect(unsafe_code, reason = "instructions behind run-time detection")]
    pub(crate) fn run<K: WordKernel>(self, kernel: K) -> K::Output {
        // SAFETY: `self` is made by detection alone, so that the processor has what `enter` is compiled for.
        match self.0 {
            Instructions::Ifma => unsafe { avx512::enter(kernel) },
            Instructions::Fused => unsafe { fused::enter(kernel) },
        }
    }
}

impl fmt::Debug for VectorUnit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
