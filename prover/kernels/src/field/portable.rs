//! Eight elements in arkworks' form: Montgomery form of radix 2^256, canonical.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, MontFp};

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

impl Lanes for PortableLanes {
    type Sum = [Fr; LANES];

    const MAX_PRODUCTS: usize = 128;

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
    fn store(self, to: &mut Block) {
        let (words, _) = to.0.as_chunks_mut::<4>();
        for k in 0..LANES {
            words[k] = self.0[k].0.0;
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn mul_add(a: Self, b: Self, c: Self, d: Self) -> Self {
        a.mul(b).add(c.mul(d))
    }

    #[inline(always)]
    fn from_u32(x: &[u32; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(always)]
    fn from_u64(x: &[u64; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(always)]
    fn from_i64(x: &[i64; LANES]) -> Self {
        Self(x.map(Fr::from))
    }

    #[inline(always)]
    fn empty_sum() -> Self::Sum {
        [Fr::ZERO; LANES]
    }

    #[inline(always)]
    fn accumulate(sum: &mut Self::Sum, a: Self, b: Self) {
        for k in 0..LANES {
            sum[k] += a.0[k] * b.0[k];
        }
    }

    #[inline(always)]
    fn accumulate_u32(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u32; LANES]) {
        Self::accumulate_u64(sum, a, &x.map(u64::from));
    }

    #[inline(always)]
    fn accumulate_u64(sum: &mut Self::Sum, a: Scaled<Self>, x: &[u64; LANES]) {
        for k in 0..LANES {
            sum[k] += a.0.0[k] * Fr::new_unchecked(BigInt([x[k], 0, 0, 0]));
        }
    }

    #[inline(always)]
    fn reduce(sum: Self::Sum) -> Self {
        Self(sum)
    }

    #[inline(always)]
    fn radix() -> Fr {
        RADIX
    }
}
