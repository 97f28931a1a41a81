//! The canonical evaluator (`docs/spec/evaluator.md`) at any parameters, by schoolbook arithmetic over the integers, with
//! one [`Fault`].

use crate::fault::{Choice, Fault, Place, Row, Word};
use crate::rotation::{add, external_product, extract, rotate};
use crate::trace::{Cells, Pair, Trace};
use ark_bn254::Fr;
use trine_program::circuit::{BOXES, Circuit, Linear, Wire};
use trine_prover::bootstrapping::KeyWords;
use trine_verifier::bootstrapping::Parameters;
use trine_verifier::bootstrapping::lookup::EARLY_ALPHA;
use trine_verifier::bootstrapping::parameters::{Gadget, SUBSETS};
use trine_verifier::bootstrapping::shape::{Column, Family, Shape, log2};

/// What is evaluated, and the error in it.
pub struct Evaluation<'a> {
    pub circuit: &'a Circuit,
    pub keys: &'a KeyWords,
    pub inputs: &'a [Vec<u64>],
    pub fault: Fault,
}

/// Evaluates in a shape.
pub fn evaluate(shape: &Shape, evaluation: &Evaluation<'_>) -> Trace {
    let p = shape.parameters;
    let slots = shape.bootstrappings();
    let zeros = || [vec![0; p.n()], vec![0; p.n()]];
    let trace = Trace {
        cells: Cells::zeros(shape),
        digits: vec![zeros(); p.steps() * slots],
        combined: vec![[zeros(), zeros()]; p.steps() * slots],
        exponents: vec![0; SUBSETS * p.steps() * slots],
        product_digits: vec![0; p.max_levels() * p.n() * slots],
        outputs: vec![],
    };
    let mut run = Run { p, shape, evaluation, trace, accumulators: vec![] };
    for slot in 0..slots {
        run.bootstrap(slot);
    }
    run.outputs();
    run.trace
}

struct Run<'a> {
    p: Parameters,
    shape: &'a Shape,
    evaluation: &'a Evaluation<'a>,
    trace: Trace,
    /// Reduced accumulators at the end of each rotation.
    accumulators: Vec<Pair>,
}

