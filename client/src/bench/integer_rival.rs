//! tfhe-rs's integers, measured in the same run.

use super::rival::set_threads_of;
use anyhow::{Context, bail, ensure};
use tfhe::integer::prelude::ServerKeyDefaultCMux;
use tfhe::integer::{BooleanBlock, ClientKey, IntegerCiphertext, RadixCiphertext, ServerKey};
use tfhe::shortint::{self, Ciphertext};
use trine_program::ValueType;
use trine_program::operation::{bits, max_value};

/// Operations that both sides have, by the names of [`trine_program::operation`].
pub const OPERATIONS: [&str; 18] = [
    "add", "sub", "neg", "eq", "ne", "lt", "le", "gt", "ge", "min", "max", "and", "or", "xor", "not",
    "select", "cast", "sum",
];

/// A value of tfhe-rs.
pub enum Operand {
    /// One block that holds 0 or 1.
    Bool(BooleanBlock),
    /// Two bits a block, least significant first.
    Integer(RadixCiphertext, ValueType),
}

impl Operand {
    /// From its blocks.
    pub fn from_blocks(mut blocks: Vec<Ciphertext>, value_type: ValueType) -> anyhow::Result<Self> {
        if value_type != ValueType::Bool {
            return Ok(Self::Integer(RadixCiphertext::from_blocks(blocks), value_type));
        }
        let block = blocks.pop().context("a bool without a block")?;
        ensure!(blocks.is_empty(), "a bool of several blocks");
        Ok(Self::Bool(BooleanBlock::new_unchecked(block)))
    }

    /// Type of the value.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Bool(_) => ValueType::Bool,
            Self::Integer(_, value_type) => *value_type,
        }
    }

    /// Its blocks.
    pub fn blocks(&self) -> &[Ciphertext] {
        match self {
            Self::Bool(block) => std::slice::from_ref(block.as_ref()),
            Self::Integer(value, _) => value.blocks(),
        }
    }

    fn integer(&self) -> anyhow::Result<&RadixCiphertext> {
        match self {
            Self::Integer(value, _) => Ok(value),
            Self::Bool(_) => bail!("a bool where an integer is expected"),
        }
    }
}

/// An integer server key of tfhe-rs with the client key that reads what it computes.
pub struct IntegerRival<'a> {
    client: &'a ClientKey,
    server: ServerKey,
    /// Key of the same content whose threads are counted otherwise.
    shortint: shortint::ServerKey,
}

impl<'a> IntegerRival<'a> {
    /// With a server key made from the client key: a few seconds.
    pub fn new(client: &'a ClientKey) -> Self {
        let shortint = shortint::ServerKey::new(client.as_ref());
        let server = ServerKey::new_radix_server_key_from_shortint(shortint.clone());
        Self { client, server, shortint }
    }

    /// Threads of each multi-bit bootstrapping from now on.
    pub fn set_threads(&mut self, threads: usize) -> anyhow::Result<()> {
        set_threads_of(&mut self.shortint, threads)?;
        self.server = ServerKey::new_radix_server_key_from_shortint(self.shortint.clone());
        Ok(())
    }

    /// A fresh encryption.
    pub fn encrypt(&self, plaintext: u64, value_type: ValueType) -> Operand {
        match value_type {
            ValueType::Bool => Operand::Bool(self.client.encrypt_bool(plaintext == 1)),
            _ => {
                let blocks = bits(value_type).unwrap_or(0) as usize / 2;
                Operand::Integer(self.client.encrypt_radix(plaintext, blocks), value_type)
            }
        }
    }

    /// The plaintext.
    pub fn decrypt(&self, operand: &Operand) -> u64 {
        match operand {
            Operand::Bool(block) => u64::from(self.client.decrypt_bool(block)),
            Operand::Integer(value, value_type) => {
                self.client.decrypt_radix::<u64>(value) & max_value(*value_type)
            }
        }
    }

    /// The operation, by the function that the high-level types call.
    pub fn apply(&self, operation: &str, operands: &[Operand], result: ValueType) -> anyhow::Result<Operand> {
        let key = &self.server;
        let one = || operands[0].integer();
        let two = || anyhow::Ok((operands[0].integer()?, operands[1].integer()?));
        let bool = |f: &dyn Fn(&RadixCiphertext, &RadixCiphertext) -> BooleanBlock| {
            two().map(|(a, b)| Operand::Bool(f(a, b)))
        };
        let integer = |f: &dyn Fn(&RadixCiphertext, &RadixCiphertext) -> RadixCiphertext| {
            two().map(|(a, b)| Operand::Integer(f(a, b), result))
        };
        match operation {
            "add" => integer(&|a, b| key.add_parallelized(a, b)),
            "sub" => integer(&|a, b| key.sub_parallelized(a, b)),
            "and" => integer(&|a, b| key.bitand_parallelized(a, b)),
            "or" => integer(&|a, b| key.bitor_parallelized(a, b)),
            "xor" => integer(&|a, b| key.bitxor_parallelized(a, b)),
            "min" => integer(&|a, b| key.min_parallelized(a, b)),
            "max" => integer(&|a, b| key.max_parallelized(a, b)),
            "eq" => bool(&|a, b| key.eq_parallelized(a, b)),
            "ne" => bool(&|a, b| key.ne_parallelized(a, b)),
            "lt" => bool(&|a, b| key.lt_parallelized(a, b)),
            "le" => bool(&|a, b| key.le_parallelized(a, b)),
            "gt" => bool(&|a, b| key.gt_parallelized(a, b)),
            "ge" => bool(&|a, b| key.ge_parallelized(a, b)),
            "neg" => Ok(Operand::Integer(key.neg_parallelized(one()?), result)),
            "not" => Ok(Operand::Integer(key.bitnot(one()?), result)),
            "cast" => {
                let blocks = bits(result).context("a cast to an integer")? as usize / 2;
                Ok(Operand::Integer(key.cast_to_unsigned(one()?.clone(), blocks), result))
            }
            "sum" => {
                let values = operands.iter().map(Operand::integer).collect::<anyhow::Result<Vec<_>>>()?;
                let sum = key.sum_ciphertexts_parallelized(values).context("a sum of none")?;
                Ok(Operand::Integer(sum, result))
            }
            "select" => match operands {
                [Operand::Bool(condition), Operand::Integer(a, _), Operand::Integer(b, _)] => {
                    Ok(Operand::Integer(key.if_then_else_parallelized(condition, a, b), result))
                }
                _ => bail!("select takes a bool and two integers"),
            },
            _ => bail!("{operation} is not measured"),
        }
    }
}
