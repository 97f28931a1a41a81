//! Negacyclic transforms: values of polynomials modulo `X^N + 1` at the roots of it, eight polynomials at a time.
//!
//! For N a power of two, `w = 5^((r-1) / 2N)` has order 2N: 5 generates the multiplicative group of the scalar field
//! and is arkworks' `Fr::GENERATOR`. The roots of `X^N + 1` are `zeta_z = w^(2z+1)` for `z < N`, and the value at index
//! z is `f(zeta_z)`: indices are in natural order, with coefficients in and values out.
//!
//! Split by parity of the exponent, `f(X) = e(X^2) + X o(X^2)`. Both parts are polynomials modulo `X^(N/2) + 1`, the
//! squares `zeta_z^2` are the roots of that for index z, and `zeta_(z + N/2) = -zeta_z`:
//!
//! ```text
//! f(zeta_z) = e_z + zeta_z o_z,    f(zeta_(z + N/2)) = e_z - zeta_z o_z,    z < N/2
//! ```
//!
//! Each layer of this is N/2 multiplications, and there is no other: neither a twist before a cyclic transform nor a
//! scaling. Parts are contiguous where coefficients are in bit-reversed order of their exponents, which costs one pass
//! of copies.

mod layers;
mod roots;
#[cfg(test)]
mod tests;

use layers::Layers;
pub use roots::{SizeError, root};

use crate::field::{Backend, Block, FieldVector, Kernel, Lanes};

/// Transforms of one size on one back end.
#[derive(Clone, Debug)]
pub struct NegacyclicTransform {
    /// log2 of N.
    log_size: u32,
    /// At `n/2 + z`, for every layer of size n and `z < n/2`: `zeta_z` of size n.
    roots: FieldVector,
}

/// Where coefficients come from.
pub trait Coefficients {
    /// Coefficients of `X^exponent` of the eight polynomials. Implementors mark it `#[inline(always)]`.
    fn load<L: Lanes>(&self, exponent: usize) -> L;
}

/// Coefficients stored by the back end that transforms: those of `X^j` in block j.
impl Coefficients for [Block] {
    #[inline(always)]
    fn load<L: Lanes>(&self, exponent: usize) -> L {
        L::load(&self[exponent])
    }
}

impl NegacyclicTransform {
    /// Transforms of polynomials modulo `X^size + 1`.
    ///
    /// # Errors
    ///
    /// Where `size` is not a power of two from 2 to `2^27`: the field has no roots for others.
    pub fn new(backend: Backend, size: usize) -> Result<Self, SizeError> {
        let roots = FieldVector::from_elements(backend, &roots::layered(size)?);
        Ok(Self { log_size: size.trailing_zeros(), roots })
    }

    /// N: coefficients of a polynomial.
    pub fn size(&self) -> usize {
        1 << self.log_size
    }

    /// The back end whose form coefficients and values are in.
    pub fn backend(&self) -> Backend {
        self.roots.backend()
    }

    /// Values of eight polynomials in place of their coefficients: block j holds the coefficients of `X^j`, then block
    /// z the values at `zeta_z`.
    ///
    /// # Panics
    ///
    /// Where there are not N blocks.
    pub fn transform8(&self, blocks: &mut [Block]) {
        self.backend().run(InPlace { transform: self, blocks });
    }

    /// Writes the values of eight polynomials, those at `zeta_z` to block z. Faster than in place.
    ///
    /// # Panics
    ///
    /// Where there are not N blocks.
    pub fn values(&self, coefficients: &(impl Coefficients + ?Sized), values: &mut [Block]) {
        self.backend().run(OutOfPlace { transform: self, coefficients, values });
    }

    /// [`Self::values`], inside a kernel that runs on this transform's back end.
    #[inline(always)]
    pub fn values_on<L: Lanes>(&self, coefficients: &(impl Coefficients + ?Sized), values: &mut [Block]) {
        assert_eq!(values.len(), self.size(), "blocks of values against coefficients");
        Layers::new(self.log_size, self.roots.blocks()).values_of::<L>(coefficients, values);
    }
}

struct InPlace<'a> {
    transform: &'a NegacyclicTransform,
    blocks: &'a mut [Block],
}

impl Kernel for InPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        assert_eq!(self.blocks.len(), self.transform.size(), "blocks against coefficients");
        Layers::new(self.transform.log_size, self.transform.roots.blocks()).in_place::<L>(self.blocks);
    }
}

struct OutOfPlace<'a, C: ?Sized> {
    transform: &'a NegacyclicTransform,
    coefficients: &'a C,
    values: &'a mut [Block],
}

impl<C: Coefficients + ?Sized> Kernel for OutOfPlace<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        self.transform.values_on::<L>(self.coefficients, self.values);
    }
}
