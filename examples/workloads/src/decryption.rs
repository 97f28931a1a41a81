//! Decryption with the development secret key, for comparison with a model.
//!
//! A deployment has no such key: a committee holds shares of it and decrypts what is proven and allowed.

use trine_fhe::dev_keys::{DevelopmentKeys, DevelopmentKeysError};
use trine_fhe::keys::DealerKeys;
use trine_fhe::words::{BlockWords, WordsError};
use trine_program::operation::max_value;
use trine_program::policy::MAX_DEGREE;
use trine_program::value::ValueType;

/// Why a value does not decrypt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptionError {
    /// Words that are not blocks of the type.
    #[error("{value_type} of {got} words, expected {expected}")]
    Length {
        /// Name of the type.
        value_type: &'static str,
        /// Words given.
        got: usize,
        /// Words of its blocks.
        expected: usize,
    },
    /// A block.
    #[error(transparent)]
    Words(#[from] WordsError),
}

/// The development secret key, which anybody can derive.
pub struct DevelopmentDecryption(DealerKeys);

impl DevelopmentDecryption {
    /// Reads the key.
    pub fn new(keys: &DevelopmentKeys) -> Result<Self, DevelopmentKeysError> {
        Ok(Self(keys.read_dealer()?))
    }

    /// The plaintext of a value: the sum of its blocks, which may hold carries, modulo the type.
    pub fn decrypt(&self, value_type: ValueType, words: &[u64]) -> Result<u64, DecryptionError> {
        let blocks = usize::from(value_type.fixed_blocks().unwrap_or(0));
        let (got, expected) = (words.len(), blocks * trine_fhe::parameters::BLOCK_WORDS);
        if got != expected || blocks == 0 {
            return Err(DecryptionError::Length { value_type: value_type.name(), got, expected });
        }
        let mut value = 0u64;
        for block in words.chunks(got / blocks).rev() {
            let block = BlockWords::new(block.to_vec())?.to_shortint(MAX_DEGREE as u8);
            value = (value << 2).wrapping_add(self.0.client().decrypt_message_and_carry(&block));
        }
        Ok(value & max_value(value_type))
    }
}
