//! Eight elements in arkworks' form: Montgomery form of radix 2^256, canonical.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, MontFp};

mod wide;

use wide::Wide;

use super::{Block, LANES, Lanes, Scaled};

/// Eight elements of arkworks.
#[derive(Clone, Copy)]
pub(crate) struct PortableLanes([Fr; LANES]);

/// 2^256, the radix of arkworks.
const RADIX: Fr = MontFp!("6350874878119819312338956282401532410528162663560392320966563075034087161851");

impl PortableLanes {
    #[inline(always)]
    fn zip(self, other: Self, combine: impl Fn(Fr, Fr) -> Fr) -> Self {
        Self(core::array::from_fn(|k| combine(self.0[k], other.0[k])))
    }
}

// Arithmetic of eight elements is never inlined: a call costs nothing beside it, and kernels stay small to compile.
impl Lanes for PortableLanes {
    type Sum = [Wide; LANES];

    const MAX_PRODUCTS: usize = wide::MAX_PRODUCTS;

    #[inline(always)]
    fn zero() -> Self {
        Self([Fr::ZERO; LANES])
    }

    #[inline(always)]
    fn splat(x: Fr) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    fn from_elements(x: &[Fr; LANES]) -> Self {
        Self(*x)
    }

    #[inline(always)]
    fn elements(self) -> [Fr; LANES] {
        self.0
    }

    #[inline(always)]
    fn load(from: &Block) -> Self {
        let (words, _) = from.0.as_chunks::<4>();
        Self(core::array::from_fn(|k| Fr::new_unchecked(BigInt(words[k]))))
    }

    #[inline(always)]
    fn broadcast(from: &Block, lane: usize) -> Self {
        let (words, _) = from.0.as_chunks::<4>();
        Self::splat(Fr::new_unchecked(BigInt(words[lane])))
    }

    #[inline(always)]
    fn store(self, to: &mut Block) {
        let (words, _) = to.0.as_chunks_mut::<4>();
        for k in 0..LANES {
            words[k] = self.0[k].0.0;
        }
    }

    #[inline(never)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(never)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(never)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(never)]
    fn mul_add(a: Self, b: Self, c: Self, d: Self) -> Self {
        let mut result = Self::zero();
        for k in 0..LANES {
            let mut sum = Wide::empty();
            sum.accumulate(a.0[k], b.0[k]);
            sum.accumulate(c.0[k], d.0[k]);
            result.0[k] = sum.reduce_pair();
        }
        result
    }

    #[inline(never)]
    fn from_u32(x: &[u32; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(never)]
    fn from_u64(x: &[u64; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(never)]
    fn from_i64(x: &[i64; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(always)]
    fn empty_sum() -> Self::Sum {
        [Wide::empty(); LANES]
    }

    #[inline(never)]
    fn accumulate(sum: &mut Self::Sum, a: Self, b: Self) {
        for k in 0..LANES {
            sum[k].accumulate(a.0[k], b.0[k]);
        }
    }

    #[inline(never)]
    fn accumulate_u32(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u32; LANES]) {
        for k in 0..LANES {
            sum[k].accumulate_word(a.0.0[k], u64::from(x[k]));
        }
    }

    #[inline(always)]
    fn accumulate_u52(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]) {
        Self::accumulate_u64(sum, a, x);
    }

    #[inline(never)]
    fn accumulate_u64(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]) {
        for k in 0..LANES {
            sum[k].accumulate_word(a.0.0[k], x[k]);
        }
    }

    #[inline(never)]
    fn reduce(sum: Self::Sum) -> Self {
        Self(sum.map(Wide::reduce))
    }

    #[inline(always)]
    fn radix() -> Fr {
        RADIX
    }
}
