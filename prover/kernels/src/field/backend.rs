//! Choice of the form of elements and of the instructions that a kernel runs with.

#[cfg(target_arch = "x86_64")]
use super::VectorUnit;
#[cfg(test)]
use super::ifma::Emulated;
use super::{
    Lanes,
    ifma::{Elements, ScalarField, WordKernel, Words},
    portable::PortableLanes,
};

/// The form of the elements and the instructions that compute with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// arkworks' form, on every processor.
    Portable,
    /// The form of 52-bit limbs, on processors that have AVX-512 with IFMA, or else AVX2 with FMA.
    #[cfg(target_arch = "x86_64")]
    Vector(VectorUnit),
    /// The form of 52-bit limbs, on every processor: many times slower than [`Self::Portable`], for tests of this crate.
    #[cfg(test)]
    Emulated,
}

/// A computation written once for all back ends.
pub trait Kernel {
    /// What the computation returns.
    type Output;

    /// Computes on the lanes of one back end.
    ///
    /// Implementors mark it `#[inline(always)]`, and likewise every generic function below it that computes: only
    /// what is inlined into the entry of [`Backend::run`] is compiled with the back end's instructions. A closure
    /// is a function of its own, so that hot loops are written as loops. Work handed to another thread leaves the
    /// entry: a task of `rayon` calls [`Backend::run`] again.
    fn run<L: Lanes>(self) -> Self::Output;
}

impl Backend {
    /// The fastest back end of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(unit) = VectorUnit::detect() {
            return Self::Vector(unit);
        }
        Self::Portable
    }

    /// The back end that every processor has.
    pub const fn portable() -> Self {
        Self::Portable
    }

    /// The back ends that compute on this processor, in tests of this crate the emulated one too.
    pub fn all() -> Vec<Self> {
        let backends = vec![
            Self::Portable,
            #[cfg(test)]
            Self::Emulated,
        ];
        #[cfg(target_arch = "x86_64")]
        let backends = [backends, VectorUnit::all().map(Self::Vector).collect()].concat();
        backends
    }

    /// Runs `kernel` with the instructions of this back end.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable => kernel.run::<PortableLanes>(),
            #[cfg(target_arch = "x86_64")]
            Self::Vector(unit) => unit.run(OverWords(kernel)),
            #[cfg(test)]
            Self::Emulated => OverWords(kernel).run::<Emulated>(),
        }
    }
}

/// A kernel over lanes as one over words.
struct OverWords<K>(K);

impl<K: Kernel> WordKernel for OverWords<K> {
    type Output = K::Output;

    #[inline(always)]
    fn run<W: Words>(self) -> K::Output {
        self.0.run::<Elements<W, ScalarField>>()
    }
}
