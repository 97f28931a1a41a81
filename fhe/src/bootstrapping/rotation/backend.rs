//! Which kernels compute.

/// A way of computing. All give the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Doubles, with whatever vectors the compiler and the processor offer.
    Portable,
    /// 52-bit integer multiply-add in 512-bit vectors. A processor that lacks it computes as [`Backend::Portable`].
    Avx512,
}

impl Backend {
    /// The fastest that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if super::avx512::Avx512::detect().is_some() {
            return Self::Avx512;
        }
        Self::Portable
    }

    /// All that this processor has.
    pub fn available() -> &'static [Self] {
        match Self::detect() {
            Self::Portable => &[Self::Portable],
            Self::Avx512 => &[Self::Portable, Self::Avx512],
        }
    }
}
