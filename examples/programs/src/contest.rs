//! The largest of many values and its place: what an auction and an election have in common.

use crate::list_builder::{ListBuilder, Value};
use trine_program::value::ValueType;

/// Type of a place.
pub const PLACE: ValueType = ValueType::Uint8;

/// Who is still in the contest.
#[derive(Clone, Copy, Debug)]
pub struct Contender {
    /// Its place, from 0.
    pub place: Value,
    /// What it is compared by.
    pub score: Value,
}

/// The contender with the largest score, of equal ones the first. Duels in rounds: the depth grows with the logarithm of
/// their number. At least one score.
pub fn winner(builder: &mut ListBuilder, scores: &[Value]) -> Contender {
    let place = |place: usize| Value::constant(PLACE, place as u64);
    let numbered = scores.iter().enumerate();
    let mut round: Vec<Contender> =
        numbered.map(|(index, score)| Contender { place: place(index), score: *score }).collect();
    while round.len() > 1 {
        round = round.chunks(2).map(|pair| duel(builder, pair)).collect();
    }
    round[0]
}

/// The second of two wins only by more: it comes later.
fn duel(builder: &mut ListBuilder, pair: &[Contender]) -> Contender {
    let [first, second] = pair else { return pair[0] };
    let larger = builder.lt(first.score, second.score);
    Contender {
        place: builder.select(larger, second.place, first.place),
        score: builder.select(larger, second.score, first.score),
    }
}
