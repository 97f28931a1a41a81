//! Words as they travel and are stored: for each block its mask words and its body word, 8 bytes little-endian each.
//!
//! Type and key travel beside them, and the degree is the program's to declare, so nothing else is in the bytes. A
//! word is any 64-bit number: every byte string of the right length is canonical.

use trine_fhe::parameters::{BLOCK_WORDS, POLYNOMIAL_SIZE};
use trine_fhe::{BlockWords, ValueWords};
use trine_program::Declaration;
use trine_verifier::Bytes32;

/// Why bytes are not the words of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Not the length of the declared blocks.
    #[error("{got} bytes of words, {blocks} blocks have {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Blocks declared.
        blocks: u8,
        /// Bytes of as many blocks.
        expected: usize,
    },
    /// All mask words of a block are zero: the plaintext lies open.
    #[error("block {block} has no mask: its plaintext is readable without a key")]
    NoMask {
        /// The block.
        block: usize,
    },
    /// The blocks are not a value.
    #[error(transparent)]
    Value(#[from] trine_fhe::words::WordsError),
}

/// Bytes of a value of so many blocks.
pub const fn encoded_bytes(blocks: u8) -> usize {
    8 * BLOCK_WORDS * blocks as usize
}

/// Reads a value. The length is checked before anything is allocated.
pub fn decode(declaration: Declaration, bytes: &[u8]) -> Result<ValueWords, WordsError> {
    let (blocks, expected) = (declaration.blocks, encoded_bytes(declaration.blocks));
    if bytes.len() != expected {
        return Err(WordsError::Length { got: bytes.len(), blocks, expected });
    }
    let blocks = bytes
        .chunks_exact(8 * BLOCK_WORDS)
        .map(|block| {
            BlockWords::new(block.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect())
        })
        .collect::<Result<_, _>>()?;
    Ok(ValueWords::new(declaration, blocks)?)
}

/// Canonical bytes.
pub fn encode(value: &ValueWords) -> Vec<u8> {
    value.blocks().iter().flat_map(|b| b.words()).flat_map(|w| w.to_le_bytes()).collect()
}

/// Refuses a block without mask. An encryption has one, except with probability 2^-131072.
pub fn check_masked(value: &ValueWords) -> Result<(), WordsError> {
    let open = value.blocks().iter().position(|b| b.words().iter().take(POLYNOMIAL_SIZE).all(|w| *w == 0));
    open.map_or(Ok(()), |block| Err(WordsError::NoMask { block }))
}

/// BLAKE3 of canonical bytes.
pub fn digest(bytes: &[u8]) -> Bytes32 {
    blake3::hash(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_program::{KeyKind, ValueType};

    fn declaration(blocks: u8) -> Declaration {
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks, degree: 1 }
    }

    #[test]
    fn words_read_back_and_wrong_lengths_are_refused() {
        let bytes: Vec<u8> = (0..encoded_bytes(2)).map(|i| (i * 31) as u8).collect();
        let value = decode(declaration(2), &bytes).unwrap();
        assert_eq!(encode(&value), bytes);
        assert_eq!(
            value.blocks()[1].words()[0],
            u64::from_le_bytes(bytes[8 * 2049..8 * 2050].try_into().unwrap())
        );
        for wrong in [bytes.len() - 1, bytes.len() - 8, 0] {
            assert!(matches!(
                decode(declaration(2), &bytes[..wrong]),
                Err(WordsError::Length { blocks: 2, got, .. }) if got == wrong
            ));
        }
    }

    #[test]
    fn a_block_without_mask_is_refused() {
        let mut bytes = vec![0; encoded_bytes(2)];
        bytes[0] = 1;
        bytes[8 * 2049 + 8 * 2048] = 5;
        let value = decode(declaration(2), &bytes).unwrap();
        assert_eq!(check_masked(&value), Err(WordsError::NoMask { block: 1 }));
    }
}
