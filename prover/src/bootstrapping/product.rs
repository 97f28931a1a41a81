//! Sumcheck of `sum_(z, y) eq(point, z) w(y) left(z, y) right(z, y)`: accumulator (PB.A) and combined key (PB.C).
//!
//! z is bound first, eight y at a time: a group is eight consecutive y, one in each lane, with a block for each z. What
//! is left is a sum over y, of elements.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Buffer, FieldVector, Kernel, LANES, Lanes};
use trine_verifier::bootstrapping::product::{ProductLabels, ProductProof};
use trine_verifier::opening::eq_table;
use trine_verifier::transcript::Transcript;

/// log2 of the products that are summed before a reduction.
const LOG_RUN: usize = 5;

/// What is summed, apart from the two factors.
#[derive(Clone, Copy)]
pub struct ProductSum<'a> {
    /// Where it is computed.
    pub backend: Backend,
    /// Point over z.
    pub point: &'a [Fr],
    /// w by y, all of it.
    pub weight: &'a [Fr],
}

/// The two factors in the groups that are not zero.
pub struct Tables<'a> {
    sum: ProductSum<'a>,
    groups: Vec<Group>,
    first: RoundSums,
}

/// The two factors for eight consecutive y: a block for each z.
struct Group {
    index: usize,
    left: Buffer<Block>,
    right: Buffer<Block>,
}

/// The factors after z is bound, by y; zero outside the groups.
pub struct Bound {
    /// Point over z.
    pub point: Vec<Fr>,
    /// `(t(1) - t(0), leading coefficient)` of each round.
    pub rounds: Vec<[Fr; 2]>,
    /// `left` at the point.
    pub left: Vec<Fr>,
    /// `right` at the point.
    pub right: Vec<Fr>,
}

/// Where a product sumcheck ends.
pub struct Proved {
    /// Rounds and the values of both factors.
    pub proof: ProductProof,
    /// Point over z.
    pub inner: Vec<Fr>,
    /// Point over y.
    pub outer: Vec<Fr>,
}

impl<'a> ProductSum<'a> {
    /// Tables for `groups`, group k being y from `8 k` on.
    ///
    /// `fill` writes the blocks of `left` and of `right`, one for each z, for the group that it is given.
    pub fn tables(
        self,
        groups: &[usize],
        fill: impl Fn(usize, &mut [Block], &mut [Block]) + Sync,
    ) -> Tables<'a> {
        let (length, equality) = (1 << self.point.len(), self.equality(0));
        let filled = groups.par_iter().map(|index| {
            let zeros = || Buffer::zeroed(length);
            let mut group = Group { index: *index, left: zeros(), right: zeros() };
            fill(*index, &mut group.left, &mut group.right);
            // The first round, while the group is in the cache.
            let sums = group.round(&self, &equality, None);
            (group, sums)
        });
        let (groups, sums): (Vec<Group>, Vec<RoundSums>) = filled.unzip();
        Tables { sum: self, groups, first: sums.iter().fold(RoundSums::default(), RoundSums::add) }
    }

    /// Equality over the variables above the one that round k binds.
    fn equality(&self, k: usize) -> Equality {
        Equality::new(self.backend, self.point.get(k + 1..).unwrap_or_default())
    }
}

impl Group {
    /// The group's part of the sums of a round, after the variable of the round before is bound.
    fn round(&mut self, sum: &ProductSum<'_>, equality: &Equality, bound: Option<Fr>) -> RoundSums {
        let length = 2 * equality.len() * if bound.is_some() { 2 } else { 1 };
        let tables = [&mut self.left[..length], &mut self.right[..length]];
        sum.backend.run(Round { tables, equality, weight: lanes(sum.weight, self.index), bound })
    }
}

