//! Lookups with sharing, and sums that are made to fit noise and range.

use crate::circuit::BOXES;
use crate::circuit::check::MAX_NOISE_LEVEL;
use crate::circuit::reach::{Sum, Wiring, reach};
use crate::circuit::value_set::ValueSet;
use crate::lowering::columns::propagate;
use crate::lowering::form::{Form, Source, Value};
use crate::operation::OperationInput;
use crate::value::KeyKind;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// One function applied to one form: a bootstrapping, unless it shares another's.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub key_kind: KeyKind,
    /// Least plaintext 0.
    pub input: Form,
    /// Plaintexts of the input.
    pub looked_up: ValueSet,
    /// Result for each plaintext from 0; 0 for those that cannot occur.
    pub results: Vec<i32>,
    /// Plaintexts of the result.
    pub values: ValueSet,
}

/// A circuit under construction.
#[derive(Debug)]
pub struct Builder {
    inputs: Vec<OperationInput>,
    input_values: Vec<ValueSet>,
    lookups: Vec<Lookup>,
    known: BTreeMap<(Form, Vec<i32>), u32>,
}

impl Builder {
    /// An empty circuit over these input handles.
    pub fn new(inputs: &[OperationInput]) -> Self {
        let values = inputs.iter().map(|i| ValueSet::range(0, i32::from(i.declaration.degree))).collect();
        Self { inputs: inputs.to_vec(), input_values: values, lookups: Vec::new(), known: BTreeMap::new() }
    }

    /// Lookups so far, dead ones included.
    pub fn lookups(&self) -> usize {
        self.lookups.len()
    }

    pub(super) fn lookup_list(&self) -> &[Lookup] {
        &self.lookups
    }

    pub(super) fn inputs(&self) -> &[OperationInput] {
        &self.inputs
    }

    /// The value of an input handle: moved to the compute key where it is under the casting key, carries propagated
    /// where its blocks hold any.
    pub fn input(&mut self, handle: usize) -> Value {
        let d = self.inputs[handle].declaration;
        let mut blocks = Vec::with_capacity(usize::from(d.blocks));
        for block in 0..d.blocks {
            let wire = Form::source(Source::Input { handle: handle as u8, block });
            blocks.push(match d.key_kind {
                KeyKind::Compute => wire,
                KeyKind::Casting => self.lookup(&wire, |v| v),
            });
        }
        if d.degree > 3 {
            blocks = propagate(self, blocks.into_iter().map(|b| vec![b]).collect());
        }
        Value { value_type: d.value_type, blocks }
    }

    /// Noise level: sum of |coefficient| times the level of each wire.
    pub fn level(&self, form: &Form) -> u64 {
        let of = |source: &Source| match source {
            Source::Input { handle, .. } => u64::from(self.inputs[usize::from(*handle)].noise_level),
            Source::Lookup(_) => 1,
        };
        form.terms().iter().map(|(source, c)| u64::from(c.unsigned_abs()) * of(source)).sum()
    }

    /// Plaintexts that the form can take.
    pub fn reach(&self, form: &Form) -> ValueSet {
        reach(self, form.terms(), form.offset())
    }

    /// `function(form)`. The form has a noise level of at most 5 and spans at most 16 plaintexts ([`Builder::fit`]); the
    /// function gives -16 to 15. Equal lookups are made once; no lookup is made where the result is constant.
    pub fn lookup(&mut self, form: &Form, function: impl Fn(i32) -> i32) -> Form {
        let (input, from_input) = self.normalised(form);
        let looked_up = self.reach(&input);
        let mut results = vec![0; looked_up.high() as usize + 1];
        for v in looked_up.iter() {
            results[v as usize] = function(from_input.0 * v + from_input.1);
        }
        let values: ValueSet = looked_up.iter().map(|v| results[v as usize]).collect();
        if values.len() == 1 {
            return Form::constant(values.low());
        }
        let key = (input, results);
        if let Some(index) = self.known.get(&key) {
            return Form::source(Source::Lookup(*index));
        }
        let index = self.lookups.len() as u32;
        self.known.insert(key.clone(), index);
        let (input, results) = key;
        let key_kind = self.key_kind(&input);
        self.lookups.push(Lookup { key_kind, input, looked_up, results, values });
        Form::source(Source::Lookup(index))
    }

