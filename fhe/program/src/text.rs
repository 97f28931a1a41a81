//! The canonical text of a program. The text is published at registration; its keccak-256 is the program's
//! identifier, and every keyholder recomputes digest and policy from the text, never from a digest.
//!
//! ```text
//! trine linear 1
//! input nibbles compute 3 degree 1
//! input nibbles compute 3 degree 1
//! output nibbles compute 3 degree 15
//! row 0 + 1*0.0 + 1*1.0
//! row 0 + 1*0.1 + 1*1.1
//! row 0 + 1*0.2 + 1*1.2
//! ```
//!
//! A row is `row CONSTANT` followed by ` + COEFFICIENT*INPUT.BLOCK` for each term. Lines end in one line feed.
//! Only the printed form parses: no other spacing, no leading zero, no sign `+`.

use crate::linear::{LinearProgram, LinearRow, ProgramError, Term};
use crate::value::{Declaration, KeyKind, ValueType};
use sha3::{Digest, Keccak256};

/// Longest text that is read: far above the longest linear program.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;
const HEADER: &str = "trine linear 1";

/// Identifier of a program: keccak-256 of its canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProgramId(pub [u8; 32]);

impl std::fmt::Display for ProgramId {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a text is no program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than [`MAX_TEXT_BYTES`].
    #[error("program text of {got} bytes, at most {MAX_TEXT_BYTES} are read")]
    TooLong {
        /// Bytes given.
        got: usize,
    },
    /// Not UTF-8.
    #[error("program text is not UTF-8")]
    NotUtf8,
    /// First line is not the header of a known version.
    #[error("first line is {got:?}, expected {HEADER:?}")]
    Header {
        /// The line found.
        got: String,
    },
    /// A line that no rule reads.
    #[error("line {line}: {got:?}, expected {expected}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// The line found, cut to 80 characters.
        got: String,
        /// What would be read there.
        expected: &'static str,
    },
    /// Reads as a program, but is not the text that the program prints.
    #[error("program text is not in canonical form")]
    NotCanonical,
    /// Reads as a malformed program.
    #[error(transparent)]
    Program(#[from] ProgramError),
}

impl LinearProgram {
    /// The canonical text.
    pub fn to_text(&self) -> String {
        use std::fmt::Write;
        let mut text = format!("{HEADER}\n");
        for (word, list) in [("input", self.inputs()), ("output", self.outputs())] {
            for d in list {
                let _ = writeln!(text, "{word} {}", declaration_text(d));
            }
        }
        for row in self.rows() {
            let _ = write!(text, "row {}", row.constant);
            for t in &row.terms {
                let _ = write!(text, " + {}*{}.{}", t.coefficient, t.input, t.block);
            }
            text.push('\n');
        }
        text
    }

    /// Reads a canonical text.
    pub fn from_text(bytes: &[u8]) -> Result<Self, TextError> {
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(TextError::TooLong { got: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)?;
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, l)| l);
        if header != HEADER {
            return Err(TextError::Header { got: header.chars().take(80).collect() });
        }
        let (mut inputs, mut outputs, mut rows) = (vec![], vec![], vec![]);
        for (index, line) in lines {
            let refuse = |expected| TextError::Line {
                line: index + 1,
                got: line.chars().take(80).collect(),
                expected,
            };
            match line.split_once(' ') {
                Some(("input", rest)) => inputs
                    .push(declaration(rest).ok_or_else(|| refuse("input TYPE KIND BLOCKS degree DEGREE"))?),
                Some(("output", rest)) => outputs
                    .push(declaration(rest).ok_or_else(|| refuse("output TYPE KIND BLOCKS degree DEGREE"))?),
                Some(("row", rest)) => {
                    rows.push(row(rest).ok_or_else(|| refuse("row CONSTANT + COEFFICIENT*INPUT.BLOCK ..."))?)
                }
                _ => return Err(refuse("input, output or row")),
            }
        }
        let program = Self::new(inputs, outputs, rows)?;
        if program.to_text() == text { Ok(program) } else { Err(TextError::NotCanonical) }
    }

    /// Keccak-256 of the canonical text, the identifier under which a program is registered.
    pub fn id(&self) -> ProgramId {
        ProgramId(Keccak256::digest(self.to_text().as_bytes()).into())
    }
}