impl Tables<'_> {
    /// The sum.
    pub fn claim(&self) -> Fr {
        let x = self.sum.point.first().copied().unwrap_or_default();
        let [zero, one] = self.first.halves;
        zero + x * (one - zero)
    }

    /// Binds z, round by round.
    pub fn bind(mut self, labels: ProductLabels, transcript: &mut Transcript) -> Bound {
        let (sum, variables) = (self.sum, self.sum.point.len());
        let (mut point, mut rounds, mut sums): (Vec<Fr>, Vec<[Fr; 2]>, RoundSums) =
            (vec![], vec![], self.first);
        for k in 1..=variables {
            let [zero, one] = sums.halves;
            let round = [one - zero, sums.leading];
            transcript.absorb_all(labels.inner, &round);
            let challenge = transcript.challenge(labels.challenge);
            rounds.push(round);
            point.push(challenge);
            if k < variables {
                let equality = sum.equality(k);
                let parts =
                    self.groups.par_iter_mut().map(|group| group.round(&sum, &equality, Some(challenge)));
                sums = parts.reduce(RoundSums::default, |a, b| a.add(&b));
            }
        }
        self.end(point, rounds)
    }

    /// Binds the last variable of z.
    fn end(self, point: Vec<Fr>, rounds: Vec<[Fr; 2]>) -> Bound {
        let zeros = vec![Fr::zero(); self.sum.weight.len()];
        let challenge = point.last().copied().unwrap_or_default();
        let mut bound = Bound { point, rounds, left: zeros.clone(), right: zeros };
        for group in &self.groups {
            for (table, values) in [(&group.left, &mut bound.left), (&group.right, &mut bound.right)] {
                *lanes_mut(values, group.index) = self.sum.backend.run(End { table, challenge });
            }
        }
        bound
    }
}

/// The eight entries of a group.
fn lanes(of: &[Fr], group: usize) -> &[Fr; LANES] {
    &of.as_chunks().0[group]
}

fn lanes_mut(of: &mut [Fr], group: usize) -> &mut [Fr; LANES] {
    &mut of.as_chunks_mut().0[group]
}

impl Bound {
    /// Binds y: a sumcheck of `w left right` of degree 3. The values are those of both factors.
    pub fn finish(self, weight: Vec<Fr>, labels: ProductLabels, transcript: &mut Transcript) -> Proved {
        let mut factors = [weight, self.left, self.right];
        let (mut outer, mut rounds) = (vec![], vec![]);
        while factors[0].len() > 1 {
            let round = cubic_round(&factors);
            transcript.absorb_all(labels.outer, &round);
            let challenge = transcript.challenge(labels.challenge);
            factors.iter_mut().for_each(|factor| bind(factor, challenge));
            outer.push(challenge);
            rounds.push(round);
        }
        let [_, left, right] = factors.map(|factor| factor.first().copied().unwrap_or_default());
        let proof = ProductProof { inner: self.rounds, outer: rounds, left, right };
        Proved { proof, inner: self.point, outer }
    }
}

/// Coefficients `(a_0, a_2, a_3)` of the sum of the products of three factors in their lowest variable.
fn cubic_round([weight, left, right]: &[Vec<Fr>; 3]) -> [Fr; 3] {
    let mut round = [Fr::zero(); 3];
    let pairs = |factor: &'_ [Fr]| factor.as_chunks::<2>().0.to_vec();
    for ((w, l), r) in pairs(weight).iter().zip(pairs(left)).zip(pairs(right)) {
        let [dw, dl, dr] = [w[1] - w[0], l[1] - l[0], r[1] - r[0]];
        let (low, high) = (l[0] * r[0], dl * dr);
        let middle = l[1] * r[1] - low - high;
        round[0] += w[0] * low;
        round[1] += w[0] * high + dw * middle;
        round[2] += dw * high;
    }
    round
}

/// Binds the lowest variable.
pub(super) fn bind(factor: &mut Vec<Fr>, challenge: Fr) {
    *factor = factor.as_chunks::<2>().0.iter().map(|[low, high]| *low + challenge * (*high - low)).collect();
}

/// Equality with a point as a tensor of two tables.
struct Equality {
    low: FieldVector,
    high: FieldVector,
}

