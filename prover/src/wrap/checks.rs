//! The constraint recorder: rank-1 constraints, each under the spec id of the check that it belongs to.
//!
//! Linear combinations are kept flat. The gadgets of arkworks name every sum by a symbolic variable and inline the
//! names at the end, which is quadratic in the length of a chain of sums; Poseidon's partial rounds are such chains.

use super::wire::Wire;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, One, PrimeField, Zero};
use ark_relations::gr1cs::{ConstraintSystemRef, LinearCombination, SynthesisError, Variable};

/// `rows[constraint]` lists coefficient and variable: 0 is one, then the public inputs, then the witness.
pub type Matrix = Vec<Vec<(Fr, usize)>>;

/// Records constraints and remembers the checks that the assigned values break.
///
/// Everything is assigned: a setup runs on the all-zero witness, whose broken checks nobody asks for.
pub struct Checks {
    structure: Option<[Matrix; 3]>,
    public: Vec<Fr>,
    witness: Vec<Fr>,
    public_count: usize,
    count: usize,
    parts: Vec<(&'static str, usize)>,
    /// Ids of broken checks, each where it first breaks.
    failures: Vec<&'static str>,
}

impl Checks {
    /// Checks values alone: the fast way to ask for the first failure.
    pub fn values(public: &[Fr]) -> Self {
        Self {
            structure: None,
            public: public.to_vec(),
            witness: vec![],
            public_count: public.len(),
            count: 0,
            parts: vec![],
            failures: vec![],
        }
    }

    /// Checks values and records the constraints.
    pub fn recording(public: &[Fr]) -> Self {
        Self { structure: Some(Default::default()), ..Self::values(public) }
    }

    /// Opens a part of the report: constraints count for it until the next one opens.
    pub fn part(&mut self, name: &'static str) {
        self.parts.push((name, self.count));
    }

    /// Constraints of each part, in order.
    pub fn report(&self) -> Vec<(&'static str, usize)> {
        let ends = self.parts.iter().skip(1).map(|(_, start)| *start).chain([self.count]);
        self.parts.iter().zip(ends).map(|((name, start), end)| (*name, end - start)).collect()
    }

    /// Spec id of the first check that the values break.
    pub fn first_failure(&self) -> Option<&'static str> {
        self.failures.first().copied()
    }

    /// Whether the values break a check of this spec id.
    pub fn breaks(&self, id: &str) -> bool {
        self.failures.contains(&id)
    }

    /// Constraints so far.
    pub fn constraints(&self) -> usize {
        self.count
    }

    /// The matrices A, B, C; empty when only values are checked.
    pub fn matrices(&self) -> &[Matrix] {
        self.structure.as_ref().map(|s| s.as_slice()).unwrap_or_default()
    }

    /// One, the public inputs, the witness.
    pub fn assignment(&self) -> Vec<Fr> {
        [&[Fr::one()], self.public.as_slice(), self.witness.as_slice()].concat()
    }

    /// Variables that are not witness: one and the public inputs.
    pub fn instance_variables(&self) -> usize {
        1 + self.public_count
    }

    /// The public inputs.
    pub fn public_wires(&self) -> Vec<Wire> {
        self.public.iter().enumerate().map(|(i, value)| Wire::variable(*value, 1 + i)).collect()
    }

    /// A new witness variable.
    pub fn witness(&mut self, value: Fr) -> Wire {
        if self.structure.is_none() {
            return Wire::value_only(value);
        }
        let index = self.instance_variables() + self.witness.len();
        self.witness.push(value);
        Wire::variable(value, index)
    }

    /// New witness variables.
    pub fn witnesses(&mut self, values: &[Fr]) -> Vec<Wire> {
        values.iter().map(|v| self.witness(*v)).collect()
    }

    /// The product of two wires; one constraint unless one of them is a constant.
    pub fn product(&mut self, a: &Wire, b: &Wire) -> Wire {
        if let Some(constant) = a.constant_value() {
            return b * constant;
        }
        if let Some(constant) = b.constant_value() {
            return a * constant;
        }
        let product = self.witness(a.value() * b.value());
        self.record(a, b, &product);
        product
    }

