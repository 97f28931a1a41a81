//! Steps PE.G1, PE.O1 and PE.H5 at the reduction point: every claim's weights in closed form, times the values.

use super::checks::Checks;
use super::claim::{ReducedPoint, eq, eq_table, inner_product};
use super::program::ProgramWires;
use super::tree::{LeafClaims, LeafWires};
use super::wire::Wire;
use ark_bn254::Fr;
use trine_verifier::class::{Class, Slot};

/// Values of all polynomials at the reduction point, by what they are.
pub struct Values<'a> {
    class: &'a Class,
    all: &'a [Wire],
}

impl<'a> Values<'a> {
    /// `v_0 ..`, `K` of them.
    pub fn new(class: &'a Class, all: &'a [Wire]) -> Self {
        Self { class, all }
    }

    /// Chunks of a column.
    fn column(&self, column: usize) -> &[Wire] {
        let length = 1 << self.class.log_column_chunks();
        &self.all[column * length..(column + 1) * length]
    }

    /// Chunks of the words that the limbs spell.
    fn words(&self) -> Vec<Wire> {
        let chunks = 1 << self.class.log_column_chunks();
        let mut words = vec![Wire::zero(); chunks];
        for limb in 0..self.class.limbs() {
            for (word, chunk) in words.iter_mut().zip(self.column(limb)) {
                *word = word.plus(chunk, self.class.limb_weight(limb));
            }
        }
        words
    }

    fn multiplicities(&self) -> &[Wire] {
        &self.all[self.class.first_table()..self.class.first_input()]
    }

    fn inputs(&self) -> &[Wire] {
        &self.all[self.class.first_input()..self.class.first_output()]
    }

    fn outputs(&self) -> &[Wire] {
        &self.all[self.class.first_output()..self.class.polynomials()]
    }
}

/// Identity G at the row point g.
pub struct LayerGadget<'a> {
    program: &'a ProgramWires,
    g: &'a [Wire],
    /// `eq((g_b, g_o), o)` of every row o.
    rows: Vec<Wire>,
}

impl<'a> LayerGadget<'a> {
    /// Shares the row weights between value and evaluation.
    pub fn new(checks: &mut Checks, class: &Class, program: &'a ProgramWires, g: &'a [Wire]) -> Self {
        Self { program, g, rows: eq_table(checks, &g[class.log_t()..]) }
    }

    /// The claimed value: constants on the body word, less the carries' offset.
    pub fn value(&self, checks: &mut Checks, class: &Class) -> Wire {
        let mut body: Vec<Wire> = self.g.iter().take(class.log_n).map(Wire::complement).collect();
        body.push(self.g[class.log_n].clone());
        let body = checks.product_of(&body);
        let constants = inner_product(checks, &self.rows, &self.program.constants);
        let offset = Class::word_modulus() * Fr::from(class.carry_offset());
        &checks.product(&constants, &body) - &Wire::constant(offset)
    }

    /// The weights at the reduction point times the values.
    pub fn evaluate(
        &self,
        checks: &mut Checks,
        class: &Class,
        u: &ReducedPoint,
        values: &Values<'_>,
    ) -> Wire {
        let carries = values.column(class.carry_column());
        let chunks: Vec<Wire> = values
            .words()
            .iter()
            .zip(carries)
            .map(|(word, carry)| word.plus(carry, -Class::word_modulus()))
            .collect();
        let columns = u.column(checks, class, self.g, &chunks);

        // sum_o eq(o) sum_{h,b} coefficient[o][h,b] (v_h eq(u_b, b))
        let (log_t, used) = (class.log_t(), class.log_t() + class.log_blocks);
        let blocks = eq_table(checks, &u.point[log_t..used]);
        let mut places = vec![];
        for value in values.inputs() {
            places.extend(blocks.iter().map(|block| checks.product(value, block)));
        }
        let mut combined = Wire::zero();
        for (weight, row) in self.rows.iter().zip(&self.program.coefficients) {
            let terms = inner_product(checks, row, &places);
            combined = &combined + &checks.product(weight, &terms);
        }
        let words = eq(checks, &u.point[..log_t], &self.g[..log_t]);
        let inside = checks.product(&words, u.zero_from(used));
        &columns - &checks.product(&inside, &combined)
    }
}

/// PE.H5 at the reduction point: weights of the claim on the multiplicities times the values.
pub fn evaluate_multiplicities(
    checks: &mut Checks,
    class: &Class,
    leaf: (&LeafWires, &LeafClaims),
    u: &ReducedPoint,
    values: &Values<'_>,
) -> Wire {
    let (leaf, claims) = leaf;
    let column = u.column(checks, class, &leaf.point[..class.limb_bits], values.multiplicities());
    checks.product(&claims.table_scale, &column)
}

/// PE.H5 at the reduction point: weights of the claim on the cells times the values.
pub fn evaluate_cells(
    checks: &mut Checks,
    class: &Class,
    leaf: (&LeafWires, &LeafClaims),
    u: &ReducedPoint,
    values: &Values<'_>,
) -> Wire {
    let (leaf, claims) = leaf;
    let mut chunks = vec![Wire::zero(); 1 << class.log_column_chunks()];
    for (weight, slot) in claims.slots.iter().zip(class.slots()) {
        if let Slot::Cells { column, shift } = slot {
            for (sum, chunk) in chunks.iter_mut().zip(values.column(column)) {
                *sum = sum.plus(&checks.product(weight, chunk), Fr::from(1u64 << shift));
            }
        }
    }
    let column = u.column(checks, class, &leaf.point[..class.log_rows()], &chunks);
    checks.product(&claims.rows_pad, &column)
}

/// PE.O1 at the reduction point: for each output slot the handle's polynomial less its words.
pub fn evaluate_outputs(
    checks: &mut Checks,
    class: &Class,
    y: &[Wire],
    u: &ReducedPoint,
    values: &Values<'_>,
) -> Vec<Wire> {
    let used = class.log_t() + class.log_blocks;
    let inside = eq(checks, &u.point[..used], &y[..used]);
    let beyond = eq(checks, &u.point[used..], &y[used..]);
    let whole = checks.product(&inside, &beyond);
    let outside: Vec<Wire> = y[used..].iter().map(Wire::complement).collect();
    let outside = checks.product_of(&outside);

    // Variables of the slot inside a chunk select by u, those beyond name the chunk.
    let top = class.log_rows().min(class.log_chunk);
    let slots = eq_table(checks, &u.point[used..top]);
    let pinned = checks.product(&outside, u.zero_from(top));
    let common = checks.product(&inside, &pinned);
    let words = values.words();
    values
        .outputs()
        .iter()
        .enumerate()
        .map(|(slot, value)| {
            let (selector, chunk) = (&slots[slot % slots.len()], &words[slot / slots.len()]);
            let weight = checks.product(&common, selector);
            &checks.product(&whole, value) - &checks.product(&weight, chunk)
        })
        .collect()
}
