//! Replicated sharing of the squashing key: one summand for each set of n - t nodes, held by all of its members.
//!
//! `s = sum_A s_A` modulo 2^128, coefficient by coefficient, with `s` the binary key of [`KEY_DIMENSION`] bits.
//! Beside `s_A` the members of A hold a key `k_A` from which they draw the same flooding masks.

use super::committee::{CommitteeSize, NodeIndex, NodeSet};
use rand::{CryptoRng, RngCore};
use zeroize::{Zeroize, Zeroizing};

/// Bits of the secret key after noise squashing.
pub const KEY_DIMENSION: usize = 4096;

const TAG: &[u8; 32] = b"trine.keyholder.key-share.v1\0\0\0\0";
const HEADER_BYTES: usize = TAG.len() + 3 + 2 + 4;
const SET_BYTES: usize = 2 + 16 * KEY_DIMENSION + 32;
const CHECKSUM_BYTES: usize = 32;

/// The summand of one set of nodes and the key of its masks. Zeroised when dropped; neither cloned nor printed.
pub struct SetSecret {
    set: NodeSet,
    key: Zeroizing<Vec<u128>>,
    mask_key: Zeroizing<[u8; 32]>,
}

impl SetSecret {
    /// The nodes that hold this summand.
    pub fn set(&self) -> NodeSet {
        self.set
    }

    /// The summand `s_A`, [`KEY_DIMENSION`] numbers.
    pub(super) fn key(&self) -> &[u128] {
        &self.key
    }

    /// The mask key `k_A`.
    pub(super) fn mask_key(&self) -> &[u8; 32] {
        &self.mask_key
    }

    /// Digest of summand and mask key, for members to compare after the ceremony. Both are uniform, so that it
    /// reveals nothing.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("trine 2026 keyholder set secret digest v1");
        hasher.update(&self.set.mask().to_le_bytes());
        for word in self.key.iter() {
            hasher.update(&word.to_le_bytes());
        }
        hasher.update(self.mask_key.as_slice());
        hasher.finalize().into()
    }
}

/// All that one node holds of the squashing key: the secrets of the sets that it belongs to.
pub struct KeyShare {
    size: CommitteeSize,
    node: NodeIndex,
    sets: Vec<SetSecret>,
}

/// Why bytes are no key share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyShareError {
    /// Not the length that the header calls for.
    #[error("key share of {got} bytes, expected {expected}")]
    Length {
        /// Bytes given.
        got: usize,
        /// Bytes expected.
        expected: usize,
    },
    /// Another kind of file.
    #[error("no key share: the tag differs")]
    Tag,
    /// A committee that cannot be, or a node outside it.
    #[error("key share: {0}")]
    Committee(#[from] super::committee::CommitteeError),
    /// Another key dimension.
    #[error("key share of dimension {got}, expected {KEY_DIMENSION}")]
    Dimension {
        /// Dimension given.
        got: u32,
    },
    /// The sets are not those of the node.
    #[error("key share: set {position} is {got:#b}, expected {expected:#b}")]
    Set {
        /// Place in the file.
        position: usize,
        /// Mask given.
        got: u16,
        /// Mask expected.
        expected: u16,
    },
    /// The file was cut or altered.
    #[error("key share: checksum differs")]
    Checksum,
}

impl KeyShare {
    /// The committee.
    pub fn size(&self) -> CommitteeSize {
        self.size
    }

    /// The node that holds it.
    pub fn node(&self) -> NodeIndex {
        self.node
    }

    /// Secrets of its sets, in the order of [`CommitteeSize::sets_of`].
    pub fn sets(&self) -> &[SetSecret] {
        &self.sets
    }

