//! A finite set of small integers: the plaintexts that a wire can take.

use std::collections::BTreeSet;

/// Plaintexts, as signed integers. A wire's lie in -16 to 15, the padding bit read as a sign.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ValueSet(BTreeSet<i32>);

impl ValueSet {
    /// Every integer from `low` to `high`.
    pub fn range(low: i32, high: i32) -> Self {
        Self((low..=high).collect())
    }

    /// One integer.
    pub fn single(value: i32) -> Self {
        Self(BTreeSet::from([value]))
    }

    /// Whether `value` is in the set.
    pub fn contains(&self, value: i32) -> bool {
        self.0.contains(&value)
    }

    /// The members, increasing.
    pub fn iter(&self) -> impl Iterator<Item = i32> {
        self.0.iter().copied()
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Least member; 0 of the empty set.
    pub fn low(&self) -> i32 {
        self.0.first().copied().unwrap_or(0)
    }

    /// Greatest member; 0 of the empty set.
    pub fn high(&self) -> i32 {
        self.0.last().copied().unwrap_or(0)
    }

    /// Every `x + coefficient * y` with x in this set and y in the other.
    pub fn plus_scaled(&self, other: &Self, coefficient: i32) -> Self {
        Self(self.iter().flat_map(|x| other.iter().map(move |y| x + coefficient * y)).collect())
    }
}

impl FromIterator<i32> for ValueSet {
    fn from_iter<I: IntoIterator<Item = i32>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}
