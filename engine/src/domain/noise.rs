//! Noise and range of stored values: what decides whether a circuit may run on them.

use serde::{Deserialize, Serialize};
use trine_program::circuit::HandleRecord;
use trine_program::policy::{DELTA, MAX_DEGREE};
use trine_program::{Declaration, LinearProgram, LinearRow, ValueType};

/// Of the worst block of a value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoiseRecord {
    /// tfhe-rs's noise level: 1 for a fresh encryption and for an output of bootstrapping.
    pub level: u8,
    /// Variance, as a fraction of the torus (unit: q^2).
    pub variance: f64,
    /// Largest plaintext.
    pub degree: u8,
}

impl NoiseRecord {
    /// Of an upload. That it is a fresh encryption of two message bits (one for a bool) is the uploader's claim: a false
    /// one garbles what is computed from it.
    pub fn fresh(value_type: ValueType) -> Self {
        let degree = if value_type == ValueType::Bool { 1 } else { 3 };
        Self { level: 1, variance: trine_fhe::noise::fresh_variance(), degree }
    }

    /// Of an output of a circuit.
    pub fn of_output(record: &HandleRecord) -> Self {
        Self { level: record.noise_level, variance: record.variance, degree: record.degree }
    }

    /// Of a value that no circuit takes: its level is above every bound.
    pub const fn of_no_operand(degree: u8) -> Self {
        Self { level: u8::MAX, variance: 0.0, degree }
    }

    /// Of each output of a linear program. Terms may depend on each other, so deviations add up. An output that can leave
    /// its blocks, or stands between two plaintexts, gets a level that no circuit takes.
    pub fn of_linear(program: &LinearProgram, inputs: &[Self]) -> Vec<Self> {
        let of_output = |rows: &[LinearRow]| {
            let each = rows.iter().map(|row| Self::of_row(row, inputs));
            each.fold(Self { level: 1, variance: 0.0, degree: 1 }, |worst, row| Self {
                level: worst.level.max(row.level),
                variance: worst.variance.max(row.variance),
                degree: worst.degree.max(row.degree),
            })
        };
        program.rows_by_output().map(of_output).collect()
    }

    fn of_row(row: &LinearRow, inputs: &[Self]) -> Self {
        let (mut level, mut deviation, mut degree) = (0, 0.0, row.constant / DELTA);
        let mut fits = row.constant.is_multiple_of(DELTA);
        for term in &row.terms {
            let weight = u64::from(term.coefficient.unsigned_abs());
            let Some(input) = inputs.get(usize::from(term.input)) else { continue };
            level += weight * u64::from(input.level);
            degree += weight * u64::from(input.degree);
            deviation += weight as f64 * input.variance.sqrt();
            fits &= term.coefficient > 0;
        }
        fits &= degree <= MAX_DEGREE;
        Self {
            level: u8::try_from(level).ok().filter(|_| fits).unwrap_or(u8::MAX),
            variance: deviation * deviation,
            degree: degree.min(MAX_DEGREE) as u8,
        }
    }

    /// The record that circuits are checked with.
    pub fn handle_record(&self, declaration: &Declaration) -> HandleRecord {
        HandleRecord {
            value_type: declaration.value_type,
            key_kind: declaration.key_kind,
            blocks: declaration.blocks,
            degree: self.degree,
            noise_level: self.level,
            variance: self.variance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_program::{KeyKind, Term};

    fn output(weights: [i8; 2], constant: u64, inputs: &[NoiseRecord; 2]) -> NoiseRecord {
        let value =
            Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree: 3 };
        let term = |input| Term { input, block: 0, coefficient: weights[usize::from(input)] };
        let row = LinearRow { terms: vec![term(0), term(1)], constant };
        let program = LinearProgram::new(vec![value; 2], vec![value], vec![row]).unwrap();
        NoiseRecord::of_linear(&program, inputs)[0]
    }

    #[test]
    fn linear_programs_add_levels_deviations_and_degrees() {
        let fresh = NoiseRecord::fresh(ValueType::Nibbles);
        let doubled = NoiseRecord { level: 2, variance: 4.0 * fresh.variance, ..fresh };
        let sum = output([2, 1], DELTA, &[fresh, doubled]);
        assert_eq!((sum.level, sum.degree), (4, 10), "whatever the program declares");
        assert!((sum.variance / fresh.variance - 16.0).abs() < 1e-9);
    }

    #[test]
    fn no_circuit_takes_what_can_leave_its_block() {
        let fresh = NoiseRecord::fresh(ValueType::Nibbles);
        for (weights, constant) in [([1, -1], 0), ([1, 1], DELTA / 2), ([1, 1], 10 * DELTA), ([3, 3], 0)] {
            assert_eq!(output(weights, constant, &[fresh; 2]).level, u8::MAX, "{weights:?} {constant}");
        }
    }
}
