//! An election: ballots of one bool a candidate, of which only the winner is decrypted. No total ever leaves the
//! ciphertext.
//!
//! On chain it runs as a circuit that is lowered by hand ([`crate::plurality`]): one proof is of sixteen bootstrappings.
//! Nothing here excludes a ballot with several ones: in an application a proof about each input does, or a vote would
//! count for several candidates.

use crate::contest;
use crate::list_builder::{ListBuilder, NamedList, Value as ListValue};
use crate::plurality;
use crate::workload::{Size, Workload};
use rand::{Rng, RngCore};
use trine_program::Circuit;
use trine_program::lowering::{Builder, Form, LoweringError, Value, assemble};
use trine_program::value::ValueType;

/// Type of a total in the operation list: up to 255 votes.
const TOTAL: ValueType = ValueType::Uint8;

/// An election.
#[derive(Clone, Copy, Debug)]
pub struct Election {
    /// Voters, [`plurality::MAX_BALLOTS`] at most.
    pub voters: usize,
    /// Candidates, [`plurality::MAX_ROWS`] at most.
    pub candidates: usize,
}

impl Election {
    /// The instance of a size.
    pub const fn sized(size: Size) -> Self {
        match size {
            Size::Small => Self { voters: 12, candidates: 3 },
            Size::Normal => Self { voters: 12, candidates: 5 },
        }
    }

    /// Inputs of ballots for these candidates, one each: candidate by candidate, as the list declares them.
    pub fn inputs(&self, choices: &[usize]) -> Vec<u64> {
        let votes = |candidate| choices.iter().map(move |choice| u64::from(*choice == candidate));
        (0..self.candidates).flat_map(votes).collect()
    }
}

impl Workload for Election {
    fn name(&self) -> &'static str {
        "election"
    }

    fn parameters(&self) -> String {
        format!("{} voters, {} candidates", self.voters, self.candidates)
    }

    fn operations(&self) -> NamedList {
        let mut builder = ListBuilder::default();
        let mut totals = Vec::with_capacity(self.candidates);
        for candidate in 0..self.candidates {
            let mut votes: Vec<ListValue> = Vec::with_capacity(self.voters);
            for voter in 0..self.voters {
                let vote = builder.input(format!("voter {voter} for {candidate}"), ValueType::Bool);
                votes.push(builder.cast(vote, TOTAL));
            }
            totals.push(builder.sum(&votes));
        }
        let elected = contest::winner(&mut builder, &totals);
        builder.output("winner", elected.place, true);
        builder.finish().expect("a list of at most 64 inputs")
    }

    fn circuit(&self) -> Result<Circuit, LoweringError> {
        let list = self.operations().list;
        let mut builder = Builder::new(list.inputs());
        let ballots: Vec<Form> =
            (0..list.inputs().len()).flat_map(|handle| builder.input(handle).blocks).collect();
        let rows: Vec<Vec<Form>> = ballots.chunks(self.voters).map(<[Form]>::to_vec).collect();
        let place = plurality::most_ones(&mut builder, &rows);
        let mut winner = Value::constant(contest::PLACE, 0);
        winner.blocks[0] = place;
        let winner = builder.bootstrapped(&winner);
        assemble(&builder, &[winner])
    }

    /// One vote each, for a uniform candidate.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64> {
        let choices: Vec<usize> = (0..self.voters).map(|_| rng.gen_range(0..self.candidates)).collect();
        self.inputs(&choices)
    }

    fn model(&self, inputs: &[u64]) -> Vec<u64> {
        let totals: Vec<u64> = inputs.chunks(self.voters).map(|votes| votes.iter().sum()).collect();
        let most = totals.iter().copied().max().unwrap_or(0);
        vec![totals.iter().position(|total| *total == most).unwrap_or(0) as u64]
    }
}
