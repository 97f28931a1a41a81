//! Programs that must not be released, or not even be read.

use trine_program::{LinearProgram, LinearRow, ProgramError, Term};

/// Weight that lifts one voter's ballot out of the sum: totals below 4 stay apart from it.
const ISOLATING: i8 = 4;

/// The tally with one input weighted so that its owner's value can be read off the total.
pub fn isolating(tally: &LinearProgram) -> Result<LinearProgram, ProgramError> {
    rebuilt(tally, |row| LinearRow {
        terms: row
            .terms
            .iter()
            .enumerate()
            .map(|(i, t)| Term { coefficient: if i == 0 { ISOLATING } else { 1 }, ..*t })
            .collect(),
        constant: row.constant,
    })
}

/// The tally with a constant of half a step on every block: what would be released is the sign of the noise.
pub fn half_step(tally: &LinearProgram) -> Result<LinearProgram, ProgramError> {
    let half = trine_program::policy::DELTA / 2;
    rebuilt(tally, |row| LinearRow { terms: row.terms.clone(), constant: row.constant.wrapping_add(half) })
}

/// The identity on the first input of the tally.
pub fn identity(tally: &LinearProgram) -> Result<LinearProgram, ProgramError> {
    let declaration = tally.inputs()[..1].to_vec();
    let rows = (0..declaration[0].blocks)
        .map(|block| LinearRow { terms: vec![Term { input: 0, block, coefficient: 1 }], constant: 0 })
        .collect();
    LinearProgram::new(declaration.clone(), declaration, rows)
}

/// The text of the tally with a first coefficient of 2^40. No program prints it, and none must read it.
pub fn huge_coefficient_text(tally: &LinearProgram) -> String {
    tally.to_text().replacen(" + 1*", &format!(" + {}*", 1u64 << 40), 1)
}

fn rebuilt(
    tally: &LinearProgram,
    row: impl Fn(&LinearRow) -> LinearRow,
) -> Result<LinearProgram, ProgramError> {
    LinearProgram::new(
        tally.inputs().to_vec(),
        tally.outputs().to_vec(),
        tally.rows().iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine::ballot::tally;
    use trine_program::{DevelopmentPolicy, PolicyViolation};

    const POLICY: DevelopmentPolicy = DevelopmentPolicy { fresh_variance: 1e-24, max_variance: 1e-20 };

    #[test]
    fn each_program_breaks_one_rule() {
        let honest = tally(12).unwrap();
        assert_eq!(POLICY.check(&honest), Ok(()));
        let violation = |program: LinearProgram| POLICY.check(&program).unwrap_err();
        // Twelve voters and a weight of 4 reach 15: the degree is not what stops it.
        let declared = trine_program::Declaration { degree: 15, ..honest.outputs()[0] };
        let wide =
            LinearProgram::new(honest.inputs().to_vec(), vec![declared], honest.rows().to_vec()).unwrap();
        assert!(matches!(violation(isolating(&wide).unwrap()), PolicyViolation::IsolatingWeight { .. }));
        assert!(matches!(violation(half_step(&honest).unwrap()), PolicyViolation::ConstantOffGrid { .. }));
        assert!(matches!(violation(identity(&honest).unwrap()), PolicyViolation::TooFewInputs { .. }));
    }

    #[test]
    fn a_huge_coefficient_is_not_read() {
        let text = huge_coefficient_text(&tally(12).unwrap());
        assert!(text.contains("1099511627776*0.0"));
        assert!(LinearProgram::from_text(text.as_bytes()).is_err());
    }
}
