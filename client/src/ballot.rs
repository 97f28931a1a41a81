//! Ballots of the demonstration: one 0/1 counter for each candidate, exactly one of them 1.

use rand::{CryptoRng, RngCore};
use trine_program::{Declaration, KeyKind, LinearProgram, ProgramError, ValueType};

/// Candidates of the demonstration.
pub const CANDIDATES: u8 = 3;
/// Fewest voters.
pub const MIN_VOTERS: usize = 12;
/// Most voters: a block counts to 15.
pub const MAX_VOTERS: usize = 15;

/// What one voter chooses. The plaintext is the voter's secret; it leaves this type only to be encrypted and, in the
/// demonstration, to be summed for comparison.
pub struct Ballot {
    choice: u8,
}

impl Ballot {
    /// A uniform choice, by rejection.
    pub fn random<R: RngCore + CryptoRng>(rng: &mut R) -> Self {
        loop {
            let mut byte = [0];
            rng.fill_bytes(&mut byte);
            if byte[0] < u8::MAX - u8::MAX % CANDIDATES {
                return Self { choice: byte[0] % CANDIDATES };
            }
        }
    }

    /// One 0/1 counter for each candidate.
    pub fn counters(&self) -> Vec<u64> {
        (0..CANDIDATES).map(|c| u64::from(c == self.choice)).collect()
    }
}

/// What is declared about a ballot: a vector of counters up to 1.
pub fn declaration() -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: CANDIDATES, degree: 1 }
}

/// The program of a tally of `voters` ballots.
pub fn tally(voters: usize) -> Result<LinearProgram, ProgramError> {
    LinearProgram::sum(voters, declaration(), u8::try_from(voters).unwrap_or(u8::MAX))
}

/// Counters added candidate by candidate, from the plaintexts.
pub fn expected_totals(ballots: &[Ballot]) -> Vec<u64> {
    let mut totals = vec![0; usize::from(CANDIDATES)];
    for ballot in ballots {
        totals.iter_mut().zip(ballot.counters()).for_each(|(total, counter)| *total += counter);
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    #[test]
    fn every_ballot_counts_once() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let ballots: Vec<Ballot> = (0..300).map(|_| Ballot::random(&mut rng)).collect();
        let totals = expected_totals(&ballots);
        assert_eq!(totals.iter().sum::<u64>(), 300);
        assert!(totals.iter().all(|t| (60..=140).contains(t)), "{totals:?}");
    }

    #[test]
    fn the_tally_fits_a_block_up_to_fifteen_voters() {
        assert!(tally(MAX_VOTERS).is_ok());
        assert!(tally(MAX_VOTERS + 1).is_err());
        let program = tally(MIN_VOTERS).unwrap();
        assert_eq!((program.inputs().len(), program.outputs().len()), (12, 1));
        assert_eq!(program.outputs()[0].degree, 12);
    }
}
