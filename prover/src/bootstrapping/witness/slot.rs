//! Columns of one bootstrapping, from its trace. What is signed there gets its offset here.

use super::super::columns::Slot;
use trine_fhe::bootstrapping::trace::{KeyswitchColumns, RotationColumns, SwitchColumns, Trace};
use trine_verifier::bootstrapping::{Column, Family, Parameters};

/// Writes a trace of the production parameters into its slot, whose cells are zero.
pub fn fill(slot: &mut Slot<'_>, parameters: &Parameters, trace: &Trace) {
    fill_keyswitch(slot, parameters, trace.key as usize, &trace.keyswitch);
    fill_switch(slot, parameters, &trace.switch);
    fill_rotation(slot, parameters, &trace.rotation);
}

fn fill_keyswitch(slot: &mut Slot<'_>, p: &Parameters, kind: usize, columns: &KeyswitchColumns) {
    let offset = p.digit_offset() as i64;
    for level in 0..p.max_levels() {
        for (cell, digits) in
            slot.get_mut(Column::KeyswitchDigit(level as u8)).iter_mut().zip(&columns.digits)
        {
            *cell = (i64::from(digits[level]) + offset) as u32;
        }
    }
    let bits = p.keyswitching[kind].remainder_bits();
    for (cell, remainder) in slot.get_mut(Column::Tie).iter_mut().zip(&columns.remainders) {
        *cell = (remainder >> bits) as u32;
    }
    let remainders = columns.remainders.iter().map(|remainder| remainder & ((1 << bits) - 1));
    slot.write(p, Family::KeyswitchRemainder, 0, remainders);
    let carries = offset_carries(&columns.carries, p, p.combination_carry_limbs());
    slot.write(p, Family::KeyswitchCarry, 0, carries);
}

fn fill_switch(slot: &mut Slot<'_>, p: &Parameters, columns: &SwitchColumns) {
    for (cell, exponent) in slot.get_mut(Column::Exponent).iter_mut().zip(&columns.exponents) {
        *cell = u32::from(*exponent);
    }
    slot.write(p, Family::SwitchRemainder, 0, columns.remainders.iter().copied());
    let carries = offset_carries(&columns.carries, p, p.switch_carry_limbs());
    slot.write(p, Family::SwitchCarry, 0, carries);
}

/// Steps 1 to G + 1; row 0 and those past the output stay zero, offsets included.
fn fill_rotation(slot: &mut Slot<'_>, p: &Parameters, columns: &RotationColumns) {
    let first = 2 * p.n();
    let half = 1i64 << (p.base_bits - 1);
    let digits = columns.digits.iter().map(move |digit| (i64::from(*digit) + half) as u64);
    slot.write(p, Family::Digit, first, digits);
    slot.write(p, Family::Remainder, first, columns.remainders.iter().copied());
    let carries = offset_carries(&columns.carries, p, p.accumulator_carry_limbs());
    slot.write(p, Family::Carry, first, carries);
}

fn offset_carries<'a>(
    carries: &'a [i64],
    p: &Parameters,
    limbs: usize,
) -> impl Iterator<Item = u64> + Clone + use<'a> {
    let offset = p.carry_offset(limbs) as i64;
    carries.iter().map(move |carry| (carry + offset) as u64)
}
