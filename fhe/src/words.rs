//! Ciphertext words: what is stored, committed to, evaluated and squashed.

use crate::parameters::{BLOCK_STRIDE, BLOCK_WORDS, COMPUTE, POLYNOMIAL_SIZE};
use tfhe::core_crypto::prelude::{CiphertextModulus, LweCiphertext};
use tfhe::shortint::PBSOrder;
use tfhe::shortint::ciphertext::{Degree, NoiseLevel};
use tfhe::shortint::{AtomicPatternKind, Ciphertext};
use trine_program::{Declaration, KeyKind, ValueType};

/// One block: 2048 mask words and the body word, modulo 2^64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockWords(Box<[u64]>);

/// A typed value: its declaration and its blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueWords {
    declaration: Declaration,
    blocks: Vec<BlockWords>,
}

/// Why words or bytes are no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not a value of this version.
    #[error("ciphertext does not start with \"TRCT\", version 1")]
    Header,
    /// A code that names nothing.
    #[error("ciphertext header: {what} is {got}, expected {expected}")]
    Code {
        /// The field.
        what: &'static str,
        /// Its value.
        got: u8,
        /// What is known.
        expected: &'static str,
    },
    /// Wrong length.
    #[error("ciphertext of {got} bytes, {expected} expected for {blocks} blocks")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
        /// Blocks declared.
        blocks: u8,
    },
    /// A block with another number of words.
    #[error("block of {got} words, expected {BLOCK_WORDS}")]
    BlockWords {
        /// Words given.
        got: usize,
    },
    /// Number of blocks is not what the declaration says.
    #[error("{got} blocks, declared {expected}")]
    Blocks {
        /// Blocks given.
        got: usize,
        /// Blocks declared.
        expected: u8,
    },
}

const MAGIC: &[u8; 4] = b"TRCT";
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 9;

impl BlockWords {
    /// From mask and body.
    pub fn new(words: Vec<u64>) -> Result<Self, WordsError> {
        if words.len() == BLOCK_WORDS {
            Ok(Self(words.into()))
        } else {
            Err(WordsError::BlockWords { got: words.len() })
        }
    }

    /// The trivial encryption of zero: all words zero.
    pub fn zero() -> Self {
        Self(vec![0; BLOCK_WORDS].into())
    }

    /// All words: mask, then body.
    pub fn words(&self) -> &[u64] {
        &self.0
    }

    /// All words, writable.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut self.0
    }

    /// The block times a small integer, word by word.
    pub fn scaled(&self, coefficient: i8) -> Self {
        let coefficient = i64::from(coefficient) as u64;
        Self(match coefficient {
            1 => self.0.clone(),
            u64::MAX => self.0.iter().map(|word| word.wrapping_neg()).collect(),
            _ => self.0.iter().map(|word| word.wrapping_mul(coefficient)).collect(),
        })
    }

    /// The words of a tfhe-rs block. Error: not a block under the big key of this parameter set.
    pub fn from_shortint(block: &Ciphertext) -> Result<Self, WordsError> {
        Self::new(block.ct.as_ref().to_vec())
    }

    /// A tfhe-rs block with these words, for decryption by a client key. `degree` is the largest plaintext it may hold.
    ///
    /// Words carry no noise level. The block is declared nominal: [`crate::noise::MAX_VARIANCE`] bounds what is released,
    /// and decryption, with half a step of 1/64, needs no more.
    pub fn to_shortint(&self, degree: u8) -> Ciphertext {
        Ciphertext::new(
            LweCiphertext::from_container(self.0.to_vec(), CiphertextModulus::new_native()),
            Degree::new(u64::from(degree)),
            NoiseLevel::NOMINAL,
            COMPUTE.message_modulus,
            COMPUTE.carry_modulus,
            AtomicPatternKind::Standard(PBSOrder::KeyswitchBootstrap),
        )
    }
}

impl ValueWords {
    /// From blocks, as many as declared.
    pub fn new(declaration: Declaration, blocks: Vec<BlockWords>) -> Result<Self, WordsError> {
        if blocks.len() == usize::from(declaration.blocks) {
            Ok(Self { declaration, blocks })
        } else {
            Err(WordsError::Blocks { got: blocks.len(), expected: declaration.blocks })
        }
    }

    /// What the value is declared to be.
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[BlockWords] {
        &self.blocks
    }

