//! How users encrypt: tfhe-rs's compact list under the compact public key, expanded without any lookup table.
//!
//! The high-level `expand()` of tfhe-rs runs a bootstrapping over every block; here a list is built unpacked and expanded
//! by copying coefficients, so nothing happens between upload and handle, and everybody expands to the same words.

use crate::keys::{self, KeyError};
use crate::parameters::{BLOCK_WORDS, COMPUTE, POLYNOMIAL_SIZE};
use crate::words::{BlockWords, ValueWords, WordsError};
use tfhe::core_crypto::prelude::{Container, LweCiphertextCount};
use tfhe::shortint::ciphertext::CompactCiphertextList;
use tfhe::shortint::parameters::{
    CompactCiphertextListExpansionKind, ShortintCompactCiphertextListCastingMode,
};
use tfhe::shortint::{AtomicPatternKind, CompactPublicKey, PBSOrder};
use trine_program::Declaration;

/// Longest encoded compact list that is read: 64 blocks take about 17 kB.
pub const MAX_LIST_BYTES: u64 = 64 * 1024;

/// Why a compact list is refused.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The bytes do not decode.
    #[error(transparent)]
    Encoding(#[from] KeyError),
    /// The list is not of this parameter set, or internally inconsistent.
    #[error("compact list: {what} is {got}, expected {expected}")]
    Conformance {
        /// The part.
        what: &'static str,
        /// What the list has.
        got: String,
        /// What the parameter set has.
        expected: String,
    },
    /// tfhe-rs could not expand it.
    #[error("compact list: {0}")]
    Expansion(String),
    /// The plaintext does not fit a fresh block.
    #[error("plaintext {got} of block {block}, at most {max} is encrypted in a block of the declared degree")]
    Plaintext {
        /// Block.
        block: usize,
        /// Plaintext given.
        got: u64,
        /// Largest.
        max: u64,
    },
    /// The expanded blocks are not what was declared.
    #[error(transparent)]
    Words(#[from] WordsError),
}

/// Encrypts one plaintext a block, each at most the declared degree and below the message modulus.
pub fn encrypt(
    key: &CompactPublicKey,
    declaration: &Declaration,
    plaintexts: &[u64],
) -> Result<CompactCiphertextList, ListError> {
    let max = u64::from(declaration.degree).min(COMPUTE.message_modulus.0 - 1);
    if let Some((block, got)) = plaintexts.iter().enumerate().find(|(_, p)| **p > max) {
        return Err(ListError::Plaintext { block, got: *got, max });
    }
    if plaintexts.len() != usize::from(declaration.blocks) {
        return Err(WordsError::Blocks { got: plaintexts.len(), expected: declaration.blocks }.into());
    }
    Ok(key.encrypt_slice(plaintexts))
}

/// Bytes of a list.
pub fn list_to_bytes(list: &CompactCiphertextList) -> Result<Vec<u8>, ListError> {
    Ok(keys::encode("compact list", list)?)
}

/// Reads a list of at most [`MAX_LIST_BYTES`] and checks every part against the parameter set.
pub fn list_from_bytes(bytes: &[u8]) -> Result<CompactCiphertextList, ListError> {
    let list: CompactCiphertextList = keys::decode("compact list", bytes, MAX_LIST_BYTES)?;
    check(&list)?;
    Ok(list)
}

fn check(list: &CompactCiphertextList) -> Result<(), ListError> {
    let expect = |what, got: String, expected: String| {
        if got == expected { Ok(()) } else { Err(ListError::Conformance { what, got, expected }) }
    };
    let LweCiphertextCount(count) = list.ct_list.lwe_ciphertext_count();
    let most = usize::from(trine_program::value::MAX_BLOCKS);
    if count == 0 || count > most {
        let expected = format!("1 to {most}");
        return Err(ListError::Conformance { what: "blocks", got: count.to_string(), expected });
    }
    expect("words of a block", list.ct_list.lwe_size().0.to_string(), BLOCK_WORDS.to_string())?;
    // One bin of mask words for each 2048 blocks, one body word a block.
    let expected = POLYNOMIAL_SIZE * count.div_ceil(POLYNOMIAL_SIZE) + count;
    expect("words", list.ct_list.as_ref().container_len().to_string(), expected.to_string())?;
    expect(
        "native modulus",
        list.ct_list.ciphertext_modulus().is_native_modulus().to_string(),
        true.to_string(),
    )?;
    expect("message modulus", list.message_modulus.0.to_string(), COMPUTE.message_modulus.0.to_string())?;
    expect("carry modulus", list.carry_modulus.0.to_string(), COMPUTE.carry_modulus.0.to_string())?;
    expect("degree", list.degree.get().to_string(), (COMPUTE.message_modulus.0 - 1).to_string())?;
    let kind = CompactCiphertextListExpansionKind::NoCasting(AtomicPatternKind::Standard(
        PBSOrder::KeyswitchBootstrap,
    ));
    expect("expansion", format!("{:?}", list.expansion_kind), format!("{kind:?}"))
}

/// The words of a list's blocks, under a declaration. No key is involved.
pub fn expand(list: &CompactCiphertextList, declaration: Declaration) -> Result<ValueWords, ListError> {
    check(list)?;
    let blocks = list
        .expand(ShortintCompactCiphertextListCastingMode::NoCasting)
        .map_err(|error| ListError::Expansion(error.to_string()))?;
    let blocks = blocks.iter().map(BlockWords::from_shortint).collect::<Result<_, _>>()?;
    Ok(ValueWords::new(declaration, blocks)?)
}
