//! An age check: of an encrypted date of birth one bit is decrypted, whether the age is reached; and one more, whether the
//! person is a member as well.
//!
//! Dates are numbers of days ([`crate::date`]). The list compares with one public number; the model counts years of life.

use crate::date::Date;
use crate::list_builder::{ListBuilder, NamedList, Value};
use crate::workload::{Size, Workload};
use rand::{Rng, RngCore};
use trine_program::value::ValueType;

/// Type of a date: numbers of days up to the year 2079.
const DATE: ValueType = ValueType::Uint16;
/// Days around the last birthday in which half the dates are drawn.
const NEAR: u16 = 3;

/// An age check.
#[derive(Clone, Copy, Debug)]
pub struct AgeCheck {
    /// Persons checked at once: two inputs and two outputs each.
    pub persons: usize,
    /// Years of life that are asked for.
    pub age: u16,
    /// The date on which they are counted.
    pub today: Date,
}

impl AgeCheck {
    /// The instance of a size.
    pub const fn sized(size: Size) -> Self {
        let persons = match size {
            Size::Small => 2,
            Size::Normal => 8,
        };
        Self { persons, age: 18, today: Date { year: 2026, month: 11, day: 24 } }
    }

    /// Last date of birth that passes.
    fn last_birthday(&self) -> u16 {
        self.today.years_before(self.age).number()
    }
}

impl Workload for AgeCheck {
    fn name(&self) -> &'static str {
        "age-check"
    }

    fn parameters(&self) -> String {
        format!("{} persons, {} years on {}", self.persons, self.age, self.today)
    }

    fn operations(&self) -> NamedList {
        let mut builder = ListBuilder::default();
        let last = Value::constant(DATE, self.last_birthday().into());
        for person in 0..self.persons {
            let born = builder.input(format!("birth of {person}"), DATE);
            let member = builder.input(format!("membership of {person}"), ValueType::Bool);
            let of_age = builder.le(born, last);
            let admitted = builder.and(of_age, member);
            builder.output(format!("{person} of age"), of_age, true);
            builder.output(format!("{person} admitted"), admitted, true);
        }
        builder.finish().expect("a list of at most 64 inputs and 16 outputs")
    }

    /// Half the births are in the days around the last birthday that passes, the others anywhere before today.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64> {
        let mut inputs = Vec::with_capacity(2 * self.persons);
        for _ in 0..self.persons {
            let born = if rng.gen_ratio(1, 2) {
                self.last_birthday() - NEAR + rng.gen_range(0..=2 * NEAR)
            } else {
                rng.gen_range(0..self.today.number())
            };
            inputs.extend([u64::from(born), rng.gen_range(0..=1)]);
        }
        inputs
    }

    fn model(&self, inputs: &[u64]) -> Vec<u64> {
        let person = |person: &[u64]| {
            let of_age = Date::from_number(person[0] as u16).age_on(self.today) >= self.age;
            [u64::from(of_age), u64::from(of_age && person[1] == 1)]
        };
        inputs.chunks(2).flat_map(person).collect()
    }
}
