//! Malicious nodes as code: the honest message goes in, what the adversary sends comes out.
//!
//! Tests run committees with them; the program `trine-keyholder-adversary` is a node that behaves like one of them, for
//! attacks in demonstrations. The honest program cannot be configured to.

use crate::protocol::committee::NodeIndex;
use crate::protocol::message::{MessageKey, MessageKind, PeerMessage, SignedMessage};

/// How a malicious node departs from the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers nothing.
    Silent,
    /// Sends random shares and signs another result; two such nodes lie independently.
    Lying,
    /// Flips one bit of one component of its share.
    OneBit,
    /// Sends a share without its last component.
    WrongLength,
    /// Sends messages of the epoch before.
    StaleEpoch,
    /// Sends messages about another request.
    Replay,
    /// Sends each asker another share.
    Equivocating,
    /// Claims another squashed ciphertext.
    Substituting,
}

impl Behaviour {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Silent,
        Self::Lying,
        Self::OneBit,
        Self::WrongLength,
        Self::StaleEpoch,
        Self::Replay,
        Self::Equivocating,
        Self::Substituting,
    ];

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Lying => "lying",
            Self::OneBit => "one-bit",
            Self::WrongLength => "wrong-length",
            Self::StaleEpoch => "stale-epoch",
            Self::Replay => "replay",
            Self::Equivocating => "equivocating",
            Self::Substituting => "substituting",
        }
    }

    /// The behaviour with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|b| b.name() == name)
    }

    /// What the adversary answers to `asker` in place of an honest message; every lie is properly signed.
    pub fn answer(self, honest: PeerMessage, asker: NodeIndex, key: &MessageKey) -> Option<SignedMessage> {
        let mut message = honest;
        let is_share = message.kind == MessageKind::Share;
        match self {
            Self::Silent => return None,
            Self::Lying if !message.payload.is_empty() => {
                let node = message.node;
                randomise(&mut message.payload, &[node.get()]);
            }
            Self::OneBit if is_share => message.payload[5] ^= 4,
            Self::WrongLength if is_share => message.payload.truncate(message.payload.len() - 16),
            Self::StaleEpoch => message.context.epoch = message.context.epoch.wrapping_sub(1),
            Self::Replay => message.request_id[0] ^= 1,
            Self::Equivocating if is_share => randomise(&mut message.payload, &[asker.get(), 0xff]),
            Self::Substituting => message.squashed_digest[31] ^= 1,
            _ => {}
        }
        Some(message.sign(key))
    }
}

/// Adds what nobody else adds, so that two liars agree with nobody.
fn randomise(payload: &mut [u8], seed: &[u8]) {
    let mut noise = vec![0; payload.len()];
    blake3::Hasher::new().update(seed).finalize_xof().fill(&mut noise);
    for (byte, noise) in payload.iter_mut().zip(noise) {
        *byte ^= noise;
    }
}
