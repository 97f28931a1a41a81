//! A tally that names the winner: ballots of one 0/1 counter a candidate, of which only the winner and its votes are
//! decrypted.
//!
//! The totals of the others never leave the ciphertext. Nothing here excludes a ballot with several ones: in an
//! application a proof about each input does, or a vote would count for several candidates.

use crate::contest;
use crate::list_builder::{ListBuilder, NamedList, Value};
use crate::workload::{Size, Workload};
use rand::{Rng, RngCore};
use trine_program::value::ValueType;

/// Type of a total: up to 255 votes.
const TOTAL: ValueType = ValueType::Uint8;

/// A tally.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    /// Voters; a list takes 64 inputs, one for each voter and candidate.
    pub voters: usize,
    /// Candidates.
    pub candidates: usize,
}

impl Tally {
    /// The instance of a size.
    pub const fn sized(size: Size) -> Self {
        match size {
            Size::Small => Self { voters: 5, candidates: 3 },
            Size::Normal => Self { voters: 16, candidates: 4 },
        }
    }
}

impl Workload for Tally {
    fn name(&self) -> &'static str {
        "tally"
    }

    fn parameters(&self) -> String {
        format!("{} voters, {} candidates", self.voters, self.candidates)
    }

    fn operations(&self) -> NamedList {
        let mut builder = ListBuilder::default();
        let mut totals = Vec::with_capacity(self.candidates);
        for candidate in 0..self.candidates {
            let mut votes: Vec<Value> = Vec::with_capacity(self.voters);
            for voter in 0..self.voters {
                let vote = builder.input(format!("voter {voter} for {candidate}"), ValueType::Bool);
                votes.push(builder.cast(vote, TOTAL));
            }
            totals.push(builder.sum(&votes));
        }
        let elected = contest::winner(&mut builder, &totals);
        builder.output("winner", elected.place, true);
        builder.output("votes", elected.score, true);
        builder.finish().expect("a list of at most 64 inputs")
    }

    /// One vote each, for a uniform candidate; candidate by candidate, as the list declares its inputs.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64> {
        let choices: Vec<usize> = (0..self.voters).map(|_| rng.gen_range(0..self.candidates)).collect();
        let votes = |candidate| choices.iter().map(move |choice| u64::from(*choice == candidate));
        (0..self.candidates).flat_map(votes).collect()
    }

    fn model(&self, inputs: &[u64]) -> Vec<u64> {
        let totals: Vec<u64> = inputs.chunks(self.voters).map(|votes| votes.iter().sum()).collect();
        let most = totals.iter().copied().max().unwrap_or(0);
        let first = totals.iter().position(|total| *total == most).unwrap_or(0);
        vec![first as u64, most]
    }
}