    /// `function(form)` like [`Builder::lookup`]; where the form is one lookup's result, both functions become one
    /// lookup of that one's input, and the first is left out if nothing else uses it.
    pub fn relabel(&mut self, form: &Form, function: impl Fn(i32) -> i32) -> Form {
        let [(Source::Lookup(index), coefficient)] = *form.terms() else {
            return self.lookup(form, function);
        };
        let inner = self.lookups[index as usize].clone();
        let offset = form.offset();
        self.lookup(&inner.input, |v| function(coefficient * inner.results[v as usize] + offset))
    }

    /// `sum coefficient * form`, where parts are bootstrapped (already scaled) until noise level and range fit a lookup,
    /// the noisiest first.
    pub fn fit(&mut self, parts: &[(i32, &Form)]) -> Form {
        let mut parts: Vec<(i32, Form)> = parts.iter().map(|(c, f)| (*c, (*f).clone())).collect();
        loop {
            let sum = parts.iter().fold(Form::default(), |sum, (c, f)| sum.plus(*c, f));
            if self.fits(&sum) {
                return sum;
            }
            let weight = |(c, f): &(i32, Form)| u64::from(c.unsigned_abs()) * self.level(f);
            let noisiest = (0..parts.len())
                .filter(|i| weight(&parts[*i]) > 1)
                .max_by_key(|i| (weight(&parts[*i]), Reverse(*i)));
            let Some(place) = noisiest else { return sum };
            let (coefficient, form) = parts[place].clone();
            parts[place] = (1, self.relabel(&form, |v| coefficient * v));
        }
    }

    /// Whether the form could be an output: noise level at most 5, plaintexts from 0 to 15.
    pub fn is_block(&self, form: &Form) -> bool {
        if self.level(form) > MAX_NOISE_LEVEL {
            return false;
        }
        let values = self.reach(form);
        values.low() >= 0 && values.high() < BOXES as i32
    }

    fn fits(&self, form: &Form) -> bool {
        if self.level(form) > MAX_NOISE_LEVEL {
            return false;
        }
        let values = self.reach(form);
        values.high() - values.low() < BOXES as i32
    }

    /// The same value with every block a bootstrapping's output or a constant.
    pub fn bootstrapped(&mut self, value: &Value) -> Value {
        let mut blocks = Vec::with_capacity(value.blocks.len());
        for block in &value.blocks {
            let is_output = matches!(block.terms(), [(Source::Lookup(_), 1)]) || block.terms().is_empty();
            blocks.push(if is_output { block.clone() } else { self.bootstrap(block) });
        }
        Value { value_type: value.value_type, blocks }
    }

    /// The identity as a lookup that is never left out: a wire of noise level 1.
    fn bootstrap(&mut self, form: &Form) -> Form {
        self.relabel(form, |v| v)
    }

    /// The form to look up, with least plaintext 0 and first coefficient positive, and (scale, offset) such that
    /// `form = scale * input + offset`.
    fn normalised(&self, form: &Form) -> (Form, (i32, i32)) {
        if let [(source, coefficient)] = *form.terms() {
            let low = self.values(source).low();
            let input = Form::source(source).plus_constant(-low);
            return (input, (coefficient, coefficient * low + form.offset()));
        }
        let positive = form.terms().first().is_none_or(|t| t.1 > 0);
        let (upright, scale) = if positive { (form.clone(), 1) } else { (form.negated(), -1) };
        let low = self.reach(&upright).low();
        (upright.plus_constant(-low), (scale, scale * low))
    }

    /// Inputs under the casting key are looked up alone, before anything else is done with them.
    fn key_kind(&self, form: &Form) -> KeyKind {
        match form.terms().first() {
            Some((Source::Input { handle, .. }, _)) => self.inputs[usize::from(*handle)].declaration.key_kind,
            _ => KeyKind::Compute,
        }
    }
}

impl Wiring for Builder {
    type Wire = Source;

    fn values(&self, wire: Source) -> &ValueSet {
        match wire {
            Source::Input { handle, .. } => &self.input_values[usize::from(handle)],
            Source::Lookup(index) => &self.lookups[index as usize].values,
        }
    }

    fn looked_up(&self, wire: Source) -> Option<Sum<'_, Source>> {
        let Source::Lookup(index) = wire else { return None };
        let input = &self.lookups[index as usize].input;
        Some((input.terms(), input.offset()))
    }

    fn value(&self, wire: Source, lookup: i32) -> Option<i32> {
        let Source::Lookup(index) = wire else { return None };
        let own = &self.lookups[index as usize];
        own.looked_up.contains(lookup).then(|| own.results[lookup as usize])
    }
}
