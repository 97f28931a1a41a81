//! Combination: a vote for each set, the sum of the winners, the plaintext.

use super::committee::{CommitteeSize, NodeIndex, NodeSet};
use super::mask::HALF_STEP_LOG2;
use super::share::DecryptionShare;
use std::collections::{BTreeMap, BTreeSet};

/// Largest plaintext of a block; above it the padding bit is set.
pub const MAX_PLAINTEXT: u8 = 15;

/// What a committee decrypts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Combined {
    /// One plaintext of 0 to [`MAX_PLAINTEXT`] for each block.
    pub plaintexts: Vec<u8>,
    /// Nodes that sent a value which lost its vote.
    pub culprits: BTreeSet<NodeIndex>,
}

/// Why shares do not combine. The first two may be cured by further shares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// Fewer nodes than a release needs.
    #[error("{got} nodes sent shares, {needed} are needed")]
    TooFewResponders {
        /// Nodes heard.
        got: usize,
        /// 2t + 1.
        needed: usize,
    },
    /// No value of a set has t + 1 votes and more than any other.
    #[error("set {set:#06b}: the best value has {votes} of {needed} votes, next best {next}")]
    NoMajority {
        /// Mask of the set.
        set: u16,
        /// Votes of the best value.
        votes: usize,
        /// t + 1.
        needed: usize,
        /// Votes of the second best.
        next: usize,
    },
    /// A share for another number of blocks. Messages are checked before they come here.
    #[error("node {node}: a share of {got} values, expected {expected}")]
    Shape {
        /// Sender.
        node: u8,
        /// Values given.
        got: usize,
        /// Values expected.
        expected: usize,
    },
    /// The decrypted block has its padding bit set: no ciphertext of a proven evaluation does.
    #[error("block {block}: padding bit set, plaintext {plaintext} above {MAX_PLAINTEXT}")]
    Padding {
        /// The block.
        block: usize,
        /// Its five bits.
        plaintext: u8,
    },
}

/// Adds up the shares of at least 2t + 1 nodes to the bodies of the squashed blocks.
///
/// # Errors
/// See [`CombineError`], in the order of its variants.
pub fn combine(
    size: CommitteeSize,
    bodies: &[u128],
    shares: &BTreeMap<NodeIndex, DecryptionShare>,
) -> Result<Combined, CombineError> {
    if shares.len() < size.quorum() {
        return Err(CombineError::TooFewResponders { got: shares.len(), needed: size.quorum() });
    }
    for (node, share) in shares {
        let (got, expected) = (share.to_bytes().len() / 16, size.sets_of(*node).len() * bodies.len());
        if got != expected {
            return Err(CombineError::Shape { node: node.get(), got, expected });
        }
    }
    let mut values = bodies.to_vec();
    let mut culprits = BTreeSet::new();
    for set in size.sets() {
        let (winner, losers) = vote(size, set, shares)?;
        for (value, summand) in values.iter_mut().zip(winner) {
            *value = value.wrapping_add(*summand);
        }
        culprits.extend(losers);
    }
    let plaintexts = values.into_iter().enumerate().map(|(b, v)| decode(b, v)).collect::<Result<_, _>>()?;
    Ok(Combined { plaintexts, culprits })
}

/// The value of a set that t + 1 of its members sent and no other value equals in votes (TR.C1), with the nodes that
/// sent another.
fn vote(
    size: CommitteeSize,
    set: NodeSet,
    shares: &BTreeMap<NodeIndex, DecryptionShare>,
) -> Result<(&[u128], Vec<NodeIndex>), CombineError> {
    let mut voters: BTreeMap<&[u128], Vec<NodeIndex>> = BTreeMap::new();
    for (node, share) in shares.iter().filter(|(n, _)| set.contains(**n)) {
        let position = size.sets_of(*node).iter().position(|s| *s == set);
        voters.entry(share.of_set(position.unwrap_or_default())).or_default().push(*node);
    }
    let mut ranking: Vec<(&[u128], Vec<NodeIndex>)> = voters.into_iter().collect();
    ranking.sort_by_key(|(_, nodes)| std::cmp::Reverse(nodes.len()));
    let votes = ranking.first().map_or(0, |(_, nodes)| nodes.len());
    let next = ranking.get(1).map_or(0, |(_, nodes)| nodes.len());
    if votes < size.majority() || votes == next {
        return Err(CombineError::NoMajority { set: set.mask(), votes, needed: size.majority(), next });
    }
    let mut ranked = ranking.into_iter();
    let winner = ranked.next().map_or(&[][..], |(value, _)| value);
    Ok((winner, ranked.flat_map(|(_, nodes)| nodes).collect()))
}

/// `((v + 2^122) >> 123) mod 32`, refused when the padding bit is set (TR.C2).
fn decode(block: usize, value: u128) -> Result<u8, CombineError> {
    let plaintext = (value.wrapping_add(1 << HALF_STEP_LOG2) >> (HALF_STEP_LOG2 + 1)) as u8;
    if plaintext > MAX_PLAINTEXT {
        return Err(CombineError::Padding { block, plaintext });
    }
    Ok(plaintext)
}
