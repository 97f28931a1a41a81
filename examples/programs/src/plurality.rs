//! The place of the most ones among rows of bools, lowered by hand: what an election is on chain.
//!
//! A noise level of 5 and sixteen plaintexts bound every lookup, so totals of twelve ballots are compared in two steps.
//! For `a > b` the row of a is a total, that of b is digits, `b = 3 high + low`:
//!
//! - `reached = floor((a - low - 1) / 3)` from -2 to 12, one lookup; then `a > b` exactly if `reached >= high`;
//! - `reached - high`, minus 5 where an earlier comparison failed, is looked up for the sign: conjunctions cost nothing.
//!
//! Ballots are added five to a lookup, the last ones as they are. The digits come from the sums of five at once where
//! the total is not needed too, else from the total. Twelve ballots of three rows take 2 + 4 + 3 lookups for totals and
//! digits, two for each of the three comparisons and one for the place: 16.

use trine_program::lowering::{Builder, Form};

/// Most ballots of a row: two sums of five and two ballots have a noise level of 4, which leaves room for a digit.
pub const MAX_BALLOTS: usize = 12;
/// Most rows: their places fit a block beside a flag.
pub const MAX_ROWS: usize = 5;

/// Ballots that one lookup adds: the bound of the noise level.
const CHUNK: usize = 5;
/// Highest noise level of a total.
const TOTAL_LEVEL: usize = 4;
/// Base of the digits: those of twelve ballots add up to at most 6, so that digit and carry share a table.
const BASE: i32 = 3;
/// More than a digit above another.
const FAILED: i32 = 5;

/// A number as `BASE * high + low`.
struct Digits {
    low: Form,
    high: Form,
}

/// The place of the row with the most ones, of equal ones the first, as one block. Rows are fresh bools or lookups of
/// bools: [`MAX_ROWS`] of [`MAX_BALLOTS`] at most.
///
/// A row is the best so far if it has more ones than every row before it; the last of these is the answer.
pub fn most_ones(builder: &mut Builder, rows: &[Vec<Form>]) -> Form {
    let mut place = Form::constant(0);
    let mut before: Vec<Digits> = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let is_last = index + 1 == rows.len();
        if index == 0 {
            before.push(digits_of_ballots(builder, row));
            continue;
        }
        let total = total(builder, row);
        let best = beats_all(builder, &total, &before);
        if !is_last {
            before.push(digits_of_total(builder, &total));
        }
        place = chosen(builder, &best, index as i32, &place);
    }
    place
}

/// `if best { index } else { place }` for a place below the index.
fn chosen(builder: &mut Builder, best: &Form, index: i32, place: &Form) -> Form {
    let packed = builder.fit(&[(1, place), (index, best)]);
    builder.relabel(&packed, |v| v.min(index))
}

/// Whether the total is larger than each of the numbers.
fn beats_all(builder: &mut Builder, total: &Form, others: &[Digits]) -> Form {
    let mut wins = Form::constant(1);
    for other in others {
        let above_low = builder.fit(&[(1, total), (-1, &other.low)]);
        let reached = builder.lookup(&above_low, |v| (v - 1).div_euclid(BASE));
        let penalty = builder.relabel(&wins, |won| FAILED * (won - 1));
        let lead = builder.fit(&[(1, &reached), (-1, &other.high), (1, &penalty)]);
        wins = builder.lookup(&lead, |v| i32::from(v >= 0));
    }
    wins
}

/// Sums of [`CHUNK`] ballots that are looked up, and the ballots that are added as they are.
fn chunks(row: &[Form]) -> (Vec<Form>, &[Form]) {
    let count = (0..).find(|m| m + row.len().saturating_sub(CHUNK * m) <= TOTAL_LEVEL).unwrap_or(0);
    let (looked_up, rest) = row.split_at(row.len().min(CHUNK * count));
    (looked_up.chunks(CHUNK).map(sum).collect(), rest)
}

fn sum(forms: &[Form]) -> Form {
    forms.iter().fold(Form::constant(0), |sum, form| sum.plus(1, form))
}

