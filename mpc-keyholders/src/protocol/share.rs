//! A node's contribution to a release: `d_A = -<a, s_A> + phi_A` for every set A that it belongs to.

use super::mask::Flooding;
use super::message::Context;
use super::sharing::KeyShare;
use super::squashed::Squashed;

/// One number for each set of the node and each block, set by set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecryptionShare {
    blocks: usize,
    values: Vec<u128>,
}

/// Bytes are no share of this node for this ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("decryption share of {got} bytes, expected {expected}")]
pub struct ShareLengthError {
    /// Bytes given.
    pub got: usize,
    /// Bytes expected: 16 for each set of the node and block.
    pub expected: usize,
}

impl DecryptionShare {
    /// Computes the node's share (TR.D1). The same ciphertext in the same epoch always gives the same share.
    pub fn compute(key: &KeyShare, flooding: Flooding, context: &Context, squashed: &Squashed) -> Self {
        let values = key
            .sets()
            .iter()
            .flat_map(|secret| {
                squashed.blocks().iter().enumerate().map(move |(index, block)| {
                    let product = block
                        .mask
                        .iter()
                        .zip(secret.key())
                        .fold(0u128, |sum, (a, s)| sum.wrapping_add(a.wrapping_mul(*s)));
                    flooding
                        .mask(secret.mask_key(), context, squashed.digest(), index as u32)
                        .wrapping_sub(product)
                })
            })
            .collect();
        Self { blocks: squashed.blocks().len(), values }
    }

    /// Values of the set at this place in the node's list of sets, one a block.
    pub fn of_set(&self, position: usize) -> &[u128] {
        &self.values[position * self.blocks..(position + 1) * self.blocks]
    }

    /// 16 bytes little-endian for each value.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// Reads the share of a node that belongs to `sets` sets, for `blocks` blocks.
    pub fn from_bytes(bytes: &[u8], sets: usize, blocks: usize) -> Result<Self, ShareLengthError> {
        let expected = 16 * sets * blocks;
        if bytes.len() != expected {
            return Err(ShareLengthError { got: bytes.len(), expected });
        }
        let values = bytes
            .chunks_exact(16)
            .map(|w| w.iter().rev().fold(0u128, |acc, byte| acc << 8 | u128::from(*byte)))
            .collect();
        Ok(Self { blocks, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_another_length_is_refused() {
        let share = DecryptionShare::from_bytes(&[1; 96], 3, 2).unwrap();
        assert_eq!(share.to_bytes(), [1; 96]);
        assert_eq!(share.of_set(2).len(), 2);
        for wrong in [0, 80, 95, 112] {
            let refused = DecryptionShare::from_bytes(&vec![1; wrong], 3, 2);
            assert_eq!(refused, Err(ShareLengthError { got: wrong, expected: 96 }), "TR.D1");
        }
    }
}
