//! Choice of the instructions that a kernel runs with.

use super::{Lanes, portable::PortableLanes};

/// The form of the elements and the instructions that compute with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// arkworks' form, on every processor.
    Portable,
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
        Self::Portable
    }

    /// The back end that every processor has.
    pub const fn portable() -> Self {
        Self::Portable
    }

    /// Runs `kernel` with the instructions of this back end.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable => kernel.run::<PortableLanes>(),
        }
    }
}