    /// The layout that a commitment binds: block b's mask and body at `b * 2N ..`, zeros above each body.
    pub fn commitment_words(&self) -> Vec<u64> {
        let mut words = vec![0; self.blocks.len() * BLOCK_STRIDE];
        for (to, block) in words.chunks_exact_mut(BLOCK_STRIDE).zip(&self.blocks) {
            to[..BLOCK_WORDS].copy_from_slice(block.words());
        }
        words
    }

    /// Canonical bytes: `"TRCT"`, version, type code, key kind, blocks, degree, then all words little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let d = &self.declaration;
        let mut bytes = Vec::with_capacity(encoded_bytes(d.blocks));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[VERSION, d.value_type.code(), d.key_kind.code(), d.blocks, d.degree]);
        for word in self.blocks.iter().flat_map(|b| b.words()) {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads canonical bytes. The length is checked before anything is allocated.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WordsError> {
        let Some((header, body)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Err(WordsError::Header);
        };
        let [m0, m1, m2, m3, version, value_type, key_kind, blocks, degree] = *header else {
            return Err(WordsError::Header);
        };
        if [m0, m1, m2, m3] != *MAGIC || version != VERSION {
            return Err(WordsError::Header);
        }
        let code = |what, got, expected| WordsError::Code { what, got, expected };
        let declaration = Declaration {
            value_type: ValueType::from_code(value_type).ok_or(code("type", value_type, "1 to 6"))?,
            key_kind: KeyKind::from_code(key_kind).ok_or(code("key kind", key_kind, "0 or 1"))?,
            blocks,
            degree,
        };
        if blocks == 0 || blocks > trine_program::value::MAX_BLOCKS {
            return Err(code("blocks", blocks, "1 to 64"));
        }
        if degree == 0 || degree > 15 {
            return Err(code("degree", degree, "1 to 15"));
        }
        let expected = encoded_bytes(blocks);
        if bytes.len() != expected {
            return Err(WordsError::Length { got: bytes.len(), expected, blocks });
        }
        let blocks = body
            .chunks_exact(BLOCK_WORDS * 8)
            .map(|block| {
                let words =
                    block.chunks_exact(8).map(|w| w.iter().rev().fold(0u64, |a, b| a << 8 | u64::from(*b)));
                BlockWords::new(words.collect())
            })
            .collect::<Result<_, _>>()?;
        Self::new(declaration, blocks)
    }
}

/// Bytes of an encoded value.
pub const fn encoded_bytes(blocks: u8) -> usize {
    HEADER_BYTES + blocks as usize * BLOCK_WORDS * 8
}

const _: () = assert!(BLOCK_WORDS == POLYNOMIAL_SIZE + 1);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(blocks: u8) -> ValueWords {
        let declaration =
            Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks, degree: 1 };
        let block = |b: u8| {
            BlockWords::new(
                (0..BLOCK_WORDS as u64).map(|i| (i + 1).wrapping_mul(u64::MAX / 7) ^ u64::from(b)).collect(),
            )
        };
        ValueWords::new(declaration, (0..blocks).map(|b| block(b).unwrap()).collect()).unwrap()
    }

    #[test]
    fn bytes_read_back_and_only_exact_ones() {
        let value = value(3);
        let bytes = value.to_bytes();
        assert_eq!(ValueWords::from_bytes(&bytes), Ok(value));
        let short = &bytes[..bytes.len() - 1];
        assert!(matches!(ValueWords::from_bytes(short), Err(WordsError::Length { blocks: 3, .. })));
        let mut more = bytes.clone();
        more[7] = 64;
        assert!(matches!(ValueWords::from_bytes(&more), Err(WordsError::Length { blocks: 64, .. })));
        for (place, what) in [(5, "type"), (6, "key kind"), (7, "blocks"), (8, "degree")] {
            let mut changed = bytes.clone();
            changed[place] = 200;
            assert!(
                matches!(ValueWords::from_bytes(&changed), Err(WordsError::Code { what: w, .. }) if w == what)
            );
        }
    }

    #[test]
    fn the_body_sits_at_n() {
        let value = value(2);
        let words = value.commitment_words();
        assert_eq!(words.len(), 2 * BLOCK_STRIDE);
        assert_eq!(words[BLOCK_STRIDE + POLYNOMIAL_SIZE], value.blocks()[1].words()[POLYNOMIAL_SIZE]);
        assert!(words[POLYNOMIAL_SIZE + 1..BLOCK_STRIDE].iter().all(|w| *w == 0));
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(ValueWords::from_bytes(&bytes).is_err());
        }
    }
}
