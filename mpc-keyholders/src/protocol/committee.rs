//! Sizes, nodes and the sets of nodes among which the key is shared.

use std::fmt;

/// Most nodes of a committee: a set is a mask of 16 bits.
pub const MAX_NODES: u8 = 16;

/// Number of nodes n and of tolerated malicious nodes t, with n >= 3t + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitteeSize {
    nodes: u8,
    faults: u8,
}

/// Why two numbers are no committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// Too few or too many nodes.
    #[error(
        "{nodes} nodes with {faults} faults, expected at least 3 * faults + 1 nodes and at most {MAX_NODES}"
    )]
    Nodes {
        /// Nodes given.
        nodes: u8,
        /// Faults given.
        faults: u8,
    },
    /// No fault tolerated: one node would hold the whole key.
    #[error("a committee tolerates at least one fault, {faults} given")]
    Faults {
        /// Faults given.
        faults: u8,
    },
    /// A node outside the committee.
    #[error("node {node}, the committee has nodes 0 to {last}")]
    UnknownNode {
        /// Node named.
        node: u8,
        /// Last node.
        last: u8,
    },
}

impl CommitteeSize {
    /// The committee of the walking skeleton: four nodes, one of which may be malicious.
    pub const FOUR: Self = Self { nodes: 4, faults: 1 };

    /// Checks n >= 3t + 1, t >= 1, n <= [`MAX_NODES`].
    pub fn new(nodes: u8, faults: u8) -> Result<Self, CommitteeError> {
        if faults == 0 {
            return Err(CommitteeError::Faults { faults });
        }
        if nodes > MAX_NODES || u16::from(nodes) < 3 * u16::from(faults) + 1 {
            return Err(CommitteeError::Nodes { nodes, faults });
        }
        Ok(Self { nodes, faults })
    }

    /// Number of nodes n.
    pub const fn nodes(self) -> u8 {
        self.nodes
    }

    /// Tolerated malicious nodes t.
    pub const fn faults(self) -> u8 {
        self.faults
    }

    /// Nodes that a release needs: 2t + 1.
    pub const fn quorum(self) -> usize {
        2 * self.faults as usize + 1
    }

    /// Equal values that decide a vote: t + 1, of which one is honest.
    pub const fn majority(self) -> usize {
        self.faults as usize + 1
    }

    /// All nodes.
    pub fn all(self) -> impl Iterator<Item = NodeIndex> {
        (0..self.nodes).map(NodeIndex)
    }

    /// The node with this index.
    pub fn node(self, index: u8) -> Result<NodeIndex, CommitteeError> {
        if index < self.nodes {
            Ok(NodeIndex(index))
        } else {
            Err(CommitteeError::UnknownNode { node: index, last: self.nodes - 1 })
        }
    }

    /// The C(n, t) sets of n - t nodes, by increasing mask. Any t nodes miss at least one of them altogether.
    pub fn sets(self) -> Vec<NodeSet> {
        let members = u32::from(self.nodes - self.faults);
        let end = 1u32 << self.nodes;
        (0..end).filter(|m| m.count_ones() == members).map(|m| NodeSet(m as u16)).collect()
    }

    /// The sets that a node belongs to, in the order of [`CommitteeSize::sets`].
    pub fn sets_of(self, node: NodeIndex) -> Vec<NodeSet> {
        self.sets().into_iter().filter(|s| s.contains(node)).collect()
    }
}

/// Index of a node, from 0. Built by [`CommitteeSize::node`] where it comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub(super) u8);

impl NodeIndex {
    /// The index as a number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for NodeIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A set of nodes: bit i for node i.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeSet(pub(super) u16);

impl NodeSet {
    /// Whether the node belongs to the set.
    pub const fn contains(self, node: NodeIndex) -> bool {
        self.0 >> node.0 & 1 == 1
    }

    /// The mask.
    pub const fn mask(self) -> u16 {
        self.0
    }

    /// The members, by index.
    pub fn members(self) -> impl Iterator<Item = NodeIndex> {
        (0..MAX_NODES).map(NodeIndex).filter(move |n| self.contains(*n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_outside_the_promise_are_refused() {
        assert_eq!(CommitteeSize::new(4, 1), Ok(CommitteeSize::FOUR));
        assert_eq!(CommitteeSize::new(3, 1), Err(CommitteeError::Nodes { nodes: 3, faults: 1 }));
        assert_eq!(CommitteeSize::new(17, 1), Err(CommitteeError::Nodes { nodes: 17, faults: 1 }));
        assert_eq!(CommitteeSize::new(4, 0), Err(CommitteeError::Faults { faults: 0 }));
        assert!(CommitteeSize::FOUR.node(4).is_err());
    }

    #[test]
    fn every_t_nodes_miss_a_set_that_the_others_hold() {
        for (nodes, faults, sets) in [(4, 1, 4), (7, 2, 21), (10, 3, 120), (13, 4, 715)] {
            let size = CommitteeSize::new(nodes, faults).unwrap();
            assert_eq!(size.sets().len(), sets);
            for coalition in (0u32..1 << nodes).filter(|m| m.count_ones() == u32::from(faults)) {
                assert!(size.sets().iter().any(|s| u32::from(s.mask()) & coalition == 0));
            }
        }
    }
}
