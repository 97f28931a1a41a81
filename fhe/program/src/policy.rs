//! What a linear program may release: the development policy, which each keyholder recomputes from the program text.
//!
//! Outputs of linear programs are not bootstrapped: what is decrypted carries the inputs' own noise. So they are released
//! in development mode alone; in production a release is of a circuit, under [`crate::circuit::release`].
//!
//! A proven evaluation is not yet safe to decrypt. A constant of half a step (2^58) makes the released bit the
//! sign of the noise, and ten thousand such bits give the small key; a large coefficient lifts the noise into
//! the message. Neither breaks the proof, so neither is the proof's to refuse.

use crate::linear::LinearProgram;

/// The step between two neighbouring plaintexts of a block: 2^59 (two message bits, two carry bits, one padding bit).
pub const DELTA: u64 = 1 << 59;
/// Largest plaintext of a block.
pub const MAX_DEGREE: u64 = 15;

/// Bounds of the development policy, the one for linear programs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DevelopmentPolicy {
    /// Variance of a fresh public-key encryption, as a fraction of the torus (unit: q^2).
    pub fresh_variance: f64,
    /// Largest variance that a released block may have, same unit.
    pub max_variance: f64,
}

/// Why a program's outputs are not released.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyViolation {
    /// A constant off the grid of 2^59.
    #[error("row {row}: constant {constant} is not a multiple of 2^59")]
    ConstantOffGrid {
        /// Output block.
        row: usize,
        /// Its constant.
        constant: u64,
    },
    /// The sum of |coefficient| x degree, with the constant, can leave the block.
    #[error("row {row}: degree {degree}, at most {MAX_DEGREE} fits a block")]
    DegreeTooLarge {
        /// Output block.
        row: usize,
        /// Largest plaintext it can reach.
        degree: u64,
    },
    /// The output declares less than it can reach.
    #[error("row {row}: reaches degree {reached}, but its output declares {declared}")]
    DegreeUnderstated {
        /// Output block.
        row: usize,
        /// Largest plaintext it can reach.
        reached: u64,
        /// What the text declares.
        declared: u64,
    },
    /// The noise can reach the message.
    #[error("row {row}: noise variance {variance:e} q^2, at most {max:e}")]
    NoiseTooLarge {
        /// Output block.
        row: usize,
        /// Predicted variance.
        variance: f64,
        /// Bound of the policy.
        max: f64,
    },
    /// An output that uses fewer than the stated number of inputs singles out their owners.
    #[error(
        "row {row}: combines {terms} inputs, at least {min} are needed so that no one owner's value is released"
    )]
    TooFewInputs {
        /// Output block.
        row: usize,
        /// Distinct inputs combined with a nonzero weight.
        terms: usize,
        /// Fewest that the policy takes.
        min: usize,
    },
    /// A coefficient outside the policy of tallies singles one owner out by weight.
    #[error(
        "row {row}: weight {coefficient} of input {input} isolates that input; every weight of a released row must be equal"
    )]
    IsolatingWeight {
        /// Output block.
        row: usize,
        /// The input that stands out.
        input: u8,
        /// Its weight.
        coefficient: i8,
    },
}

/// Fewest distinct inputs that a released row combines. Below it a release is a decryption of its owners' values.
pub const MIN_INPUTS: usize = 2;

