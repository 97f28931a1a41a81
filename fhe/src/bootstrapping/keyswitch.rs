//! Keyswitch to the small key, word for word tfhe-rs's `keyswitch_lwe_ciphertext`.
//!
//! A product of digits in [-8, 8] with words of the key, for a batch at a time: the key is read once a batch.
//!
//! | module | holds |
//! | --- | --- |
//! | [`portable`] | rows by the size of their digit |
//! | [`avx512`] | byte planes under AVX-512 VNNI |

#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod portable;

use super::rotation::Backend;
use crate::parameters::{
    BLOCK_WORDS, CASTING_BASE_BITS, CASTING_LEVELS, KEYSWITCH_BASE_BITS, KEYSWITCH_LEVELS, LWE_DIMENSION,
    POLYNOMIAL_SIZE,
};
use crate::words::BlockWords;
use trine_program::KeyKind;

/// Words of a ciphertext under the small key: mask and body.
pub const SMALL_WORDS: usize = LWE_DIMENSION + 1;
/// Most levels of a keyswitching key of this parameter set.
pub const MAX_LEVELS: usize = KEYSWITCH_LEVELS;

/// A ciphertext under the small key: 920 mask words and the body word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmallWords(Box<[u64]>);

/// Why words are no keyswitching key or no small ciphertext.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyswitchError {
    /// Wrong number of key words.
    #[error("keyswitching key of {got} words, expected {expected}")]
    KeyWords {
        /// Words given.
        got: usize,
        /// Words expected.
        expected: usize,
    },
    /// Wrong number of ciphertext words.
    #[error("small ciphertext of {got} words, expected {SMALL_WORDS}")]
    SmallWords {
        /// Words given.
        got: usize,
    },
}

/// Gadget decomposition of a word: base 2^b, L levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decomposition {
    /// b.
    pub base_bits: usize,
    /// L.
    pub levels: usize,
}

/// A keyswitching key in the layout of one back end.
pub struct KeyswitchKey {
    decomposition: Decomposition,
    rows: Rows,
}

enum Rows {
    Portable(Vec<u64>),
    #[cfg(target_arch = "x86_64")]
    Avx512(avx512::BytePlanes),
}

impl SmallWords {
    /// From mask and body.
    pub fn new(words: Vec<u64>) -> Result<Self, KeyswitchError> {
        if words.len() == SMALL_WORDS {
            Ok(Self(words.into()))
        } else {
            Err(KeyswitchError::SmallWords { got: words.len() })
        }
    }

    /// All words: mask, then body.
    pub fn words(&self) -> &[u64] {
        &self.0
    }
}

impl Decomposition {
    /// The decomposition of a kind of key.
    pub const fn of(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Compute => Self { base_bits: KEYSWITCH_BASE_BITS, levels: KEYSWITCH_LEVELS },
            KeyKind::Casting => Self { base_bits: CASTING_BASE_BITS, levels: CASTING_LEVELS },
        }
    }

    /// Bits that the digits represent: `b L`.
    pub const fn state_bits(self) -> usize {
        self.base_bits * self.levels
    }

    /// Bits below them: what is rounded away.
    pub const fn dropped_bits(self) -> usize {
        64 - self.state_bits()
    }

    /// Rows of a key: one a mask word and level.
    pub const fn rows(self) -> usize {
        POLYNOMIAL_SIZE * self.levels
    }

    /// EV.K1: digits of a word in [-2^(b-1), 2^(b-1)], the least significant first, zero past the last level.
    ///
    /// The word is rounded to a multiple of `2^(64 - b L)`, half way up, and represented between -1/2 and 1/2. The state
    /// `2^(b L - 1)` is both; the bit that decided the rounding resolves it: one gives the negative representative. In a
    /// digit, `2^(b-1)` stays when the digits above it are below half a base, and is carried otherwise (tfhe-rs,
    /// `SignedDecomposer`).
    pub fn digits(self, word: u64) -> [i8; MAX_LEVELS] {
        let (dropped, bits) = (self.dropped_bits(), self.state_bits());
        let rounding = word >> (dropped - 1) & 1;
        let state = ((word >> dropped) + rounding) & ((1 << bits) - 1);
        let half = 1 << (bits - 1);
        let negative = state > half || (state == half && rounding == 1);
        let mut state = state as i64 - (i64::from(negative) << bits);
        let base = 1i64 << self.base_bits;
        let mut digits = [0; MAX_LEVELS];
        for digit in &mut digits[..self.levels] {
            let residue = state & (base - 1);
            state >>= self.base_bits;
            let carried = residue > base / 2 || (residue == base / 2 && state & (base / 2) != 0);
            state += i64::from(carried);
            *digit = (residue - if carried { base } else { 0 }) as i8;
        }
        digits
    }

    /// Digits of all mask words of a block, row by row of the key.
    pub fn block_digits(self, block: &BlockWords) -> Vec<i8> {
        let mut digits = Vec::with_capacity(self.rows());
        for word in &block.words()[..POLYNOMIAL_SIZE] {
            digits.extend_from_slice(&self.digits(*word)[..self.levels]);
        }
        digits
    }
}

impl KeyswitchKey {
    /// From the words of tfhe-rs's container: `[mask word][level, the least significant first][921 words]`.
    pub fn from_words(backend: Backend, kind: KeyKind, words: &[u64]) -> Result<Self, KeyswitchError> {
        let decomposition = Decomposition::of(kind);
        let expected = decomposition.rows() * SMALL_WORDS;
        if words.len() != expected {
            return Err(KeyswitchError::KeyWords { got: words.len(), expected });
        }
        Ok(Self { decomposition, rows: Rows::new(backend, words) })
    }

