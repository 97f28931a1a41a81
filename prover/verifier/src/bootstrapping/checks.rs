//! The checks of the verifier by name, and the switch that tests use to show that each is needed.

use super::shape::Family;
use std::collections::BTreeSet;

/// A check of the verifier. A linear claim is the check that its value is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// PB.T1: the statement is absorbed before anything is drawn.
    Statement,
    /// PB.A2: the accumulator's claim.
    Accumulator,
    /// PB.A4: the accumulator's sumcheck ends in its two factors.
    AccumulatorFinal,
    /// PB.B1: digits in the evaluation basis are those of the columns.
    Digits,
    /// PB.C2: the combined key's sumcheck ends in its two factors.
    KeyFinal,
    /// PB.C3: the key is the registered one.
    Key,
    /// PB.D2: powers of the rotation are those of `v`.
    Rotation,
    /// PB.E2: the modulus switch.
    Switch,
    /// PB.E4: its sumcheck ends in its two factors.
    SwitchFinal,
    /// PB.E5: its digits are those of the columns.
    SwitchDigits,
    /// PB.E6: its key is the registered one.
    SwitchKey,
    /// PB.F2: digits decompose the keyswitch's input.
    Keyswitch,
    /// PB.G2: output words are the linear combinations.
    Outputs,
    /// PB.O2: output handles hold the output words and nothing else.
    OutputHandles,
    /// PB.H1: a family's limbs are in the range table.
    Range(Family),
    /// PB.H1: a family's narrow limbs are in it when shifted up.
    Narrow(Family),
    /// PB.H1: keyswitch digits are decompositions.
    Decompositions,
    /// PB.H1: of the key that the program names.
    DecompositionKey,
    /// PB.H1: `v` belongs to its exponent.
    Exponents,
    /// PB.H1: the look-up challenges are drawn after everything that is looked up.
    LateChallenges,
    /// PB.H2: the sum of all fractions vanishes.
    RootNumerator,
    /// PB.H3: no denominator is zero.
    RootDenominator,
    /// PB.H4: each layer follows from its children.
    Layer,
    /// PB.H5: the leaves are those of the columns.
    Leaves,
    /// PB.I3: the opened values satisfy all claims.
    Reduction,
}

impl Check {
    /// All checks.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Statement,
            Self::Accumulator,
            Self::AccumulatorFinal,
            Self::Digits,
            Self::KeyFinal,
            Self::Key,
            Self::Rotation,
            Self::Switch,
            Self::SwitchFinal,
            Self::SwitchDigits,
            Self::SwitchKey,
            Self::Keyswitch,
            Self::Outputs,
            Self::OutputHandles,
        ];
        all.extend(Family::ALL.map(Self::Range));
        all.extend(NARROW.map(Self::Narrow));
        all.extend([
            Self::Decompositions,
            Self::DecompositionKey,
            Self::Exponents,
            Self::LateChallenges,
            Self::RootNumerator,
            Self::RootDenominator,
            Self::Layer,
            Self::Leaves,
            Self::Reduction,
        ]);
        all
    }
}

/// Families with exact ranges, whose top limb may be narrow.
pub const NARROW: [Family; 5] =
    [Family::Digit, Family::Remainder, Family::SwitchRemainder, Family::KeyswitchRemainder, Family::Word];

/// Which checks are made. Whoever accepts proofs makes all of them: [`Checks::ALL`].
///
/// Tests switch single checks off, in prover and verifier alike, to show that some false proof is then accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    off: BTreeSet<Check>,
}

impl Checks {
    /// All checks.
    pub const ALL: Self = Self { off: BTreeSet::new() };

    /// All but these: for tests of the verifier alone.
    #[doc(hidden)]
    pub fn without(off: &[Check]) -> Self {
        Self { off: off.iter().copied().collect() }
    }

    /// Whether a check is made.
    pub fn makes(&self, check: Check) -> bool {
        !self.off.contains(&check)
    }
}