/// The ones of a row, of a noise level of at most [`TOTAL_LEVEL`].
fn total(builder: &mut Builder, row: &[Form]) -> Form {
    let (looked_up, rest) = chunks(row);
    looked_up.iter().fold(sum(rest), |total, chunk| total.plus(1, &builder.lookup(chunk, |v| v)))
}

fn digits_of_total(builder: &mut Builder, total: &Form) -> Digits {
    Digits { low: builder.lookup(total, |v| v % BASE), high: builder.lookup(total, |v| v / BASE) }
}

/// Digits of the ones of a row: those of its parts added, then the carry.
fn digits_of_ballots(builder: &mut Builder, row: &[Form]) -> Digits {
    let (looked_up, rest) = chunks(row);
    let (mut low, mut high) = (sum(rest), Form::constant(0));
    for chunk in &looked_up {
        low = low.plus(1, &builder.lookup(chunk, |v| v % BASE));
        high = high.plus(1, &builder.lookup(chunk, |v| v / BASE));
    }
    let carry = builder.lookup(&low, |v| v / BASE);
    Digits { low: builder.lookup(&low, |v| v % BASE), high: high.plus(1, &carry) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_program::Circuit;
    use trine_program::circuit::interpret;
    use trine_program::lowering::{Value, assemble};
    use trine_program::operation::OperationInput;
    use trine_program::value::{Declaration, KeyKind, ValueType};

    /// The circuit of a contest of so many rows of so many ballots each.
    fn circuit(rows: usize, ballots: usize) -> Circuit {
        let declaration =
            Declaration { value_type: ValueType::Bool, key_kind: KeyKind::Compute, blocks: 1, degree: 1 };
        let mut builder = Builder::new(&vec![OperationInput { declaration, noise_level: 1 }; rows * ballots]);
        let inputs: Vec<Form> = (0..rows * ballots).map(|i| builder.input(i).blocks[0].clone()).collect();
        let rows: Vec<Vec<Form>> = inputs.chunks(ballots).map(<[Form]>::to_vec).collect();
        let place = most_ones(&mut builder, &rows);
        let mut place = Value { value_type: ValueType::Uint8, blocks: vec![place; 1] };
        place.blocks.resize(4, Form::constant(0));
        let place = builder.bootstrapped(&place);
        assemble(&builder, &[place]).unwrap()
    }

    fn assert_elects(circuit: &Circuit, ballots: usize, totals: &[usize]) {
        let rows = totals.iter().flat_map(|ones| (0..ballots).map(move |b| vec![u8::from(b < *ones)]));
        let outputs = interpret(circuit, &rows.collect::<Vec<_>>()).unwrap();
        let most = totals.iter().max().unwrap();
        let first = totals.iter().position(|total| total == most).unwrap();
        assert_eq!(outputs, [[first as u8, 0, 0, 0]], "{totals:?} of {ballots}");
    }

    /// Every pair, and every triple, of totals. A total's parts are added from the first ballot on, so that every sum of
    /// five takes all its values.
    #[test]
    fn all_totals_of_few_rows() {
        for ballots in 1..=MAX_BALLOTS {
            let (two, three) = (circuit(2, ballots), circuit(3, ballots));
            for a in 0..=ballots {
                for b in 0..=ballots {
                    assert_elects(&two, ballots, &[a, b]);
                    for c in 0..=ballots {
                        assert_elects(&three, ballots, &[a, b, c]);
                    }
                }
            }
        }
    }

    #[test]
    fn four_rows_and_five() {
        for rows in [4, MAX_ROWS] {
            let (ballots, mut state) = (MAX_BALLOTS, 1u64);
            let circuit = circuit(rows, ballots);
            for _ in 0..2000 {
                let draw = |_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 33) as usize % (ballots + 1)
                };
                assert_elects(&circuit, ballots, &(0..rows).map(draw).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn twelve_ballots_of_three_rows_fit_a_proof() {
        assert_eq!(circuit(3, MAX_BALLOTS).bootstrappings().len(), 16);
    }
}
