//! Columns, and the families of range-checked ones.

use super::parameters::{KEY_KINDS, Parameters};

/// A column. Limbs are numbered from the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// Bootstrapping digit plus half its range, by (j, u, step, bootstrapping).
    Digit(u8),
    /// Remainder of the bootstrapping digit.
    Remainder(u8),
    /// Carry of the accumulator plus its offset.
    Carry(u8),
    /// Exponent of the rotation, by (subset, step, bootstrapping).
    Exponent,
    /// Remainder of the modulus switch.
    SwitchRemainder(u8),
    /// Carry of the modulus switch plus its offset.
    SwitchCarry(u8),
    /// Keyswitch digit of a level, the least significant level first, plus the digits' offset, by (j, bootstrapping).
    KeyswitchDigit(u8),
    /// Top bit of the keyswitch remainder: the inverse of the bit that resolves ties.
    Tie,
    /// The other bits of the keyswitch remainder.
    KeyswitchRemainder(u8),
    /// Carry of the keyswitch input plus its offset.
    KeyswitchCarry(u8),
    /// Output words, by (t, output block).
    Word(u8),
    /// Carry of the output words plus its offset.
    WordCarry(u8),
    /// How often each value of the range table is looked up.
    RangeMultiplicity,
    /// How often each decomposition of a keyswitching key is looked up.
    KeyswitchMultiplicity(u8),
    /// How often each exponent is looked up.
    ExponentMultiplicity,
    /// `v`: `W_x[exponent]`, committed in the second round.
    Rotation,
    /// Words of the bootstrapping key, by (j, c, u, subset, step).
    BootstrappingKey,
    /// Words of a keyswitching key, by (k, step, level, j): word `4 (step - 1) + k`, the body at step 0.
    KeyswitchingKey(u8),
    /// Words of an input handle.
    Input(u8),
    /// Words of an output handle.
    Output(u8),
    /// Public: 1 in the rows of steps 1 to G + 1, in the layout of [`Column::Digit`].
    Mask,
    /// Public: the boxes of the tables, as digits of step 0.
    Table,
}

/// The families of range-checked columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// [`Column::Digit`].
    Digit,
    /// [`Column::Remainder`].
    Remainder,
    /// [`Column::Carry`].
    Carry,
    /// [`Column::SwitchRemainder`].
    SwitchRemainder,
    /// [`Column::SwitchCarry`].
    SwitchCarry,
    /// [`Column::KeyswitchRemainder`].
    KeyswitchRemainder,
    /// [`Column::KeyswitchCarry`].
    KeyswitchCarry,
    /// [`Column::Word`].
    Word,
    /// [`Column::WordCarry`].
    WordCarry,
}

impl Family {
    /// All families, in the order of their columns.
    pub const ALL: [Self; 9] = [
        Self::Digit,
        Self::Remainder,
        Self::Carry,
        Self::SwitchRemainder,
        Self::SwitchCarry,
        Self::KeyswitchRemainder,
        Self::KeyswitchCarry,
        Self::Word,
        Self::WordCarry,
    ];

    /// The column of a limb.
    pub const fn limb(self, k: u8) -> Column {
        match self {
            Self::Digit => Column::Digit(k),
            Self::Remainder => Column::Remainder(k),
            Self::Carry => Column::Carry(k),
            Self::SwitchRemainder => Column::SwitchRemainder(k),
            Self::SwitchCarry => Column::SwitchCarry(k),
            Self::KeyswitchRemainder => Column::KeyswitchRemainder(k),
            Self::KeyswitchCarry => Column::KeyswitchCarry(k),
            Self::Word => Column::Word(k),
            Self::WordCarry => Column::WordCarry(k),
        }
    }

    /// Whether the family is a carry: any range that the identities leave room for is sound.
    pub const fn is_carry(self) -> bool {
        matches!(self, Self::Carry | Self::SwitchCarry | Self::KeyswitchCarry | Self::WordCarry)
    }

    /// Bits of the values under the compute and under the casting key: the range that look-ups enforce.
    pub const fn bits(self, p: &Parameters) -> [usize; KEY_KINDS] {
        let [compute, casting] = p.keyswitching;
        let bits = match self {
            Self::Digit => p.base_bits,
            Self::Remainder => p.remainder_bits(),
            Self::Carry => p.limb_bits * p.accumulator_carry_limbs(),
            Self::SwitchRemainder => p.switch_bits(),
            Self::SwitchCarry => p.limb_bits * p.switch_carry_limbs(),
            Self::KeyswitchRemainder => return [compute.remainder_bits(), casting.remainder_bits()],
            Self::KeyswitchCarry | Self::WordCarry => p.limb_bits * p.combination_carry_limbs(),
            Self::Word => 64,
        };
        [bits, bits]
    }

    /// Limbs of the family: enough for the wider of the two ranges.
    pub const fn limbs(self, p: &Parameters) -> usize {
        let [compute, casting] = self.bits(p);
        (if compute > casting { compute } else { casting }).div_ceil(p.limb_bits)
    }

    /// How far each limb is shifted for its second look-up, under either key: 0 where the limb has full width.
    ///
    /// A limb of fewer bits than the table's is looked up twice, the second time shifted up by the difference.
    pub const fn shifts(self, p: &Parameters, limb: usize) -> [usize; KEY_KINDS] {
        let [compute, casting] = self.bits(p);
        [narrow(compute, limb, p.limb_bits), narrow(casting, limb, p.limb_bits)]
    }
}

/// Bits that limb `limb` of a value of `bits` bits lacks to the full width.
const fn narrow(bits: usize, limb: usize, width: usize) -> usize {
    width.saturating_sub(bits.saturating_sub(limb * width))
}
