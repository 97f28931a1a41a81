//! Linear claims of steps PB.A to PB.O: what they claim, and their weights times the values at the reduction point.

use super::blocks::Blocks;
use super::class::Class;
use super::columns::Columns;
use super::layout::Layout;
use super::program::ProgramWires;
use super::rotation::Rotation;
use super::slots::{SlotPair, SlotPoint};
use super::switch::Switch;
use super::weight::{eq_index, evaluation, extractions, switch};
use super::wires::Relation;
use crate::wrap::checks::Checks;
use crate::wrap::claim::{eq, eq_table, inner_product};
use crate::wrap::wire::Wire;
use ark_bn254::Fr;
use ark_ff::One;
use trine_verifier::bootstrapping::claim::power_of_two;
use trine_verifier::bootstrapping::parameters::{Gadget, LOG_BOXES};
use trine_verifier::bootstrapping::{Column, Family};

/// Claims A to G, in their order.
pub const CLAIMS: usize = 9;
/// Where those that hold combinations stand.
const SWITCH: usize = 4;
const KEYSWITCH: usize = 7;
const OUTPUTS: usize = 8;

/// A random word and slot or block: PB.F1, PB.G1.
pub struct WordPoint {
    /// Word of a block.
    pub word: Vec<Wire>,
    /// Slot, or block.
    pub above: Vec<Wire>,
}

/// What the claims are at.
pub struct Claims<'a> {
    /// The class.
    pub class: &'a Class,
    /// Handles.
    pub layout: &'a Layout,
    /// Slots and rows.
    pub program: &'a ProgramWires,
    /// Steps PB.A to PB.D.
    pub rotation: &'a Rotation,
    /// Steps PB.E.
    pub switch: &'a Switch,
    /// `f`.
    pub f: WordPoint,
    /// `g`.
    pub g: WordPoint,
    /// `y`.
    pub y: Vec<Wire>,
    /// Sums over the slots at `e_p` and at `f_p`.
    pub slots: [SlotPoint; 2],
    /// `eq(g_f, row)` of every row.
    pub rows: Vec<Wire>,
}

/// Levels and bits of the columns of a keyswitch under each key.
fn scales(class: &Class, bits: impl Fn(Gadget) -> Option<usize>) -> [Fr; 2] {
    class.parameters.keyswitching.map(|gadget| bits(gadget).map_or(Fr::from(0u64), power_of_two))
}