    /// Canonical bytes: tag, n, t, node, number of sets (u16), dimension (u32), then for each set its mask (u16),
    /// summand and mask key, then a BLAKE3 checksum. Little-endian.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let length = HEADER_BYTES + self.sets.len() * SET_BYTES + CHECKSUM_BYTES;
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        bytes.extend_from_slice(TAG);
        bytes.extend_from_slice(&[self.size.nodes(), self.size.faults(), self.node.get()]);
        bytes.extend_from_slice(&(self.sets.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&(KEY_DIMENSION as u32).to_le_bytes());
        for secret in &self.sets {
            bytes.extend_from_slice(&secret.set.mask().to_le_bytes());
            for word in secret.key.iter() {
                bytes.extend_from_slice(&word.to_le_bytes());
            }
            bytes.extend_from_slice(secret.mask_key.as_slice());
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend_from_slice(checksum.as_bytes());
        bytes
    }

    /// Reads canonical bytes; the length is checked before anything is allocated.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyShareError> {
        let least = HEADER_BYTES + CHECKSUM_BYTES;
        if bytes.len() < least {
            return Err(KeyShareError::Length { got: bytes.len(), expected: least });
        }
        let (tag, header) = bytes[..HEADER_BYTES].split_at(TAG.len());
        if tag != TAG {
            return Err(KeyShareError::Tag);
        }
        let size = CommitteeSize::new(header[0], header[1])?;
        let node = size.node(header[2])?;
        let expected_sets = size.sets_of(node);
        let dimension = u32::from_le_bytes([header[5], header[6], header[7], header[8]]);
        if dimension as usize != KEY_DIMENSION {
            return Err(KeyShareError::Dimension { got: dimension });
        }
        let expected = least + expected_sets.len() * SET_BYTES;
        let count = usize::from(u16::from_le_bytes([header[3], header[4]]));
        if count != expected_sets.len() || bytes.len() != expected {
            return Err(KeyShareError::Length { got: bytes.len(), expected });
        }
        let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
        if blake3::hash(content).as_bytes() != checksum {
            return Err(KeyShareError::Checksum);
        }
        let mut sets = Vec::with_capacity(expected_sets.len());
        for (position, (set, chunk)) in
            expected_sets.into_iter().zip(content[HEADER_BYTES..].chunks_exact(SET_BYTES)).enumerate()
        {
            let got = u16::from_le_bytes([chunk[0], chunk[1]]);
            if got != set.mask() {
                return Err(KeyShareError::Set { position, got, expected: set.mask() });
            }
            let (words, mask) = chunk[2..].split_at(16 * KEY_DIMENSION);
            let key = words
                .chunks_exact(16)
                .map(|w| w.iter().rev().fold(0u128, |acc, byte| acc << 8 | u128::from(*byte)))
                .collect();
            let mut mask_key = Zeroizing::new([0u8; 32]);
            mask_key.copy_from_slice(mask);
            sets.push(SetSecret { set, key: Zeroizing::new(key), mask_key });
        }
        Ok(Self { size, node, sets })
    }
}

/// Why a key cannot be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharingError {
    /// Not [`KEY_DIMENSION`] coefficients.
    #[error("squashing key of {got} coefficients, expected {KEY_DIMENSION}")]
    Dimension {
        /// Coefficients given.
        got: usize,
    },
    /// A coefficient other than 0 and 1.
    #[error("squashing key: coefficient {index} is neither 0 nor 1")]
    NotBinary {
        /// Its place.
        index: usize,
    },
}