impl Run<'_> {
    fn fault(&self) -> &Fault {
        &self.evaluation.fault
    }

    /// Words of a wire: N mask words and the body.
    fn wire(&self, wire: Wire) -> Vec<i128> {
        let n = self.p.n();
        match wire {
            Wire::Input { handle, block } => {
                let start = usize::from(block) * 2 * n;
                let words = &self.evaluation.inputs[usize::from(handle)][start..=start + n];
                words.iter().map(|word| i128::from(*word)).collect()
            }
            Wire::Output { bootstrapping, function } => {
                let index = bootstrapping as usize;
                let circuit = self.evaluation.circuit;
                let table = &circuit.tables()[circuit.bootstrappings()[index].table as usize];
                let mut offset = usize::from(function) * table.domain() * self.p.box_size();
                if *self.fault() == Fault::Offset(index) {
                    offset = (offset + 1) % n;
                }
                let mut words = extract(&self.accumulators[index], offset);
                if *self.fault() == Fault::Sign(index) {
                    words[1] = -words[1];
                }
                words
            }
        }
    }

    fn combination(&self, linear: &Linear) -> Vec<i128> {
        let mut sum = vec![0; self.p.n() + 1];
        for term in &linear.terms {
            let words = self.wire(term.wire);
            sum.iter_mut().zip(words).for_each(|(sum, word)| *sum += i128::from(term.coefficient) * word);
        }
        sum[self.p.n()] += i128::from(linear.constant);
        sum
    }

    fn bootstrap(&mut self, slot: usize) {
        let circuit = self.evaluation.circuit;
        let (mut input, mut kind, mut boxes) = (vec![0; self.p.n() + 1], 0, [0; BOXES]);
        if let Some(b) = circuit.bootstrappings().get(slot) {
            input = self.combination(&b.input);
            kind = usize::from(b.key_kind.code());
            let table = match self.fault() {
                Fault::SwappedTables if slot < 2 => circuit.bootstrappings()[1 - slot].table,
                _ => b.table,
            };
            boxes = circuit.tables()[table as usize].boxes;
        }
        match self.fault() {
            Fault::Kind(at) if *at == slot => kind = 1 - kind,
            Fault::Table(at) if *at == slot => boxes[0] = boxes[0].wrapping_add(1 << 60),
            _ => {}
        }
        let switched = self.keyswitch(slot, kind, &input);
        self.modulus_switch(slot, &switched);
        self.rotate(slot, &boxes);
    }

    /// The unreduced keyswitch output: n mask words and the body.
    fn keyswitch(&mut self, slot: usize, kind: usize, input: &[i128]) -> Vec<i128> {
        let (n, p) = (self.p.n(), self.p);
        let mut entering: Vec<Vec<i64>> = vec![];
        for (j, word) in input[..n].iter().enumerate() {
            entering.push(self.decompose(Word { slot, j }, p.keyswitching[kind], *word));
        }
        for (j, digits) in entering.iter().enumerate() {
            let at = (slot * n + j) * p.max_levels();
            self.trace.product_digits[at..at + digits.len()].copy_from_slice(digits);
        }
        let of = if *self.fault() == Fault::OtherWords(slot) { 1 - kind } else { kind };
        let words = &self.evaluation.keys.keyswitching[of];
        let mut output: Vec<i128> = vec![0; p.small_dimension() + 1];
        for (j, digits) in entering.iter().enumerate() {
            for (level, digit) in digits.iter().enumerate() {
                let row = ((j << p.log_levels()) + level) * 4 * p.steps();
                let body = p.small_dimension();
                for (m, sum) in output.iter_mut().enumerate() {
                    let word = words[row + if m == body { 3 } else { 4 + m }];
                    *sum -= i128::from(*digit) * i128::from(word);
                }
            }
        }
        output[p.small_dimension()] += input[n];
        output
    }

    /// Commits to the decomposition of a word; returns the digits that enter the keyswitch.
    fn decompose(&mut self, at: Word, gadget: Gadget, word: i128) -> Vec<i64> {
        let row = at.slot * self.p.n() + at.j;
        let fault = self.fault().clone();
        let (bits, dropped) = (gadget.state_bits(), gadget.dropped_bits());
        let rounded = word + (1 << (dropped - 1));
        let mut state = (rounded as u64 >> dropped) as usize;
        let mut tie = (rounded >> (dropped - 1)) as usize & 1;
        let mut remainder = rounded & ((1 << (dropped - 1)) - 1);
        let mut outside = 0;
        let states = 1 << bits;
        match fault {
            Fault::State(w, place) if w == at => {
                state = (state + states - 1) % states;
                match place {
                    Place::InsideLimbs => remainder += 1 << dropped,
                    Place::Outside => outside = 1 << dropped,
                }
            }
            Fault::StateCarry(w) if w == at => state = (state + 1) % states,
            Fault::Tie(w) if w == at => {
                assert_eq!((state, tie), (states / 2, 1), "no tie that can be flipped");
                tie = 0;
                remainder += 1 << (dropped - 1);
            }
            _ => {}
        }
        let mut digits = gadget.digits(state | tie << bits);
        match fault {
            Fault::OtherDigits(w) if w == at => {
                digits[0] += 1 << gadget.base_bits;
                digits[1] -= 1;
            }
            Fault::TieDigits(w) if w == at => digits = gadget.digits(state | (1 - tie) << bits),
            _ => {}
        }
        let value: i128 = digits.iter().rev().fold(0, |sum, d| (sum << gadget.base_bits) + i128::from(*d));
        let whole = ((tie as i128) << (dropped - 1)) + remainder + outside;
        let cells = &mut self.trace.cells;
        cells.put(Family::KeyswitchRemainder, row, remainder);
        cells.add(Family::KeyswitchRemainder, row, Fr::from(outside));
        cells.put_carry(Family::KeyswitchCarry, row, rounded - (value << dropped) - whole);
        cells.get_mut(Column::Tie)[row] = Fr::from(tie as u64);
        for level in 0..self.p.max_levels() {
            let digit = digits.get(level).copied().unwrap_or_default();
            let cell = Fr::from(digit) + Fr::from(self.p.digit_offset());
            cells.get_mut(Column::KeyswitchDigit(level as u8))[row] = cell;
        }
        if fault == Fault::ProductDigits(at) {
            digits[0] += 1;
        }
        digits
    }

    fn modulus_switch(&mut self, slot: usize, switched: &[i128]) {
        let p = self.p;
        let body = -switched[p.small_dimension()] - 1 - ((p.half_box() as i128) << p.switch_bits());
        for step in 0..p.steps() {
            for subset in 0..SUBSETS {
                let sum = match step {
                    0 if subset & 1 == 1 => body,
                    1.. if step <= p.groups => {
                        let group = &switched[4 * (step - 1)..4 * step];
                        (0..4).filter(|k| subset >> (3 - k) & 1 == 1).map(|k| group[k]).sum()
                    }
                    _ => 0,
                };
                self.switch(Choice { slot, step, subset }, sum);
            }
        }
    }

    fn switch(&mut self, at: Choice, sum: i128) {
        let p = self.p;
        let (bits, fault) = (p.switch_bits(), self.fault().clone());
        let row = (at.slot * p.steps() + at.step) * SUBSETS + at.subset;
        let rounded = sum + (1 << (bits - 1));
        let mut exponent = (rounded as u64 >> bits) as usize;
        let mut remainder = rounded & ((1 << bits) - 1);
        let mut numerator = rounded - ((exponent as i128) << bits) - remainder;
        let (exponents, mut outside) = (2 * p.n(), 0);
        let one = 1i128 << bits;
        match fault {
            Fault::Exponent(c) if c == at => exponent = (exponent + 1) % exponents,
            Fault::ExponentRemainder(c) if c == at => {
                (exponent, outside) = ((exponent + 1) % exponents, -one);
                numerator = rounded - ((exponent as i128) << bits) - remainder - outside;
            }
            Fault::ExponentCarry(c) if c == at => {
                exponent = (exponent + 1) % exponents;
                numerator = rounded - ((exponent as i128) << bits) - remainder;
            }
            Fault::ExponentInside(c) if c == at => {
                (exponent, remainder) = ((exponent + exponents - 1) % exponents, remainder + one);
                numerator = rounded - ((exponent as i128) << bits) - remainder;
            }
            _ => {}
        }
        let cells = &mut self.trace.cells;
        cells.get_mut(Column::Exponent)[row] = Fr::from(exponent as u64);
        cells.put(Family::SwitchRemainder, row, remainder);
        cells.add(Family::SwitchRemainder, row, Fr::from(outside));
        cells.put_carry(Family::SwitchCarry, row, numerator);
        if fault == Fault::OtherExponent(at) {
            exponent = (exponent + 1) % exponents;
        }
        self.trace.exponents[row] = exponent;
    }

    fn rotate(&mut self, slot: usize, boxes: &[u64; BOXES]) {
        let p = self.p;
        let table = (0..p.n()).map(|j| i128::from(boxes[j / p.box_size()])).collect();
        let mut digits: Pair = [vec![0; p.n()], table];
        for step in 0..=p.groups {
            let key = self.combined_key(slot, step);
            let accumulator = external_product(&digits, &key);
            let at = slot * p.steps() + step;
            self.trace.digits[at] = digits;
            self.trace.combined[at] = key;
            let (next, reduced) = self.decompose_accumulator(slot, step + 1, &accumulator);
            digits = next;
            if step == p.groups {
                self.accumulators.push(reduced);
            }
        }
        self.trace.digits[slot * p.steps() + p.output_step()] = digits;
        if slot == 0 && *self.fault() == Fault::MaskedRow {
            self.trace.cells.add(Family::Remainder, 0, Fr::from(1u64));
        }
    }

    /// Step 0 has the trivial key, rotated by the exponent of subset 1.
    fn combined_key(&self, slot: usize, step: usize) -> [Pair; 2] {
        let p = self.p;
        let n = p.n();
        let at = (slot * p.steps() + step) * SUBSETS;
        let constant = |u: usize, c: usize, value: i128| -> Vec<i128> {
            (0..n).map(|j| if j == 0 && u == c { value } else { 0 }).collect()
        };
        if step == 0 {
            let a = self.trace.exponents[at + 1];
            return [0, 1].map(|u| [0, 1].map(|c| rotate(&constant(u, c, 1), a)));
        }
        if step == p.groups && *self.fault() == Fault::Truncated {
            return [0, 1].map(|u| [0, 1].map(|c| constant(u, c, 1 << p.remainder_bits())));
        }
        [0, 1].map(|u| {
            [0, 1].map(|c| {
                (0..SUBSETS).fold(vec![0; n], |sum, subset| {
                    let start = (((step * SUBSETS + subset) * 2 + u) * 2 + c) * n;
                    let words = &self.evaluation.keys.bootstrapping[start..start + n];
                    let words: Vec<i128> = words.iter().map(|word| i128::from(*word)).collect();
                    add(&sum, &rotate(&words, self.trace.exponents[at + subset]))
                })
            })
        })
    }

    /// Digits and reduced values of an accumulator.
    fn decompose_accumulator(&mut self, slot: usize, step: usize, accumulator: &Pair) -> (Pair, Pair) {
        let n = self.p.n();
        let (mut digits, mut reduced) = ([vec![0; n], vec![0; n]], [vec![0; n], vec![0; n]]);
        for (u, polynomial) in accumulator.iter().enumerate() {
            for (j, coefficient) in polynomial.iter().enumerate() {
                (digits[u][j], reduced[u][j]) = self.digit(Row { slot, step, u, j }, *coefficient);
            }
        }
        (digits, reduced)
    }

    fn digit(&mut self, at: Row, coefficient: i128) -> (i128, i128) {
        let p = self.p;
        let (bits, base, fault) = (p.remainder_bits(), 1i128 << p.base_bits, self.fault().clone());
        let row = ((at.slot * p.steps() + at.step) * 2 + at.u) * p.n() + at.j;
        let rounded = coefficient + (1 << (bits - 1));
        let mut digit = i128::from(rounded as u64 >> bits);
        if digit >= base / 2 {
            digit -= base;
        }
        let mut remainder = rounded & ((1 << bits) - 1);
        let (mut high, mut outside, mut ignored) = (0, 0, 0);
        match fault {
            Fault::Digit(r) if r == at => (digit, ignored) = (digit + 1, 1 << bits),
            Fault::DigitCarry(r) if r == at => digit += 1,
            Fault::DigitHigh(r, Place::InsideLimbs) if r == at => digit += base,
            Fault::DigitHigh(r, Place::Outside) if r == at => high = base,
            Fault::Remainder(r, Place::InsideLimbs) if r == at => {
                (digit, remainder) = (digit - 1, remainder + (1 << bits));
            }
            Fault::Remainder(r, Place::Outside) if r == at => (digit, outside) = (digit - 1, 1 << bits),
            Fault::Alpha(r) if (r.slot, r.step, r.u) == (at.slot, at.step, at.u) && at.j < 2 => {
                let limb = remainder & ((1 << p.limb_bits) - 1);
                (digit, outside) = (digit + 1, i128::from(EARLY_ALPHA) - limb);
            }
            _ => {}
        }
        let cells = &mut self.trace.cells;
        cells.put(Family::Digit, row, digit + base / 2);
        cells.add(Family::Digit, row, Fr::from(high));
        cells.put(Family::Remainder, row, remainder);
        cells.add(Family::Remainder, row, Fr::from(outside));
        let value = ((digit + high) << bits) + remainder + outside;
        cells.put_carry(Family::Carry, row, rounded - value + ignored);
        (digit + high, value - (1 << (bits - 1)))
    }

    fn outputs(&mut self) {
        let (n, circuit) = (self.p.n(), self.evaluation.circuit);
        let mut first = 0;
        for (handle, rows) in circuit.rows_by_output().enumerate() {
            let mut words = vec![];
            for (block, linear) in rows.iter().enumerate() {
                let mut sum = self.combination(linear);
                if handle == 0 && block == 0 && *self.fault() == Fault::Output {
                    sum[3] += 1;
                }
                sum.resize(2 * n, 0);
                for (t, value) in sum.into_iter().enumerate() {
                    let row = (first + block) * 2 * n + t;
                    words.push(self.output_word(handle == 0 && block == 0, row, t, value));
                }
            }
            first += rows.len();
            self.trace.outputs.push(words);
        }
        // Blocks of no handle are zero, their carries at the offset.
        for row in first * 2 * n..1 << self.shape.variables(Column::Word(0)) {
            self.trace.cells.put_carry(Family::WordCarry, row, 0);
        }
        self.change_handle();
    }

    fn output_word(&mut self, first_block: bool, row: usize, t: usize, value: i128) -> Fr {
        let n = self.p.n();
        let mut word = i128::from(value as u64);
        let (mut outside, mut ignored) = (0, 0);
        if first_block {
            match self.fault() {
                Fault::Noncanonical(Place::InsideLimbs) if t == 3 => word += 1 << 64,
                Fault::Noncanonical(Place::Outside) if t == 3 => outside = 1 << 64,
                Fault::Chosen(words) if t <= n => word = i128::from(words[t]),
                Fault::PaddingWord if t == n + 3 => (word, ignored) = (7, 7),
                Fault::PaddingCarry if t == n + 3 => word = 1 << 64,
                _ => {}
            }
        }
        let cells = &mut self.trace.cells;
        cells.put(Family::Word, row, word);
        cells.add(Family::Word, row, Fr::from(outside));
        cells.put_carry(Family::WordCarry, row, word + outside - value - ignored);
        Fr::from(word + outside)
    }

    /// Errors of the handles alone.
    fn change_handle(&mut self) {
        let block = 2 * self.p.n();
        match self.fault() {
            Fault::UnusedBlock => {
                let handle = self.shape.outputs.iter().position(|b| !b.is_power_of_two()).unwrap();
                self.trace.outputs[handle]
                    .resize(self.shape.outputs[handle].next_power_of_two() * block, Fr::from(0));
                self.trace.outputs[handle][self.shape.outputs[handle] * block + 1] = Fr::from(7);
            }
            Fault::Tail => {
                let beyond = block << log2(self.shape.outputs[0]);
                let words = &mut self.trace.outputs[0];
                words.resize(2 * beyond, Fr::from(0));
                words[3] -= Fr::from(1u64 << 40);
                words[beyond + 3] += Fr::from(1u64 << 40);
            }
            Fault::Handle => self.trace.outputs[0][3] += Fr::from(1),
            _ => {}
        }
    }
}
