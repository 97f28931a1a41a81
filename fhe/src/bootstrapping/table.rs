//! Lookup tables: what a bootstrapping evaluates.

use super::extraction::Offset;
use super::rotation::{Accumulator, Polynomial};
use crate::parameters::{DELTA, PLAINTEXT_MODULUS, POLYNOMIAL_SIZE};

/// Inputs of a table: one box of coefficients each.
pub const BOXES: usize = PLAINTEXT_MODULUS as usize;
/// Coefficients of a box.
pub const BOX_SIZE: usize = POLYNOMIAL_SIZE / BOXES;
/// h: half a box, by which a table is rotated so that a plaintext lies in the middle of its box.
pub const HALF_BOX: usize = BOX_SIZE / 2;
/// Most functions that share a table.
pub const MAX_FUNCTIONS: usize = BOXES / 2;
/// Values of a box: multiples of 2^59.
const VALUES: u8 = 32;
const STEP_BITS: u32 = DELTA.trailing_zeros();

/// A table of one function of sixteen plaintexts, or of F functions of `floor(16 / F)` plaintexts each.
///
/// Values are steps of 2^59: 0 to 15 are plaintexts, 16 to 31 have the padding bit set (31 is minus one).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LookupTable {
    boxes: [u8; BOXES],
    functions: usize,
}

/// Why there is no such table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A value is no step of 2^59.
    #[error("table: function {function} of {input} is {got}, expected below {VALUES}")]
    Value {
        /// Index of the function.
        function: usize,
        /// Its input.
        input: usize,
        /// Its value.
        got: u8,
    },
    /// No function, or more than a table holds.
    #[error("table of {got} functions, expected 1 to {MAX_FUNCTIONS}")]
    Functions {
        /// Functions given.
        got: usize,
    },
}

impl LookupTable {
    /// The table of one function, its values in the order of its inputs.
    pub fn new(values: [u8; BOXES]) -> Result<Self, TableError> {
        match values.iter().position(|v| *v >= VALUES) {
            Some(input) => Err(TableError::Value { function: 0, input, got: values[input] }),
            None => Ok(Self { boxes: values, functions: 1 }),
        }
    }

    /// The table of one function.
    pub fn from_function(function: impl Fn(u8) -> u8) -> Result<Self, TableError> {
        Self::new(std::array::from_fn(|input| function(input as u8)))
    }

    /// One table of several functions: each sees inputs below `floor(16 / F)` only, and is read at its own
    /// [offset](Self::offsets). Boxes that no function takes hold zero (tfhe-rs, `generate_many_lookup_table`).
    pub fn packed(functions: &[&dyn Fn(u8) -> u8]) -> Result<Self, TableError> {
        if functions.is_empty() || functions.len() > MAX_FUNCTIONS {
            return Err(TableError::Functions { got: functions.len() });
        }
        let inputs = BOXES / functions.len();
        let mut boxes = [0; BOXES];
        for (function, values) in boxes.chunks_exact_mut(inputs).take(functions.len()).enumerate() {
            for (input, value) in values.iter_mut().enumerate() {
                *value = functions[function](input as u8);
                if *value >= VALUES {
                    return Err(TableError::Value { function, input, got: *value });
                }
            }
        }
        Ok(Self { boxes, functions: functions.len() })
    }

    /// Number of functions.
    pub fn functions(&self) -> usize {
        self.functions
    }

    /// Inputs of each function: `floor(16 / F)`.
    pub fn inputs(&self) -> usize {
        BOXES / self.functions
    }

    /// Box values in steps of 2^59, box by box.
    pub fn boxes(&self) -> &[u8; BOXES] {
        &self.boxes
    }

    /// The word of a box.
    pub fn word(&self, index: usize) -> u64 {
        u64::from(self.boxes[index]) << STEP_BITS
    }

    /// Where the output of each function is extracted: multiples of `floor(16 / F) * 128`.
    pub fn offsets(&self) -> impl ExactSizeIterator<Item = Offset> + use<> {
        let step = self.inputs() * BOX_SIZE;
        (0..self.functions)
            .map(move |f| Offset::new(f * step).expect("the boxes of every function end below the degree"))
    }

    /// Exponent of the step that brings the table in place: `-(body + h)` modulo 2N.
    pub fn exponent(body: u16) -> u16 {
        let turn = 2 * POLYNOMIAL_SIZE as u16;
        (2 * turn - HALF_BOX as u16 - body % turn) % turn
    }