/// Splits a binary key among the nodes (TR.K1). The caller erases `key` afterwards.
pub fn share_key<R: RngCore + CryptoRng>(
    size: CommitteeSize,
    key: &[u64],
    rng: &mut R,
) -> Result<Vec<KeyShare>, SharingError> {
    if key.len() != KEY_DIMENSION {
        return Err(SharingError::Dimension { got: key.len() });
    }
    if let Some(index) = key.iter().position(|bit| *bit > 1) {
        return Err(SharingError::NotBinary { index });
    }
    let sets = size.sets();
    let mut rest = Zeroizing::new(key.iter().map(|bit| u128::from(*bit)).collect::<Vec<_>>());
    let mut shares: Vec<KeyShare> =
        size.all().map(|node| KeyShare { size, node, sets: Vec::new() }).collect();
    for (position, set) in sets.iter().enumerate() {
        let mut summand = Zeroizing::new(vec![0u128; KEY_DIMENSION]);
        if position + 1 == sets.len() {
            summand.copy_from_slice(&rest);
        } else {
            for (s, r) in summand.iter_mut().zip(rest.iter_mut()) {
                *s = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
                *r = r.wrapping_sub(*s);
            }
        }
        let mut mask_key = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(mask_key.as_mut_slice());
        for node in set.members() {
            shares[usize::from(node.get())].sets.push(SetSecret {
                set: *set,
                key: summand.clone(),
                mask_key: mask_key.clone(),
            });
        }
        summand.zeroize();
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha20Rng;

    fn key(rng: &mut ChaCha20Rng) -> Vec<u64> {
        (0..KEY_DIMENSION).map(|_| u64::from(rng.gen_bool(0.5))).collect()
    }

    #[test]
    fn the_summands_add_up_and_members_hold_the_same() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let key = key(&mut rng);
        for size in [CommitteeSize::FOUR, CommitteeSize::new(7, 2).unwrap()] {
            let shares = share_key(size, &key, &mut rng).unwrap();
            let mut sum = vec![0u128; KEY_DIMENSION];
            for set in size.sets() {
                let mut holders = shares.iter().flat_map(|s| &s.sets).filter(|s| s.set == set);
                let first = holders.next().unwrap();
                for (total, word) in sum.iter_mut().zip(first.key.iter()) {
                    *total = total.wrapping_add(*word);
                }
                assert_eq!(
                    holders.filter(|h| h.digest() == first.digest()).count(),
                    set.members().count() - 1
                );
            }
            assert!(sum.iter().zip(&key).all(|(s, k)| *s == u128::from(*k)));
        }
    }

    #[test]
    fn a_share_reads_back_and_altered_bytes_do_not() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = key(&mut rng);
        let share = share_key(CommitteeSize::FOUR, &key, &mut rng).unwrap().remove(2);
        let bytes = share.to_bytes();
        let back = KeyShare::from_bytes(&bytes).unwrap();
        assert_eq!(*back.to_bytes(), *bytes);
        assert_eq!(bytes.len(), HEADER_BYTES + 3 * SET_BYTES + CHECKSUM_BYTES);

        let refused = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut altered = bytes.to_vec();
            change(&mut altered);
            KeyShare::from_bytes(&altered).err().unwrap()
        };
        assert_eq!(refused(&|b| b[0] ^= 1), KeyShareError::Tag);
        assert!(matches!(refused(&|b| b[32] = 3), KeyShareError::Committee(_)));
        assert!(matches!(refused(&|b| b[34] = 4), KeyShareError::Committee(_)));
        assert!(matches!(refused(&|b| b[35] = 9), KeyShareError::Length { .. }));
        assert!(matches!(refused(&|b| b[37] = 1), KeyShareError::Dimension { .. }));
        assert!(matches!(refused(&|b| b.truncate(20)), KeyShareError::Length { .. }));
        assert!(matches!(refused(&|b| b.push(0)), KeyShareError::Length { .. }));
        assert_eq!(refused(&|b| b[500] ^= 1), KeyShareError::Checksum);
        let other_node = refused(&|b| {
            b[34] = 1;
            let end = b.len() - CHECKSUM_BYTES;
            let checksum = *blake3::hash(&b[..end]).as_bytes();
            b[end..].copy_from_slice(&checksum);
        });
        assert!(matches!(other_node, KeyShareError::Set { position: 0..=2, .. }));
    }

    #[test]
    fn only_a_binary_key_of_the_right_length_is_shared() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let short = share_key(CommitteeSize::FOUR, &[1; 12], &mut rng);
        assert_eq!(short.err(), Some(SharingError::Dimension { got: 12 }));
        let mut key = key(&mut rng);
        key[7] = 2;
        let refused = share_key(CommitteeSize::FOUR, &key, &mut rng);
        assert_eq!(refused.err(), Some(SharingError::NotBinary { index: 7 }));
    }
}