    /// The product of all wires.
    pub fn product_of<'a>(&mut self, wires: impl IntoIterator<Item = &'a Wire>) -> Wire {
        wires.into_iter().fold(Wire::one(), |product, wire| self.product(&product, wire))
    }

    /// `one` where the bit is one, `zero` where it is zero.
    pub fn select(&mut self, bit: &Wire, one: &Wire, zero: &Wire) -> Wire {
        let difference = self.product(bit, &(one - zero));
        zero + &difference
    }

    /// `count` new bits of which bit `index` alone is one; all zero, which breaks the check, if there is no such bit.
    pub fn one_hot(&mut self, id: &'static str, index: Option<usize>, count: usize) -> Vec<Wire> {
        let bits: Vec<Wire> = (0..count).map(|k| self.bit(id, Some(k) == index)).collect();
        self.enforce_equal(id, &Wire::sum(&bits), &Wire::one());
        bits
    }

    /// `a b = c`.
    pub fn enforce_product(&mut self, id: &'static str, a: &Wire, b: &Wire, c: &Wire) {
        if a.value() * b.value() != c.value() && !self.failures.contains(&id) {
            self.failures.push(id);
        }
        self.record(a, b, c);
    }

    /// `a = b`.
    pub fn enforce_equal(&mut self, id: &'static str, a: &Wire, b: &Wire) {
        self.enforce_product(id, &(a - b), &Wire::one(), &Wire::zero());
    }

    /// `a` is not zero. Returns its inverse, witnessed; zero in place of the inverse that zero does not have.
    pub fn enforce_nonzero(&mut self, id: &'static str, a: &Wire) -> Wire {
        let inverse = self.witness(a.value().inverse().unwrap_or(Fr::ZERO));
        self.enforce_product(id, a, &inverse, &Wire::one());
        inverse
    }

    /// A new variable that is zero or one.
    pub fn bit(&mut self, id: &'static str, value: bool) -> Wire {
        let bit = self.witness(Fr::from(value));
        self.enforce_product(id, &bit, &(&Wire::one() - &bit), &Wire::zero());
        bit
    }

    /// The low `width` bits of a value, lowest first, as new variables. The caller compares their sum.
    pub fn bits(&mut self, id: &'static str, value: u64, width: usize) -> Vec<Wire> {
        (0..width).map(|i| self.bit(id, value >> i & 1 == 1)).collect()
    }

    fn record(&mut self, a: &Wire, b: &Wire, c: &Wire) {
        self.count += 1;
        if let Some(structure) = &mut self.structure {
            for (matrix, wire) in structure.iter_mut().zip([a, b, c]) {
                matrix.push(wire.row());
            }
        }
    }

    /// Hands variables and constraints to a constraint system of arkworks, in the same order.
    pub fn replay(&self, cs: &ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let mut variables = vec![Variable::One];
        for value in &self.public {
            variables.push(cs.new_input_variable(|| Ok(*value))?);
        }
        for value in &self.witness {
            variables.push(cs.new_witness_variable(|| Ok(*value))?);
        }
        let combination = |row: &Vec<(Fr, usize)>| {
            LinearCombination(
                row.iter().map(|(c, i)| (*c, variables.get(*i).copied().unwrap_or(Variable::Zero))).collect(),
            )
        };
        if let Some([a, b, c]) = &self.structure {
            for ((a, b), c) in a.iter().zip(b).zip(c) {
                cs.enforce_r1cs_constraint(|| combination(a), || combination(b), || combination(c))?;
            }
        }
        Ok(())
    }

    /// Digest of the constraints: circuits with equal digests have the same keys.
    pub fn circuit_digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"trine.wrap.circuit.1");
        for size in [self.instance_variables(), self.witness.len(), self.count] {
            hasher.update(&(size as u64).to_le_bytes());
        }
        let mut bytes = vec![];
        for row in self.matrices().iter().flatten() {
            bytes.clear();
            bytes.extend((row.len() as u64).to_le_bytes());
            for (coefficient, variable) in row {
                bytes.extend(coefficient.into_bigint().0.iter().flat_map(|limb| limb.to_le_bytes()));
                bytes.extend((*variable as u64).to_le_bytes());
            }
            hasher.update(&bytes);
        }
        *hasher.finalize().as_bytes()
    }

    /// Nonzero coefficients of the matrices.
    pub fn density(&self) -> usize {
        self.matrices().iter().flatten().map(Vec::len).sum()
    }

    /// Whether the recorded constraints hold, asked of the matrices themselves.
    pub fn is_satisfied(&self) -> bool {
        let assignment = self.assignment();
        let value = |row: &Vec<(Fr, usize)>| -> Fr {
            row.iter().map(|(c, i)| *c * assignment.get(*i).copied().unwrap_or_default()).sum()
        };
        match &self.structure {
            Some([a, b, c]) => {
                a.iter().zip(b).zip(c).all(|((a, b), c)| (value(a) * value(b) - value(c)).is_zero())
            }
            None => self.failures.is_empty(),
        }
    }
}