/// `TYPE KIND BLOCKS degree DEGREE`.
pub(crate) fn declaration_text(d: &Declaration) -> String {
    format!("{} {} {} degree {}", d.value_type.name(), d.key_kind.name(), d.blocks, d.degree)
}

/// Reads what [`declaration_text`] prints, and other spellings of the same numbers.
pub(crate) fn declaration(rest: &str) -> Option<Declaration> {
    let words: Vec<&str> = rest.splitn(6, ' ').collect();
    let [value_type, key_kind, blocks, "degree", degree] = words[..] else { return None };
    Some(Declaration {
        value_type: ValueType::from_name(value_type)?,
        key_kind: KeyKind::from_name(key_kind)?,
        blocks: blocks.parse().ok()?,
        degree: degree.parse().ok()?,
    })
}

fn row(rest: &str) -> Option<LinearRow> {
    let mut parts = rest.split(" + ");
    let constant = parts.next()?.parse().ok()?;
    let terms = parts
        .map(|part| {
            let (coefficient, place) = part.split_once('*')?;
            let (input, block) = place.split_once('.')?;
            Some(Term {
                input: input.parse().ok()?,
                block: block.parse().ok()?,
                coefficient: coefficient.parse().ok()?,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    Some(LinearRow { terms, constant })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ballot() -> Declaration {
        Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 }
    }

    fn program() -> impl Strategy<Value = LinearProgram> {
        (1usize..=15, 1usize..=4).prop_flat_map(|(inputs, outputs)| {
            let coefficients = prop::collection::vec(-127i8..=127, outputs * 3 * inputs * 3);
            let constants = prop::collection::vec(any::<u64>(), outputs * 3);
            (coefficients, constants).prop_map(move |(c, k)| {
                let rows = k
                    .into_iter()
                    .enumerate()
                    .map(|(r, constant)| LinearRow {
                        terms: (0..inputs * 3)
                            .map(|i| Term {
                                input: (i / 3) as u8,
                                block: (i % 3) as u8,
                                coefficient: c[r * inputs * 3 + i],
                            })
                            .filter(|t| t.coefficient != 0)
                            .collect(),
                        constant,
                    })
                    .collect();
                LinearProgram::new(vec![ballot(); inputs], vec![ballot(); outputs], rows).unwrap()
            })
        })
    }

    proptest! {
        #[test]
        fn a_text_reads_back(p in program()) {
            prop_assert_eq!(LinearProgram::from_text(p.to_text().as_bytes()), Ok(p));
        }

        #[test]
        fn hostile_text_is_an_error_not_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(LinearProgram::from_text(&bytes).is_err());
        }
    }

    #[test]
    fn only_the_canonical_text_reads() {
        let text = LinearProgram::sum(2, ballot(), 2).unwrap().to_text();
        for (from, to) in
            [("row 0", "row 00"), ("1*0.0", "+1*0.0"), ("1*0.0", "1*00.0"), ("row 0\n", "row 0\r\n")]
        {
            let changed = text.replacen(from, to, 1);
            if changed != text {
                assert!(LinearProgram::from_text(changed.as_bytes()).is_err(), "{to}");
            }
        }
        let no_newline = text.trim_end();
        assert_eq!(LinearProgram::from_text(no_newline.as_bytes()), Err(TextError::NotCanonical));
    }

    #[test]
    fn a_large_coefficient_is_refused() {
        let text = LinearProgram::sum(1, ballot(), 1).unwrap().to_text();
        let huge = text.replacen("1*0.0", "1099511627776*0.0", 1);
        assert!(matches!(LinearProgram::from_text(huge.as_bytes()), Err(TextError::Line { .. })));
        let zero = text.replacen("1*0.0", "0*0.0", 1);
        assert!(matches!(
            LinearProgram::from_text(zero.as_bytes()),
            Err(TextError::Program(ProgramError::Coefficient { got: 0, .. }))
        ));
    }
}