    /// Its decomposition.
    pub fn decomposition(&self) -> Decomposition {
        self.decomposition
    }

    /// The 921 words of a row as tfhe-rs keeps them: row `L j + level`, the least significant level first; mask, then body.
    ///
    /// Panics if the key has no such row.
    pub fn row(&self, row: usize) -> Vec<u64> {
        match &self.rows {
            Rows::Portable(words) => words[row * SMALL_WORDS..(row + 1) * SMALL_WORDS].to_vec(),
            #[cfg(target_arch = "x86_64")]
            Rows::Avx512(planes) => planes.row(row),
        }
    }

    /// EV.K2: switches a batch, `[m is the body] body - sum_(j,l) digit[j][l] * key[j][l][m]` modulo 2^64.
    pub fn switch(&self, blocks: &[&BlockWords]) -> Vec<SmallWords> {
        let digits: Vec<Vec<i8>> = blocks.iter().map(|b| self.decomposition.block_digits(b)).collect();
        let products = match &self.rows {
            Rows::Portable(words) => portable::product(words, &digits),
            #[cfg(target_arch = "x86_64")]
            Rows::Avx512(planes) => planes.product(&digits),
        };
        blocks.iter().zip(products).map(|(block, product)| subtract(block, product)).collect()
    }

    /// The sums `sum_(j,l) digit[j][l] * key[j][l][m]` of one block as integers, for its trace.
    pub fn integer_product(&self, digits: &[i8]) -> Vec<i128> {
        match &self.rows {
            Rows::Portable(words) => portable::integer_product(words, digits),
            #[cfg(target_arch = "x86_64")]
            Rows::Avx512(planes) => planes.integer_product(digits),
        }
    }
}

impl Rows {
    #[cfg(target_arch = "x86_64")]
    fn new(backend: Backend, words: &[u64]) -> Self {
        match backend {
            Backend::Avx512 if avx512::is_supported() => Self::Avx512(avx512::BytePlanes::new(words)),
            _ => Self::Portable(words.to_vec()),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn new(_: Backend, words: &[u64]) -> Self {
        Self::Portable(words.to_vec())
    }
}

fn subtract(block: &BlockWords, mut product: Vec<u64>) -> SmallWords {
    for word in &mut product {
        *word = word.wrapping_neg();
    }
    let body = &mut product[LWE_DIMENSION];
    *body = body.wrapping_add(block.words()[BLOCK_WORDS - 1]);
    SmallWords(product.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tfhe::core_crypto::prelude::{DecompositionBaseLog, DecompositionLevelCount, SignedDecomposer};

    const KINDS: [KeyKind; 2] = [KeyKind::Compute, KeyKind::Casting];

    fn assert_as_tfhe_rs(kind: KeyKind, word: u64) {
        let own = Decomposition::of(kind);
        let decomposer = SignedDecomposer::<u64>::new(
            DecompositionBaseLog(own.base_bits),
            DecompositionLevelCount(own.levels),
        );
        let theirs: Vec<i64> = decomposer.decompose(word).map(|term| term.value() as i64).collect();
        let ours: Vec<i64> = own.digits(word)[..own.levels].iter().map(|d| i64::from(*d)).collect();
        assert_eq!(ours, theirs, "{kind:?} {word:#018x}");
    }

    /// EV.K1: every state with both rounding bits, and the words around each boundary.
    #[test]
    fn digits_of_every_state_are_those_of_tfhe_rs() {
        for kind in KINDS {
            let own = Decomposition::of(kind);
            let shift = own.dropped_bits();
            for state in 0..1u64 << own.state_bits() {
                let word = state << shift;
                for near in [0, 1, (1 << (shift - 1)) - 1, 1 << (shift - 1), (1 << shift) - 1] {
                    assert_as_tfhe_rs(kind, word.wrapping_add(near));
                }
            }
        }
    }

    #[test]
    fn the_rounding_bit_resolves_the_tie() {
        let own = Decomposition::of(KeyKind::Compute);
        assert_eq!(own.digits(1 << 63), [0, 0, 0, 0, 4]);
        assert_eq!(own.digits((1 << 63) - (1 << 48)), [0, 0, 0, 0, -4]);
        let own = Decomposition::of(KeyKind::Casting);
        assert_eq!(own.digits(1 << 63), [0, 0, 0, 8, 0]);
        assert_eq!(own.digits((1 << 63) - (1 << 47)), [0, 0, 0, -8, 0]);
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        let error = KeyswitchKey::from_words(Backend::Portable, KeyKind::Casting, &[0; 5]).err().unwrap();
        let expected = 2048 * 4 * SMALL_WORDS;
        assert_eq!(error, KeyswitchError::KeyWords { got: 5, expected });
        assert_eq!(SmallWords::new(vec![0; 3]), Err(KeyswitchError::SmallWords { got: 3 }));
    }

    #[test]
    fn rows_are_those_of_the_container() {
        let rows = Decomposition::of(KeyKind::Casting).rows();
        let words: Vec<u64> =
            (0..rows * SMALL_WORDS).map(|i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        for backend in [Backend::Portable, Backend::detect()] {
            let key = KeyswitchKey::from_words(backend, KeyKind::Casting, &words).unwrap();
            for row in [0, 1, 2, 3, 4, 4095, rows - 1] {
                assert_eq!(key.row(row), words[row * SMALL_WORDS..][..SMALL_WORDS], "{backend:?}, row {row}");
            }
        }
    }

    proptest! {
        #[test]
        fn digits_of_random_words_are_those_of_tfhe_rs(word: u64) {
            for kind in KINDS {
                assert_as_tfhe_rs(kind, word);
            }
        }
    }
}
