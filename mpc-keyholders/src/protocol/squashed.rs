//! The squashed ciphertext of one request: all blocks of all released handles, in order.

use super::committee::{CommitteeSize, NodeIndex};
use super::refusal::Refusal;
use super::sharing::KEY_DIMENSION;
use std::collections::BTreeMap;
use trine_fhe::squashing::{self, SquashedBlock};

/// Most blocks that one request releases: four handles of 64 blocks.
pub const MAX_BLOCKS: usize = 256;

/// The blocks of a request and their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Squashed {
    blocks: Vec<SquashedBlock>,
    digest: [u8; 32],
}

/// Why blocks are no squashed ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SquashedError {
    /// A mask of another length.
    #[error("squashed block with a mask of {got} words, expected {KEY_DIMENSION}")]
    Dimension {
        /// Words given.
        got: usize,
    },
    /// No block, or too many.
    #[error("{got} squashed blocks, expected 1 to {MAX_BLOCKS}")]
    Count {
        /// Blocks given.
        got: usize,
    },
}

impl Squashed {
    /// Checks the shapes and hashes all words of all blocks (TR.S2).
    pub fn new(blocks: Vec<SquashedBlock>) -> Result<Self, SquashedError> {
        if blocks.is_empty() || blocks.len() > MAX_BLOCKS {
            return Err(SquashedError::Count { got: blocks.len() });
        }
        if let Some(block) = blocks.iter().find(|b| b.mask.len() != KEY_DIMENSION) {
            return Err(SquashedError::Dimension { got: block.mask.len() });
        }
        Ok(Self { digest: squashing::digest(&blocks), blocks })
    }

    /// All blocks, handle by handle.
    pub fn blocks(&self) -> &[SquashedBlock] {
        &self.blocks
    }

    /// The digest that masks, shares and messages are bound to.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The body words.
    pub fn bodies(&self) -> Vec<u128> {
        self.blocks.iter().map(|b| b.body).collect()
    }
}

/// Whether enough nodes computed the same squashed ciphertext (TR.S3). `digests` holds one digest a node, this one's
/// own among them.
///
/// # Errors
/// The number of nodes that agree with `own`, when it is below 2t + 1.
pub fn check_quorum(
    size: CommitteeSize,
    own: &[u8; 32],
    digests: &BTreeMap<NodeIndex, [u8; 32]>,
) -> Result<(), Refusal> {
    let agreeing = digests.values().filter(|d| *d == own).count();
    if agreeing < size.quorum() {
        return Err(Refusal::SquashedDigestQuorum { agreeing, needed: size.quorum() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_the_split_into_blocks_enter_the_digest_tr_s2() {
        let block = |body| SquashedBlock { mask: vec![5; KEY_DIMENSION], body };
        let digest = |blocks: Vec<_>| *Squashed::new(blocks).unwrap().digest();
        let base = digest(vec![block(1), block(2)]);
        assert_eq!(base, digest(vec![block(1), block(2)]));
        assert_ne!(base, digest(vec![block(2), block(1)]), "TR.S2");
        assert_ne!(base, digest(vec![block(1)]));
        let mut mask = vec![5; KEY_DIMENSION];
        mask[4095] ^= 1 << 127;
        assert_ne!(base, digest(vec![SquashedBlock { mask, body: 1 }, block(2)]));
    }

    #[test]
    fn two_digests_are_no_quorum_tr_s3() {
        let digests = |list: &[u8]| {
            list.iter().enumerate().map(|(n, d)| (NodeIndex(n as u8), [*d; 32])).collect::<BTreeMap<_, _>>()
        };
        let own = [1; 32];
        assert_eq!(check_quorum(CommitteeSize::FOUR, &own, &digests(&[1, 1, 2, 1])), Ok(()));
        let refused = Err(Refusal::SquashedDigestQuorum { agreeing: 2, needed: 3 });
        assert_eq!(check_quorum(CommitteeSize::FOUR, &own, &digests(&[1, 2, 2, 1])), refused, "TR.S3");
        assert_eq!(check_quorum(CommitteeSize::FOUR, &own, &digests(&[1, 1])), refused);
    }

    #[test]
    fn wrong_shapes_are_refused() {
        let short = SquashedBlock { mask: vec![0; 7], body: 0 };
        assert_eq!(Squashed::new(vec![short]), Err(SquashedError::Dimension { got: 7 }));
        assert_eq!(Squashed::new(vec![]), Err(SquashedError::Count { got: 0 }));
    }
}
