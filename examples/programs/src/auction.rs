//! A sealed-bid auction: the highest bid and who made it are decrypted, the others stay sealed.
//!
//! Of equal bids the first wins.

use crate::contest;
use crate::list_builder::{ListBuilder, NamedList, Value};
use crate::workload::{Size, Workload};
use rand::{Rng, RngCore};
use trine_program::operation::max_value;
use trine_program::value::ValueType;

/// An auction.
#[derive(Clone, Copy, Debug)]
pub struct Auction {
    /// Bidders, one input each.
    pub bidders: usize,
    /// Type of a bid.
    pub bid: ValueType,
}

impl Auction {
    /// The instance of a size.
    pub const fn sized(size: Size) -> Self {
        match size {
            Size::Small => Self { bidders: 4, bid: ValueType::Uint8 },
            Size::Normal => Self { bidders: 16, bid: ValueType::Uint32 },
        }
    }
}

impl Workload for Auction {
    fn name(&self) -> &'static str {
        "auction"
    }

    fn parameters(&self) -> String {
        format!("{} bidders, {} bids", self.bidders, self.bid.name())
    }

    fn operations(&self) -> NamedList {
        let mut builder = ListBuilder::default();
        let input = |bidder| builder.input(format!("bid {bidder}"), self.bid);
        let bids: Vec<Value> = (0..self.bidders).map(input).collect();
        let best = contest::winner(&mut builder, &bids);
        builder.output("bidder", best.place, true);
        builder.output("bid", best.score, true);
        builder.finish().expect("a list of at most 64 inputs")
    }

    /// Uniform bids; now and then one is equal to another.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64> {
        let mut bids: Vec<u64> = Vec::with_capacity(self.bidders);
        for bidder in 0..self.bidders {
            let repeats = bidder > 0 && rng.gen_ratio(1, 4);
            let bid =
                if repeats { bids[rng.gen_range(0..bidder)] } else { rng.gen_range(0..=max_value(self.bid)) };
            bids.push(bid);
        }
        bids
    }

    fn model(&self, inputs: &[u64]) -> Vec<u64> {
        let mut best = (0, inputs[0]);
        for (bidder, bid) in inputs.iter().enumerate() {
            if *bid > best.1 {
                best = (bidder, *bid);
            }
        }
        vec![best.0 as u64, best.1]
    }
}
