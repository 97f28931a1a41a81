//! One error of an evaluation. Everything downstream of it is consistent with it, and carries absorb what they can: what is
//! not divisible by 2^64 they absorb as field elements.

/// A row of the rotation's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub slot: usize,
    pub step: usize,
    pub u: usize,
    pub j: usize,
}

/// A row of the modulus switch's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub slot: usize,
    pub step: usize,
    pub subset: usize,
}

/// A row of the keyswitch's columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub slot: usize,
    pub j: usize,
}

/// Whether a value that is too large stays inside its limbs, or leaves the range table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    InsideLimbs,
    Outside,
}

/// An error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Digit + 1, nothing compensating.
    Digit(Row),
    /// Digit + 1, the carry compensating in the field.
    DigitCarry(Row),
    /// Digit + 2^b, carry - 1.
    DigitHigh(Row, Place),
    /// Digit - 1, remainder + 2^R.
    Remainder(Row, Place),
    /// Two neighbouring remainders are the look-up challenge of [`trine_verifier::bootstrapping::lookup::EARLY_ALPHA`].
    Alpha(Row),
    /// Junk in a row of step 0.
    MaskedRow,
    /// Exponent + 1, nothing compensating.
    Exponent(Choice),
    /// Exponent + 1, the remainder compensating in the field.
    ExponentRemainder(Choice),
    /// Exponent + 1, the carry compensating in the field.
    ExponentCarry(Choice),
    /// Exponent - 1, remainder + 2^S inside its limbs.
    ExponentInside(Choice),
    /// Rotation by another exponent than the committed one.
    OtherExponent(Choice),
    /// A box of the table of a bootstrapping is another.
    Table(usize),
    /// Bootstrappings 0 and 1 swap their tables.
    SwappedTables,
    /// The last group is skipped.
    Truncated,
    /// The other keyswitching key than the program names, with its digits.
    Kind(usize),
    /// Digits by the program's key, words of the other key.
    OtherWords(usize),
    /// Digits of equal value that are no decomposition under the slot's key.
    OtherDigits(Word),
    /// Digits of the state - 1, remainder + 2^R.
    State(Word, Place),
    /// Digits of the state + 1, the carry compensating in the field.
    StateCarry(Word),
    /// Committed digits are right, others enter the keyswitch.
    ProductDigits(Word),
    /// At a tie: the other digits with the other bit, the remainder compensating inside its limbs.
    Tie(Word),
    /// At a tie: the other digits with the same bit.
    TieDigits(Word),
    /// Extraction from a bootstrapping with a wrong sign.
    Sign(usize),
    /// Extraction from a bootstrapping one coefficient on.
    Offset(usize),
    /// An output word + 1.
    Output,
    /// An output word + 2^64, its carry one higher.
    Noncanonical(Place),
    /// The first block is any chosen ciphertext, carries compensating in the field.
    Chosen(Vec<u64>),
    /// Junk above the body of an output block.
    PaddingWord,
    /// 2^64 above the body of an output block, its carry one higher.
    PaddingCarry,
    /// A word in the unused block of an output handle.
    UnusedBlock,
    /// An output handle with a word beyond its layout, its sum over the blocks unchanged.
    Tail,
    /// An output handle that is not the range-checked words.
    Handle,
}
