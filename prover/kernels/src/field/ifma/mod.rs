//! Arithmetic modulo a prime of 254 bits with 52-bit multiplications (AVX-512 IFMA, or AVX2 with FMA), eight lanes at a time.
//!
//! An element rests as an integer congruent to `x * 2^260` in five limbs of 52 bits. The modulus p leaves room above
//! it: `2^260 > 84 p` and `2^256 > 5 p`, so that multiplication needs no final subtraction and sums wait for
//! their reduction. The code is generic over [`Words`], so that the same lines run on any processor in tests, and
//! over [`Modulus`]: the scalar field for arguments, the base field for points.
//!
//! # Invariants
//!
//! A value is *normal* where every limb is at least 0 and below `2^52`. IFMA reads the low 52 bits of its factors
//! and nothing else, so that the operands of every product are normal. Bounds are multiples of p:
//!
//! | operation | operands | result |
//! | --- | --- | --- |
//! | [`mul`](Elements::mul) | normal, below `A p` and `B p` | normal, below `(1 + A B / 84) p` |
//! | [`WideSum::reduce`] | at most 128 products below `A B p^2` each | normal, below `(1 + 128 A B / 84) p` |
//! | [`add_raw`](Elements::add_raw), [`sub_raw`](Elements::sub_raw) | any; `sub_raw::<K>` subtracts below `K p` | limbs add, value at least 0, not normal |
//! | [`normalise`](Elements::normalise) | value at least 0 and below `84 p`, limbs of any sign below `2^62` | normal, same value |
//! | [`fold`](Elements::fold) | value below `8 p`; limbs at least 0, or value at least `p / 2` and limbs below `2^54` in size | normal, below `1.07 p` |
//! | [`canonical`](Elements::canonical) | normal, below `2 p` | normal, below p |
//! | [`pack`](Elements::pack) | normal, below `5 p` | four words |
//!
//! As [`Lanes`](super::Lanes) values are normal and below `9/8 p` after every operation, see `lanes`.

mod elements;
#[cfg(test)]
mod emulated;
mod lanes;
mod modulus;
mod sum;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use elements::Elements;
#[cfg(test)]
pub(crate) use emulated::Emulated;
pub(crate) use modulus::{BaseField, LIMBS, Modulus, ScalarField};
pub(crate) use sum::WideSum;
use words::each_part;
pub(crate) use words::{Register, Step, WordKernel, Words};
