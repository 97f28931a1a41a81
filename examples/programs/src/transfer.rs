//! A private transfer: balances and amount are encrypted, and so is the answer whether the amount was covered.
//!
//! A transfer that is not covered moves nothing and looks like any other. The new balances are not made for decryption:
//! they are inputs of the next transfer. The receiver's balance wraps at the end of its type, which a bounded supply
//! excludes.

use crate::list_builder::{ListBuilder, NamedList, Value};
use crate::workload::{Size, Workload};
use rand::{Rng, RngCore};
use trine_program::operation::max_value;
use trine_program::value::ValueType;

/// A transfer.
#[derive(Clone, Copy, Debug)]
pub struct Transfer {
    /// Type of balances and amount.
    pub amount: ValueType,
}

impl Transfer {
    /// The instance of a size.
    pub const fn sized(size: Size) -> Self {
        match size {
            Size::Small => Self { amount: ValueType::Uint16 },
            Size::Normal => Self { amount: ValueType::Uint64 },
        }
    }
}

impl Workload for Transfer {
    fn name(&self) -> &'static str {
        "transfer"
    }

    fn parameters(&self) -> String {
        format!("{} balances", self.amount.name())
    }

    fn operations(&self) -> NamedList {
        let mut builder = ListBuilder::default();
        let from = builder.input("sender's balance", self.amount);
        let amount = builder.input("amount", self.amount);
        let to = builder.input("receiver's balance", self.amount);
        let covered = builder.ge(from, amount);
        let moved = builder.select(covered, amount, Value::constant(self.amount, 0));
        let from = builder.sub(from, moved);
        let to = builder.add(to, moved);
        builder.output("covered", covered, true);
        builder.output("sender's balance", from, false);
        builder.output("receiver's balance", to, false);
        builder.finish().expect("a list of three inputs")
    }

    /// Balances of at most half the type, so that no sum wraps. One amount in three is not covered, one in six is the whole
    /// balance.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64> {
        let half = max_value(self.amount) / 2;
        let (from, to) = (rng.gen_range(0..=half), rng.gen_range(0..=half));
        let amount = match rng.gen_range(0..6) {
            0 | 1 => rng.gen_range(from + 1..=half + 1),
            2 => from,
            _ => rng.gen_range(0..=from),
        };
        vec![from, amount, to]
    }

    fn model(&self, inputs: &[u64]) -> Vec<u64> {
        let (from, amount, to) = (inputs[0], inputs[1], inputs[2]);
        match from.checked_sub(amount) {
            Some(rest) => vec![1, rest, to.wrapping_add(amount) & max_value(self.amount)],
            None => vec![0, from, to],
        }
    }
}