impl Claims<'_> {
    /// What a digit of a level counts under each key.
    fn level(&self, level: usize) -> [Fr; 2] {
        scales(self.class, |g| (level < g.levels).then(|| g.dropped_bits() + g.base_bits * level))
    }

    /// `eq(e_i, 0) e_b[0]`: the odd subsets of step 0.
    fn body(&self, checks: &mut Checks) -> Wire {
        let step = eq_index(checks, &self.switch.step, 0);
        checks.product(&step, &self.switch.subset[0])
    }

    /// `eq(g_t, N)`.
    fn body_word(&self, checks: &mut Checks) -> Wire {
        eq_index(checks, &self.g.word, 1 << self.class.parameters.log_n)
    }

    /// The claimed values of A to G.
    pub fn values(&self, checks: &mut Checks) -> [Wire; CLAIMS] {
        let r = self.rotation;
        [
            r.accumulator.clone(),
            r.digits.clone(),
            r.word.clone(),
            r.power.clone(),
            self.switch_value(checks),
            self.digits_value(checks),
            self.switch.key.clone(),
            self.keyswitch_value(),
            self.outputs_value(checks),
        ]
    }

    /// PB.E2: `2^(S-1) - body (1 + h 2^S) + offset - body constants - y`.
    fn switch_value(&self, checks: &mut Checks) -> Wire {
        let p = &self.class.parameters;
        let bits = p.switch_bits();
        let body = self.body(checks);
        let constants = self.program.slots.iter().map(|slot| &slot.input.constant);
        let constants = inner_product(checks, &self.slots[0].table, constants);
        let rotated = Fr::one() + Fr::from(p.half_box() as u64) * power_of_two(bits);
        let offset = Fr::from(p.carry_offset(p.switch_carry_limbs())) * power_of_two(64);
        let fixed = Wire::constant(power_of_two(bits - 1) + offset);
        let value = fixed.plus(&body, -rotated);
        &(&value - &checks.product(&body, &constants)) - &self.switch.product
    }

    /// PB.E5: `k_d` and what the offsets of digits add.
    fn digits_value(&self, checks: &mut Checks) -> Wire {
        let kind = &self.switch.kind;
        let other = kind.plus(kind, Fr::one()).plus(&Wire::one(), -Fr::one());
        let slots = &kind.complement() + &checks.product(&other, &self.slots[0].casting);
        let levels = Wire::sum(&self.levels(checks));
        let offsets = checks.product(&slots, &levels);
        self.switch.digits.plus(&offsets, Fr::from(self.class.parameters.digit_offset()))
    }

    /// Weights of the levels that a gadget has.
    fn levels(&self, checks: &mut Checks) -> Vec<Wire> {
        let mut levels = eq_table(checks, &self.switch.level);
        levels.truncate(self.class.parameters.max_levels());
        levels
    }

    /// PB.F2: `2^(R-1)` and what offsets add.
    fn keyswitch_value(&self) -> Wire {
        let p = &self.class.parameters;
        let slots = &self.slots[1];
        let carry = Fr::from(p.carry_offset(p.combination_carry_limbs())) * power_of_two(64);
        let half = slots.by_key(scales(self.class, |g| Some(g.remainder_bits())));
        (0..p.max_levels()).fold(&half + &Wire::constant(carry), |sum, level| {
            sum.plus(&slots.by_key(self.level(level)), Fr::from(p.digit_offset()))
        })
    }

    /// PB.G2: constants on the body word, less the carries' offset.
    fn outputs_value(&self, checks: &mut Checks) -> Wire {
        let p = &self.class.parameters;
        let offset = Fr::from(p.carry_offset(p.combination_carry_limbs())) * power_of_two(64);
        let constants = inner_product(checks, &self.rows, self.program.rows.iter().map(|row| &row.constant));
        let body = self.body_word(checks);
        &checks.product(&constants, &body) - &Wire::constant(offset)
    }

    /// Weights of A to G times the values, but for what combinations contribute.
    pub fn evaluate(&self, checks: &mut Checks, columns: &Columns<'_>, at: &SlotsAtPoint) -> [Wire; CLAIMS] {
        [
            self.accumulator(checks, columns, false),
            self.accumulator(checks, columns, true),
            self.key(checks, columns),
            self.powers(checks, columns),
            self.exponents(checks, columns),
            self.switch_digits(checks, columns, &at.switch),
            self.switch_key(checks, columns),
            self.keyswitch(checks, columns, &at.keyswitch),
            self.outputs(checks, columns),
        ]
    }

    /// PB.A2 at r, or PB.B1 at s.
    fn accumulator(&self, checks: &mut Checks, columns: &Columns<'_>, digits: bool) -> Wire {
        let n = self.class.parameters.log_n;
        let (at, chunks) = if digits {
            (&self.rotation.s, columns.digits_and_tables())
        } else {
            (&self.rotation.r, columns.unreduced())
        };
        let basis = evaluation(checks, &at.z, &columns.point[..n]);
        let tail = [std::slice::from_ref(&at.u), &at.step, &at.slot].concat();
        let rest = columns.tail(checks, n, &tail, &chunks);
        checks.product(&basis, &rest)
    }

    /// PB.C3.
    fn key(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let Rotation { r, s, x, .. } = self.rotation;
        let n = self.class.parameters.log_n;
        let basis = evaluation(checks, &x.z, &columns.point[..n]);
        let tail = [&[r.u.clone(), s.u.clone()], x.subset.as_slice(), &x.step].concat();
        let rest = columns.tail(checks, n, &tail, columns.chunks(Column::BootstrappingKey));
        checks.product(&basis, &rest)
    }

    /// PB.D2.
    fn powers(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let Rotation { s, x, .. } = self.rotation;
        let point = [x.subset.as_slice(), &x.step, &s.slot].concat();
        columns.tail(checks, 0, &point, columns.chunks(Column::Rotation))
    }

    /// PB.E2.
    fn exponents(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let bits = self.class.parameters.switch_bits();
        let e = self.switch;
        let point = [e.subset.as_slice(), &e.step, &e.slot].concat();
        let (remainders, carries) =
            (columns.family(Family::SwitchRemainder), columns.family(Family::SwitchCarry));
        let chunks: Vec<Wire> = columns
            .chunks(Column::Exponent)
            .iter()
            .zip(remainders.iter().zip(&carries))
            .map(|(a, (rest, carry))| rest.plus(a, power_of_two(bits)).plus(carry, power_of_two(64)))
            .collect();
        columns.tail(checks, 0, &point, &chunks)
    }

    /// PB.E5.
    fn switch_digits(&self, checks: &mut Checks, columns: &Columns<'_>, slots: &SlotPair) -> Wire {
        let p = &self.class.parameters;
        let kind = &self.switch.kind;
        let other = kind.plus(kind, Fr::one()).plus(&Wire::one(), -Fr::one());
        let slots = &checks.product(&kind.complement(), &slots.all) + &checks.product(&other, &slots.casting);
        let digits: Vec<Wire> =
            (0..p.max_levels()).map(|l| columns.value(Column::KeyswitchDigit(l as u8))).collect();
        let levels = self.levels(checks);
        let digits = inner_product(checks, &levels, &digits);
        let word = eq(checks, &self.switch.word, &columns.point[..p.log_n]);
        checks.product_of([&word, &slots, &digits])
    }

    /// PB.E6.
    fn switch_key(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let e = self.switch;
        let group = trine_verifier::bootstrapping::parameters::LOG_GROUPING;
        let start = group + self.class.parameters.log_steps;
        let (word, step) = columns.point[..start].split_at(group);
        let words = switch(checks, &e.subset, &e.step, word, step);
        let [compute, casting] = [0, 1].map(|kind| columns.chunks(Column::KeyswitchingKey(kind)));
        let chunks: Vec<Wire> = compute
            .iter()
            .zip(casting)
            .map(|(compute, casting)| checks.select(&e.kind, casting, compute))
            .collect();
        let tail = [e.level.as_slice(), &e.word].concat();
        let rest = columns.tail(checks, start, &tail, &chunks);
        checks.product(&words, &rest)
    }

    /// PB.F2.
    fn keyswitch(&self, checks: &mut Checks, columns: &Columns<'_>, slots: &SlotPair) -> Wire {
        let p = &self.class.parameters;
        let mut sum = Wire::zero();
        for level in 0..p.max_levels() {
            let weight = slots.by_key(self.level(level));
            sum = &sum + &checks.product(&weight, &columns.value(Column::KeyswitchDigit(level as u8)));
        }
        let half = slots.by_key(scales(self.class, |g| Some(g.remainder_bits())));
        sum = &sum + &checks.product(&half, &columns.value(Column::Tie));
        let (rest, carry) =
            (columns.family(Family::KeyswitchRemainder), columns.family(Family::KeyswitchCarry));
        let rest = rest[0].plus(&carry[0], power_of_two(64));
        sum = &sum + &checks.product(&slots.all, &rest);
        let word = eq(checks, &self.f.word, &columns.point[..p.log_n]);
        checks.product(&word, &sum)
    }

    /// PB.G2.
    fn outputs(&self, checks: &mut Checks, columns: &Columns<'_>) -> Wire {
        let (words, carries) = (columns.family(Family::Word), columns.family(Family::WordCarry));
        let pairs = words.iter().zip(&carries);
        let chunks: Vec<Wire> = pairs.map(|(word, carry)| word.plus(carry, -power_of_two(64))).collect();
        let point = [self.g.word.as_slice(), &self.g.above].concat();
        columns.tail(checks, 0, &point, &chunks)
    }

    /// PB.O2: for each output handle its polynomial less its words, zero where the shape has none.
    pub fn handles(&self, checks: &mut Checks, columns: &Columns<'_>) -> Vec<Wire> {
        let words = self.class.parameters.log_n + 1;
        let whole = eq(checks, &self.y, &columns.point);
        let inside = eq(checks, &self.y[..words], &columns.point[..words]);
        let limbs = columns.family(Family::Word);
        let words_at = checks.product(&inside, &limbs[0]);
        let blocks = Blocks::new(checks, self.class, &self.y[words..], &columns.point[words..]);
        let handles = self.layout.outputs.iter().zip(&self.layout.first_rows).enumerate();
        handles
            .map(|(index, (handle, first))| {
                let value = columns.value(Column::Output(index as u8));
                let blocks = blocks.of(checks, handle, first);
                let blocks = checks.product(&handle.used, &blocks);
                &checks.product(&whole, &value) - &checks.product(&blocks, &words_at)
            })
            .collect()
    }

    /// How PB.E2, PB.F2 and PB.G2 weigh wires, batched by the powers of gamma.
    pub fn relations(&self, checks: &mut Checks, columns: &Columns<'_>, powers: &[Wire]) -> [Relation; 3] {
        let n = self.class.parameters.log_n;
        let point = &columns.point;
        let (word, u) = (&point[..n], &point[n]);
        let body = self.body(checks);
        let boxes: Vec<Wire> = {
            let low = eq_index(checks, &word[..n - LOG_BOXES], 0);
            let low = checks.product(&low, u);
            eq_table(checks, &word[n - LOG_BOXES..]).iter().map(|eq| checks.product(&low, eq)).collect()
        };
        let scaled = |checks: &mut Checks, scale: &Wire, weights: &[Wire]| -> Vec<Wire> {
            weights.iter().map(|weight| checks.product(scale, weight)).collect()
        };
        let switched = checks.product(&powers[SWITCH], &body);
        let input = eq_index(checks, &point[..=n], 1 << n);
        let switch = Relation {
            weights: scaled(checks, &switched, &self.slots[0].table),
            of_rows: false,
            input,
            offsets: boxes.clone(),
        };
        let equal = eq(checks, &self.f.word, word);
        let extracted = extractions(checks, &self.f.word, word);
        let keyswitch = Relation {
            weights: scaled(checks, &(&Wire::zero() - &powers[KEYSWITCH]), &self.slots[1].table),
            of_rows: false,
            input: checks.product(&equal, &u.complement()),
            offsets: scaled(checks, &u.complement(), &extracted),
        };
        let extracted = extractions(checks, &self.g.word[..n], word);
        let mask = checks.product(&self.g.word[n].complement(), &u.complement());
        let at_body = self.body_word(checks);
        let (masks, bodies) = (scaled(checks, &mask, &extracted), scaled(checks, &at_body, &boxes));
        let outputs = Relation {
            weights: scaled(checks, &(&Wire::zero() - &powers[OUTPUTS]), &self.rows),
            of_rows: true,
            input: eq(checks, &self.g.word, &point[..=n]),
            offsets: masks.iter().zip(&bodies).map(|(mask, body)| mask + body).collect(),
        };
        [switch, keyswitch, outputs]
    }
}

/// Slots at the reduction point against those of `e` and of `f`.
pub struct SlotsAtPoint {
    /// PB.E5.
    pub switch: SlotPair,
    /// PB.F2.
    pub keyswitch: SlotPair,
}