    /// EV.R1: `X^-(body + h) * (0, boxes)`, what a blind rotation starts from, for a body switched to 0..2N.
    pub fn accumulator(&self, body: u16) -> Accumulator {
        let exponent = usize::from(Self::exponent(body));
        let mut polynomial = Polynomial::zero();
        for j in 0..POLYNOMIAL_SIZE {
            let word = self.word(j / BOX_SIZE);
            let at = (j + exponent) % (2 * POLYNOMIAL_SIZE);
            if at < POLYNOMIAL_SIZE {
                polynomial[at] = word;
            } else {
                polynomial[at - POLYNOMIAL_SIZE] = word.wrapping_neg();
            }
        }
        Accumulator::trivial(polynomial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::COMPUTE;
    use tfhe::core_crypto::prelude::{
        CiphertextModulus, GlweDimension, PolynomialSize, generate_programmable_bootstrap_glwe_lut,
    };
    use tfhe::shortint::server_key::{LookupTableSize, generate_lookup_table};

    #[test]
    fn one_function_is_the_accumulator_of_tfhe_rs() {
        let function = |x: u64| (x * x + 3) % 16;
        let table = LookupTable::from_function(|x| function(u64::from(x)) as u8).unwrap();
        let size = LookupTableSize::new(GlweDimension(1).to_glwe_size(), PolynomialSize(POLYNOMIAL_SIZE));
        let theirs = generate_lookup_table(
            size,
            CiphertextModulus::new_native(),
            COMPUTE.message_modulus,
            COMPUTE.carry_modulus,
            function,
        );
        let ours = table.accumulator(0);
        assert_eq!(ours.polynomials[1][..], *theirs.acc.get_body().as_ref());
        assert!(ours.polynomials[0].iter().all(|word| *word == 0));
        let core = generate_programmable_bootstrap_glwe_lut(
            PolynomialSize(POLYNOMIAL_SIZE),
            GlweDimension(1).to_glwe_size(),
            BOXES,
            CiphertextModulus::new_native(),
            DELTA,
            function,
        );
        assert_eq!(ours.polynomials[1][..], *core.get_body().as_ref());
    }

    #[test]
    fn a_body_rotates_the_table_and_a_turn_of_n_negates_it() {
        let table = LookupTable::new(std::array::from_fn(|i| i as u8)).unwrap();
        let n = POLYNOMIAL_SIZE;
        for body in [0u16, 1, 63, 64, 2047, 2048, 4095] {
            let rotated = table.accumulator(body);
            for j in [0usize, 1, 63, 64, 1000, 2047] {
                let from = (j + HALF_BOX + usize::from(body)) % (2 * n);
                let word = table.word(from % n / BOX_SIZE);
                let expected = if from < n { word } else { word.wrapping_neg() };
                assert_eq!(rotated.polynomials[1][j], expected, "body {body}, coefficient {j}");
            }
        }
    }

    #[test]
    fn offsets_step_over_the_boxes_of_a_function() {
        let identity: &dyn Fn(u8) -> u8 = &|x| x;
        for functions in 1..=MAX_FUNCTIONS {
            let table = LookupTable::packed(&vec![identity; functions]).unwrap();
            for (f, offset) in table.offsets().enumerate() {
                assert_eq!(offset.get(), f * (16 / functions) * 128);
                assert_eq!(table.word(offset.get() / BOX_SIZE), 0);
                assert_eq!(table.word(offset.get() / BOX_SIZE + 1), DELTA);
            }
            let used = functions * table.inputs();
            assert!(table.boxes()[used..].iter().all(|value| *value == 0));
        }
    }

    #[test]
    fn what_is_no_table_is_named() {
        let mut values = [0; BOXES];
        values[7] = 32;
        assert_eq!(LookupTable::new(values), Err(TableError::Value { function: 0, input: 7, got: 32 }));
        let identity: &dyn Fn(u8) -> u8 = &|x| x;
        let large: &dyn Fn(u8) -> u8 = &|x| 31 + x;
        assert_eq!(
            LookupTable::packed(&[identity, large]),
            Err(TableError::Value { function: 1, input: 1, got: 32 })
        );
        assert_eq!(LookupTable::packed(&[]), Err(TableError::Functions { got: 0 }));
        assert_eq!(LookupTable::packed(&[identity; 9]), Err(TableError::Functions { got: 9 }));
    }
}
