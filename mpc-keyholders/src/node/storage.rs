//! What is persisted before anything leaves the node: RocksDB, every write synchronous.
//!
//! | column family | key | value |
//! | --- | --- | --- |
//! | `messages` | request id, kind | this node's signed message: what it said once it says for ever |
//! | `results` | request id | the released result with the committee's signature |
//! | `charged` | squashed digest | number of blocks charged to the budget for it |
//! | `budget` | `spent` | blocks released in this epoch, u64 little-endian |
//! | `evidence` | request id, node, kind of fault, number | a signed message that proves a fault |

use crate::protocol::budget::{Budget, BudgetError};
use crate::protocol::mask::Flooding;
use crate::protocol::message::{MessageKind, SignedMessage};
use crate::protocol::session::Fault;
use rocksdb::{ColumnFamily, ColumnFamilyDescriptor, DB, Options, WriteBatch, WriteOptions};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Mutex;

const FAMILIES: [&str; 5] = ["messages", "results", "charged", "budget", "evidence"];
const SPENT: &[u8] = b"spent";

/// A released result as it is kept and returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Epoch of the committee.
    pub epoch: u64,
    /// The request.
    pub request_id: [u8; 32],
    /// Handles with the plaintexts of their blocks.
    pub values: Vec<([u8; 32], Vec<u8>)>,
    /// EIP-712 digest.
    pub release_digest: [u8; 32],
    /// Signature, EIP-2537 encoding of G2.
    pub signature: Vec<u8>,
    /// Nodes whose signature shares were combined.
    pub signers: Vec<u8>,
    /// Digest of the squashed ciphertext.
    pub squashed_digest: [u8; 32],
    /// Faults met: node, kind, detail.
    pub faults: Vec<(u8, String, String)>,
}

/// The node's database.
pub struct Storage {
    db: DB,
    flooding: Flooding,
    /// Charging reads and writes the budget as one step.
    charging: Mutex<()>,
}

/// Why something is not stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database fails.
    #[error("database: {0}")]
    Database(#[from] rocksdb::Error),
    /// What is stored does not read.
    #[error("database: {what} does not read: {reason}")]
    Corrupt {
        /// The entry.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The node has said something else about this request before.
    #[error("this node has already sent another {kind:?} about the request")]
    Contradiction {
        /// Kind of message.
        kind: MessageKind,
    },
    /// The budget of the epoch.
    #[error("TR.M3: {0}")]
    Budget(#[from] BudgetError),
}

impl Storage {
    /// Opens or creates the database.
    pub fn open(path: &Path, flooding: Flooding) -> Result<Self, StorageError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let families = FAMILIES.map(|name| ColumnFamilyDescriptor::new(name, Options::default()));
        let db = DB::open_cf_descriptors(&options, path, families)?;
        Ok(Self { db, flooding, charging: Mutex::new(()) })
    }

    fn family(&self, name: &'static str) -> Result<&ColumnFamily, StorageError> {
        self.db
            .cf_handle(name)
            .ok_or(StorageError::Corrupt { what: "column family", reason: format!("{name} is missing") })
    }

    fn write(&self, batch: WriteBatch) -> Result<(), StorageError> {
        let mut durable = WriteOptions::default();
        durable.set_sync(true);
        Ok(self.db.write_opt(batch, &durable)?)
    }

    /// This node's message, if it has said it.
    pub fn message(&self, request: &[u8; 32], kind: MessageKind) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.db.get_cf(self.family("messages")?, message_key(request, kind))?)
    }

    /// Persists a message before it leaves (TR.P1). The same again changes nothing; another one is refused.
    pub fn put_message(&self, message: &SignedMessage) -> Result<(), StorageError> {
        let mut batch = WriteBatch::default();
        self.add_message(&mut batch, message)?;
        self.write(batch)
    }

    fn add_message(&self, batch: &mut WriteBatch, message: &SignedMessage) -> Result<(), StorageError> {
        let content = message.message();
        let key = message_key(&content.request_id, content.kind);
        let stored = self.db.get_cf(self.family("messages")?, &key)?;
        if stored.is_some_and(|stored| stored != message.as_bytes()) {
            return Err(StorageError::Contradiction { kind: content.kind });
        }
        batch.put_cf(self.family("messages")?, key, message.as_bytes());
        Ok(())
    }

    /// The budget of the epoch.
    pub fn budget(&self) -> Result<Budget, StorageError> {
        let spent = match self.db.get_cf(self.family("budget")?, SPENT)? {
            None => 0,
            Some(bytes) => {
                let bytes = <[u8; 8]>::try_from(bytes.as_slice()).map_err(|_| StorageError::Corrupt {
                    what: "budget",
                    reason: format!("{} bytes, expected 8", bytes.len()),
                })?;
                u64::from_le_bytes(bytes)
            }
        };
        Ok(Budget::new(self.flooding, spent))
    }

    /// Charges a ciphertext to the budget and persists the share, in one step (TR.P2). A ciphertext charged before
    /// costs nothing.
    pub fn put_share(&self, share: &SignedMessage, blocks: u64) -> Result<(), StorageError> {
        let _one_at_a_time = self.charging.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let digest = share.message().squashed_digest;
        let mut batch = WriteBatch::default();
        self.add_message(&mut batch, share)?;
        if self.db.get_cf(self.family("charged")?, digest)?.is_none() {
            let budget = self.budget()?.charge(blocks)?;
            batch.put_cf(self.family("charged")?, digest, blocks.to_le_bytes());
            batch.put_cf(self.family("budget")?, SPENT, budget.spent().to_le_bytes());
        }
        self.write(batch)
    }

    /// The result of a request, if it was released.
    pub fn result(&self, request: &[u8; 32]) -> Result<Option<Released>, StorageError> {
        let Some(bytes) = self.db.get_cf(self.family("results")?, request)? else { return Ok(None) };
        let corrupt = |e: bincode::Error| StorageError::Corrupt { what: "result", reason: e.to_string() };
        Ok(Some(bincode::deserialize(&bytes).map_err(corrupt)?))
    }

    /// Persists a result with its committee signature before it is returned (TR.P3).
    pub fn put_result(&self, released: &Released) -> Result<(), StorageError> {
        let corrupt = |e: bincode::Error| StorageError::Corrupt { what: "result", reason: e.to_string() };
        let bytes = bincode::serialize(released).map_err(corrupt)?;
        let mut batch = WriteBatch::default();
        batch.put_cf(self.family("results")?, released.request_id, bytes);
        self.write(batch)
    }

    /// Keeps the signed messages that prove a fault.
    pub fn put_evidence(&self, request: &[u8; 32], fault: &Fault) -> Result<(), StorageError> {
        let mut batch = WriteBatch::default();
        for (number, message) in fault.evidence.iter().enumerate() {
            let key = [&request[..], &[fault.node.get(), fault.kind as u8, number as u8]].concat();
            batch.put_cf(self.family("evidence")?, key, message);
        }
        self.write(batch)
    }

    /// All evidence about a request: node, code of the fault, signed message.
    pub fn evidence(&self, request: &[u8; 32]) -> Result<Vec<(u8, Vec<u8>)>, StorageError> {
        let mode = rocksdb::IteratorMode::From(request, rocksdb::Direction::Forward);
        let mut found = Vec::new();
        for entry in self.db.iterator_cf(self.family("evidence")?, mode) {
            let (key, message) = entry?;
            match key.strip_prefix(request.as_slice()) {
                Some([node, ..]) => found.push((*node, message.into_vec())),
                _ => break,
            }
        }
        Ok(found)
    }
}