impl Equality {
    fn new(backend: Backend, point: &[Fr]) -> Self {
        let (low, high) = point.split_at(point.len().min(LOG_RUN));
        let table = |point| FieldVector::from_elements(backend, &eq_table(point));
        Self { low: table(low), high: table(high) }
    }

    /// Entries of the tensor.
    fn len(&self) -> usize {
        self.low.len() * self.high.len()
    }

    #[inline(always)]
    fn entry<L: Lanes>(vector: &FieldVector, index: usize) -> L {
        L::broadcast(&vector.blocks()[index / LANES], index % LANES)
    }
}

/// Sums of a round: of `t(X) = sum over the other variables of eq w left right`.
#[derive(Clone, Copy, Default)]
struct RoundSums {
    /// `t(0)` and `t(1)`.
    halves: [Fr; 2],
    /// Leading coefficient of t.
    leading: Fr,
}

impl RoundSums {
    fn add(self, other: &Self) -> Self {
        let halves = [self.halves[0] + other.halves[0], self.halves[1] + other.halves[1]];
        Self { halves, leading: self.leading + other.leading }
    }
}

/// Binds the variable of the round before, if there was one, in place: the first half of the blocks. Then sums.
struct Round<'a> {
    tables: [&'a mut [Block]; 2],
    equality: &'a Equality,
    weight: &'a [Fr; LANES],
    bound: Option<Fr>,
}

impl Kernel for Round<'_> {
    type Output = RoundSums;

    #[inline(always)]
    fn run<L: Lanes>(self) -> RoundSums {
        let ([left, right], equality) = (self.tables, self.equality);
        let mut fold = None;
        if let Some(challenge) = self.bound {
            fold = Some([L::splat(Fr::one() - challenge), L::splat(challenge)]);
        }
        let run = equality.low.len();
        let mut totals = [L::zero(); 3];
        for high in 0..equality.high.len() {
            let mut sums = [L::empty_sum(); 3];
            for low in 0..run {
                let z = high * run + low;
                let [a, b] = pair(left, z, fold);
                let [c, d] = pair(right, z, fold);
                let eq = Equality::entry(&equality.low, low);
                L::accumulate(&mut sums[0], a.mul(c), eq);
                L::accumulate(&mut sums[1], b.mul(d), eq);
                L::accumulate(&mut sums[2], b.sub(a).mul(d.sub(c)), eq);
            }
            let eq = Equality::entry(&equality.high, high);
            for k in 0..3 {
                totals[k] = totals[k].add(L::reduce(sums[k]).mul(eq));
            }
        }
        let weight = L::from_elements(self.weight);
        let [zero, one, leading] = totals;
        RoundSums {
            halves: [zero.mul(weight).sum(), one.mul(weight).sum()],
            leading: leading.mul(weight).sum(),
        }
    }
}

/// The two entries that differ in the lowest variable, for z above it; folds the variable below first.
#[inline(always)]
fn pair<L: Lanes>(table: &mut [Block], z: usize, fold: Option<[L; 2]>) -> [L; 2] {
    let Some([low, high]) = fold else { return [L::load(&table[2 * z]), L::load(&table[2 * z + 1])] };
    let first = L::mul_add(low, L::load(&table[4 * z]), high, L::load(&table[4 * z + 1]));
    let second = L::mul_add(low, L::load(&table[4 * z + 2]), high, L::load(&table[4 * z + 3]));
    first.store(&mut table[2 * z]);
    second.store(&mut table[2 * z + 1]);
    [first, second]
}

/// Binds the last variable of z.
struct End<'a> {
    table: &'a [Block],
    challenge: Fr,
}