impl DevelopmentPolicy {
    /// Checks every output block; the first violation is returned.
    ///
    /// Order: grid, degree, declared degree, noise, number of inputs, equal weights.
    pub fn check(&self, program: &LinearProgram) -> Result<(), PolicyViolation> {
        let declared = program
            .outputs()
            .iter()
            .flat_map(|d| std::iter::repeat_n(u64::from(d.degree), usize::from(d.blocks)));
        for ((row, content), declared) in program.rows().iter().enumerate().zip(declared) {
            let constant = content.constant;
            if !constant.is_multiple_of(DELTA) {
                return Err(PolicyViolation::ConstantOffGrid { row, constant });
            }
            let mut degree = constant / DELTA;
            let mut weight = 0.0;
            for t in &content.terms {
                let size = u64::from(t.coefficient.unsigned_abs());
                degree += size * u64::from(program.inputs()[usize::from(t.input)].degree);
                weight += size as f64;
            }
            if degree > MAX_DEGREE {
                return Err(PolicyViolation::DegreeTooLarge { row, degree });
            }
            if degree > declared {
                return Err(PolicyViolation::DegreeUnderstated { row, reached: degree, declared });
            }
            // Encryptions under one public key share that key's error: their noises add coherently at worst.
            let variance = weight * weight * self.fresh_variance;
            if variance > self.max_variance {
                return Err(PolicyViolation::NoiseTooLarge { row, variance, max: self.max_variance });
            }
            let mut inputs: Vec<u8> = content.terms.iter().map(|t| t.input).collect();
            inputs.dedup();
            if inputs.len() < MIN_INPUTS {
                return Err(PolicyViolation::TooFewInputs { row, terms: inputs.len(), min: MIN_INPUTS });
            }
            let first = content.terms[0].coefficient;
            if let Some(t) = content.terms.iter().find(|t| t.coefficient != first) {
                return Err(PolicyViolation::IsolatingWeight {
                    row,
                    input: t.input,
                    coefficient: t.coefficient,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::{LinearRow, Term};
    use crate::value::{Declaration, KeyKind, ValueType};

    const POLICY: DevelopmentPolicy = DevelopmentPolicy { fresh_variance: 1e-24, max_variance: 1e-20 };

    fn value(degree: u8) -> Declaration {
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 1, degree }
    }

    fn weighted(weights: &[i8], constant: u64, declared: u8) -> LinearProgram {
        let terms = weights
            .iter()
            .enumerate()
            .filter(|(_, w)| **w != 0)
            .map(|(i, w)| Term { input: i as u8, block: 0, coefficient: *w })
            .collect();
        LinearProgram::new(
            vec![value(1); weights.len()],
            vec![value(declared)],
            vec![LinearRow { terms, constant }],
        )
        .unwrap()
    }

    #[test]
    fn a_tally_is_released() {
        assert_eq!(POLICY.check(&LinearProgram::sum(15, value(1), 15).unwrap()), Ok(()));
        assert_eq!(POLICY.check(&weighted(&[1, 1], DELTA, 3)), Ok(()));
    }

    #[test]
    fn each_check_stops_its_attack() {
        use PolicyViolation as V;
        let half_step = weighted(&[1, 1], DELTA / 2, 15);
        assert!(matches!(POLICY.check(&half_step), Err(V::ConstantOffGrid { .. })));
        assert!(matches!(POLICY.check(&weighted(&[8, 8], 0, 15)), Err(V::DegreeTooLarge { degree: 16, .. })));
        assert!(matches!(
            POLICY.check(&weighted(&[-8, 8], 0, 15)),
            Err(V::DegreeTooLarge { degree: 16, .. })
        ));
        assert!(matches!(POLICY.check(&weighted(&[1, 1], 15 * DELTA, 15)), Err(V::DegreeTooLarge { .. })));
        assert!(matches!(POLICY.check(&weighted(&[1, 1], 0, 1)), Err(V::DegreeUnderstated { .. })));
        assert!(matches!(POLICY.check(&weighted(&[1], 0, 15)), Err(V::TooFewInputs { .. })));
        assert!(matches!(POLICY.check(&weighted(&[0, 0], 0, 15)), Err(V::TooFewInputs { terms: 0, .. })));
        // Totals below 4 in the low digit and one voter's bit in the high one.
        assert!(matches!(
            POLICY.check(&weighted(&[1, 1, 1, 4], 0, 15)),
            Err(V::IsolatingWeight { input: 3, coefficient: 4, .. })
        ));
        let tight = DevelopmentPolicy { max_variance: 1.5e-24, ..POLICY };
        assert!(matches!(tight.check(&weighted(&[1, 1], 0, 15)), Err(V::NoiseTooLarge { .. })));
    }
}