fn message_key(request: &[u8; 32], kind: MessageKind) -> Vec<u8> {
    [&request[..], &[kind as u8]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::committee::CommitteeSize;
    use crate::protocol::message::{Context, MessageKey, PeerMessage};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    fn message(kind: MessageKind, digest: u8, payload: u8) -> SignedMessage {
        let key = MessageKey::random(&mut ChaCha20Rng::seed_from_u64(1));
        PeerMessage {
            kind,
            context: Context { chain_id: 1, coprocessor: [1; 20], epoch: 1, key_id: [2; 32] },
            request_id: [3; 32],
            squashed_digest: [digest; 32],
            node: CommitteeSize::FOUR.node(0).unwrap(),
            payload: vec![payload; 48],
        }
        .sign(&key)
    }

    fn open(path: &Path) -> Storage {
        Storage::open(path, Flooding::of(CommitteeSize::FOUR).unwrap()).unwrap()
    }

    #[test]
    fn what_was_said_survives_and_nothing_else_is_said_tr_p1() {
        let folder = tempfile::tempdir().unwrap();
        let said = message(MessageKind::SquashDigest, 4, 0);
        open(folder.path()).put_message(&said).unwrap();
        let storage = open(folder.path());
        let stored = storage.message(&[3; 32], MessageKind::SquashDigest).unwrap();
        assert_eq!(stored.as_deref(), Some(said.as_bytes()));
        storage.put_message(&said).unwrap();
        let other = storage.put_message(&message(MessageKind::SquashDigest, 5, 0));
        assert!(matches!(other, Err(StorageError::Contradiction { .. })), "TR.P1");
        assert_eq!(storage.message(&[4; 32], MessageKind::SquashDigest).unwrap(), None);
    }

    #[test]
    fn a_ciphertext_is_charged_once_and_survives_a_restart_tr_p2() {
        let folder = tempfile::tempdir().unwrap();
        let share = message(MessageKind::Share, 4, 1);
        let storage = open(folder.path());
        storage.put_share(&share, 3).unwrap();
        storage.put_share(&share, 3).unwrap();
        drop(storage);
        let storage = open(folder.path());
        assert_eq!(storage.budget().unwrap().spent(), 3, "TR.P2");
        storage.put_share(&share, 3).unwrap();
        assert_eq!(storage.budget().unwrap().spent(), 3);
    }

    #[test]
    fn no_share_is_stored_beyond_the_budget() {
        let folder = tempfile::tempdir().unwrap();
        let storage = open(folder.path());
        let limit = storage.budget().unwrap().limit();
        let refused = storage.put_share(&message(MessageKind::Share, 4, 1), limit + 1);
        assert!(matches!(refused, Err(StorageError::Budget(_))));
        assert_eq!(storage.message(&[3; 32], MessageKind::Share).unwrap(), None);
        assert_eq!(storage.budget().unwrap().spent(), 0);
    }
}