impl Kernel for End<'_> {
    type Output = [Fr; LANES];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Fr; LANES] {
        let (low, high) = (L::splat(Fr::one() - self.challenge), L::splat(self.challenge));
        L::mul_add(low, L::load(&self.table[0]), high, L::load(&self.table[1])).elements()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;
    use trine_verifier::bootstrapping::product::{KEY, verify_product};

    /// Writes one row of blocks.
    struct Store<'a>(&'a [Fr], &'a mut [Block]);

    impl Kernel for Store<'_> {
        type Output = ();

        #[inline(always)]
        fn run<L: Lanes>(self) {
            for (elements, block) in self.0.as_chunks::<LANES>().0.iter().zip(self.1) {
                L::from_elements(elements).store(block);
            }
        }
    }

    /// Tables by (y, z); zero in the groups that are left out.
    struct Dense {
        left: Vec<Fr>,
        right: Vec<Fr>,
        groups: Vec<usize>,
    }

    /// By z, then lane.
    fn group(table: &[Fr], group: usize, length: usize) -> Vec<Fr> {
        let rows = &table[group * LANES * length..(group + 1) * LANES * length];
        (0..length).flat_map(|z| (0..LANES).map(move |lane| rows[lane * length + z])).collect()
    }

    impl Dense {
        fn random(length: usize, outer: usize, random: &mut ChaCha20Rng) -> Self {
            let groups: Vec<usize> = (0..outer / LANES).filter(|k| k % 3 != 1).collect();
            let mut table = || -> Vec<Fr> {
                let used = |row: usize| groups.contains(&(row / length / LANES));
                (0..length * outer).map(|row| if used(row) { Fr::rand(random) } else { Fr::zero() }).collect()
            };
            let (left, right) = (table(), table());
            Self { left, right, groups }
        }

        fn tables<'a>(&self, sum: ProductSum<'a>) -> Tables<'a> {
            sum.tables(&self.groups, |k, left, right| {
                sum.backend.run(Store(&group(&self.left, k, left.len()), left));
                sum.backend.run(Store(&group(&self.right, k, right.len()), right));
            })
        }
    }

    fn evaluate(table: &[Fr], point: &[Fr]) -> Fr {
        eq_table(point).iter().zip(table).map(|(eq, value)| *eq * value).sum()
    }

    fn sum_is_proved(log_inner: usize, log_outer: usize, seed: u64) {
        let random = &mut ChaCha20Rng::seed_from_u64(seed);
        let dense = Dense::random(1 << log_inner, 1 << log_outer, random);
        let weight: Vec<Fr> = (0..1 << log_outer).map(|_| Fr::rand(random)).collect();
        let mut point: Vec<Fr> = (0..log_inner).map(|_| Fr::rand(random)).collect();
        // Equality may vanish on either half.
        point[0] = [point[0], Fr::zero(), Fr::one()][seed as usize % 3];

        let weights = weight.iter().flat_map(|w| eq_table(&point).into_iter().map(move |eq| eq * w));
        let products = dense.left.iter().zip(&dense.right).map(|(left, right)| *left * right);
        let claim: Fr = weights.zip(products).map(|(weight, product)| weight * product).sum();
        for backend in Backend::all() {
            let tables = dense.tables(ProductSum { backend, point: &point, weight: &weight });
            assert_eq!(tables.claim(), claim);
            let transcript = &mut Transcript::new("test");
            let bound = tables.bind(KEY, transcript);
            let Proved { proof, inner, outer } = bound.finish(weight.clone(), KEY, transcript);
            let end =
                verify_product(claim, &point, log_outer, &proof, KEY, &mut Transcript::new("test")).unwrap();
            assert_eq!((&end.inner, &end.outer), (&inner, &outer));
            assert_eq!(end.claim, evaluate(&weight, &outer) * proof.left * proof.right);
            let whole: Vec<Fr> = inner.iter().chain(&outer).copied().collect();
            assert_eq!(proof.left, evaluate(&dense.left, &whole));
            assert_eq!(proof.right, evaluate(&dense.right, &whole));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        #[test]
        fn sums_are_proved(log_inner in 1..8usize, log_outer in 3..6usize, seed in any::<u64>()) {
            sum_is_proved(log_inner, log_outer, seed);
        }
    }
}
