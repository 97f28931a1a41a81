//! Types of encrypted values, and what a program declares about each handle.

use serde::{Deserialize, Serialize};

/// Type of an encrypted value. A block holds two message bits and two carry bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum ValueType {
    /// One block holding 0 or 1.
    Bool = 1,
    /// Four blocks, least significant first.
    Uint8 = 2,
    /// Eight blocks.
    Uint16 = 3,
    /// Sixteen blocks.
    Uint32 = 4,
    /// Thirty-two blocks.
    Uint64 = 5,
    /// A vector of counters from 0 to 15, one a block, of any length. Ballots and totals of a tally.
    Nibbles = 6,
}

impl ValueType {
    /// All types, in the order of their codes.
    pub const ALL: [ValueType; 6] =
        [Self::Bool, Self::Uint8, Self::Uint16, Self::Uint32, Self::Uint64, Self::Nibbles];

    /// Code on chain and in layouts; at least 1, so that a declared slot is never the zero word.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.code() == code)
    }

    /// Name in program texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Nibbles => "nibbles",
        }
    }

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// Number of blocks, or `None` where the declaration chooses it.
    pub const fn fixed_blocks(self) -> Option<u8> {
        match self {
            Self::Bool => Some(1),
            Self::Uint8 => Some(4),
            Self::Uint16 => Some(8),
            Self::Uint32 => Some(16),
            Self::Uint64 => Some(32),
            Self::Nibbles => None,
        }
    }
}

/// Secret key under which a value is encrypted, and so the keyswitching key that it may enter through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum KeyKind {
    /// The key of computed values.
    Compute = 0,
    /// The key of inputs that carry a zero-knowledge proof (cast on entry).
    Casting = 1,
}

impl KeyKind {
    /// Code on chain and in layouts.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Compute),
            1 => Some(Self::Casting),
            _ => None,
        }
    }

    /// Name in program texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Casting => "casting",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Compute, Self::Casting].into_iter().find(|k| k.name() == name)
    }
}

/// Most blocks that one handle may have (6 bits of a layout entry, counted from 1).
pub const MAX_BLOCKS: u8 = 64;

/// What a program declares about one input or output handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Declaration {
    /// Type of the value.
    pub value_type: ValueType,
    /// Key it is encrypted under.
    pub key_kind: KeyKind,
    /// Number of ciphertext blocks, 1 to [`MAX_BLOCKS`].
    pub blocks: u8,
    /// Largest plaintext a block of this value holds, 1 to 15.
    pub degree: u8,
}

impl Declaration {
    /// The 16-bit layout entry: type (bits 0-5), key kind (6-7), blocks - 1 (8-13), job slot (14-15).
    /// The degree is not part of it: it is declared in the text, and recomputed by keyholders.
    pub fn layout_entry(&self, job_slot: u8) -> u16 {
        u16::from(self.value_type.code())
            | u16::from(self.key_kind.code()) << 6
            | u16::from(self.blocks - 1) << 8
            | u16::from(job_slot & 3) << 14
    }
}
