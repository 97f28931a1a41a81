//! Sample extraction: one coefficient of an accumulator becomes a ciphertext block.

use super::rotation::Accumulator;
use crate::parameters::POLYNOMIAL_SIZE;
use crate::words::BlockWords;

/// e: the coefficient that is extracted, below N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset(u16);

/// There is no such coefficient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("extraction at {got}, expected below {POLYNOMIAL_SIZE}")]
pub struct OffsetError {
    /// Offset given.
    pub got: usize,
}

impl Offset {
    /// The constant coefficient.
    pub const ZERO: Self = Self(0);

    /// The coefficient `offset`.
    pub fn new(offset: usize) -> Result<Self, OffsetError> {
        if offset < POLYNOMIAL_SIZE { Ok(Self(offset as u16)) } else { Err(OffsetError { got: offset }) }
    }

    /// The coefficient.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

/// EV.X1: the block that encrypts coefficient e, mask words `mask[e - j]` for `j <= e` and `-mask[N + e - j]` above, body word
/// `body[e]`.
pub fn extract(accumulator: &Accumulator, offset: Offset) -> BlockWords {
    let e = offset.get();
    let [mask, body] = &accumulator.polynomials;
    let mut block = BlockWords::zero();
    let (below, above) = block.words_mut()[..POLYNOMIAL_SIZE].split_at_mut(e + 1);
    let (low, high) = mask.split_at(e + 1);
    for (to, from) in below.iter_mut().zip(low.iter().rev()) {
        *to = *from;
    }
    for (to, from) in above.iter_mut().zip(high.iter().rev()) {
        *to = from.wrapping_neg();
    }
    block.words_mut()[POLYNOMIAL_SIZE] = body[e];
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrapping::rotation::Polynomial;
    use tfhe::core_crypto::prelude::{
        CiphertextModulus, GlweCiphertext, LweCiphertext, LweDimension, MonomialDegree, PolynomialSize,
        extract_lwe_sample_from_glwe_ciphertext,
    };

    /// EV.X1.
    #[test]
    fn every_offset_extracts_what_tfhe_rs_does() {
        let n = POLYNOMIAL_SIZE;
        let words: Vec<u64> = (0..2 * n as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ i).collect();
        let mut accumulator = Accumulator::trivial(Polynomial::zero());
        accumulator.polynomials[0].copy_from_slice(&words[..n]);
        accumulator.polynomials[1].copy_from_slice(&words[n..]);
        let glwe =
            GlweCiphertext::from_container(&words[..], PolynomialSize(n), CiphertextModulus::new_native());
        for e in [0, 1, 127, 128, 1024, n - 2, n - 1] {
            let size = LweDimension(n).to_lwe_size();
            let mut theirs = LweCiphertext::new(0u64, size, CiphertextModulus::new_native());
            extract_lwe_sample_from_glwe_ciphertext(&glwe, &mut theirs, MonomialDegree(e));
            assert_eq!(extract(&accumulator, Offset::new(e).unwrap()).words(), theirs.as_ref());
        }
        assert_eq!(Offset::new(n), Err(OffsetError { got: n }));
    }
}
