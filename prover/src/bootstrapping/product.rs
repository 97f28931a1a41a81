//! Sumcheck of `sum_(z, y) eq(point, z) w(y) left(z, y) right(z, y)`: accumulator (PB.A) and combined key (PB.C).
//!
//! z is bound first, eight y at a time: a group is eight consecutive y, one in each lane, with a block for each z. What is
//! left is a sum over y, of elements.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use rayon::prelude::*;
use trine_kernels::{Backend, Block, Buffer, FieldVector, Kernel, LANES, Lanes};
use trine_verifier::bootstrapping::product::{ProductLabels, ProductProof};
use trine_verifier::opening::eq_table;
use trine_verifier::transcript::Transcript;

/// log2 of the products that are summed before a reduction.
const LOG_RUN: usize = 5;

/// The two factors in the groups that are not zero.
pub struct Tables {
    backend: Backend,
    log_inner: usize,
    groups: Vec<usize>,
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

impl Tables {
    /// Tables of `2^log_inner` blocks for each of `groups`, group k being y from `8 k` on.
    ///
    /// `fill` writes the blocks of `left` and of `right` for the group that it is given.
    pub fn build(
        backend: Backend,
        log_inner: usize,
        groups: Vec<usize>,
        fill: impl Fn(usize, &mut [Block], &mut [Block]) + Sync,
    ) -> Self {
        let length = groups.len() << log_inner;
        let zeros = || Buffer::filled(length, Block::default());
        let mut tables = Self { backend, log_inner, groups, left: zeros(), right: zeros() };
        tables.for_each_group(|group, left, right| fill(group, left, right));
        tables
    }

    /// The sum.
    ///
    /// `weight` is w by y, all of it.
    pub fn claim(&mut self, point: &[Fr], weight: &[Fr]) -> Fr {
        let (backend, length) = (self.backend, 1 << self.log_inner);
        let equality = Equality::new(backend, point);
        let claims = self.for_each_group(|group, left, right| {
            let tables = [&left[..length], &right[..length]];
            backend.run(Claim { tables, equality: &equality, weight: lanes(weight, group) })
        });
        claims.into_iter().sum()
    }

    /// Binds z, round by round.
    pub fn bind(
        mut self,
        point: &[Fr],
        weight: &[Fr],
        labels: ProductLabels,
        transcript: &mut Transcript,
    ) -> Bound {
        let backend = self.backend;
        let (mut bound, mut rounds): (Vec<Fr>, Vec<[Fr; 2]>) = (vec![], vec![]);
        for k in 0..self.log_inner {
            let equality = Equality::new(backend, &point[k + 1..]);
            let (length, last) = (1 << (self.log_inner - k), bound.last().copied());
            let sums = self.for_each_group(|group, left, right| {
                if let Some(challenge) = last {
                    backend.run(Bind { table: &mut left[..2 * length], challenge });
                    backend.run(Bind { table: &mut right[..2 * length], challenge });
                }
                let tables = [&left[..length], &right[..length]];
                backend.run(Round { tables, equality: &equality, weight: lanes(weight, group) })
            });
            let round = sums
                .iter()
                .fold([Fr::zero(); 2], |[a, b], [difference, leading]| [a + difference, b + leading]);
            transcript.absorb_all(labels.inner, &round);
            bound.push(transcript.challenge(labels.challenge));
            rounds.push(round);
        }
        let ends = self.for_each_group(|_, left, right| {
            let challenge = bound.last().copied().unwrap_or_default();
            [left, right].map(|table| backend.run(End { table, challenge }))
        });
        let mut result = Bound {
            point: bound,
            rounds,
            left: vec![Fr::zero(); weight.len()],
            right: vec![Fr::zero(); weight.len()],
        };
        for (group, [left, right]) in self.groups.iter().zip(ends) {
            lanes_mut(&mut result.left, *group).copy_from_slice(&left);
            lanes_mut(&mut result.right, *group).copy_from_slice(&right);
        }
        result
    }

    /// Applies `work` to all groups: their index, the blocks of left and of right.
    fn for_each_group<R: Send>(
        &mut self,
        work: impl Fn(usize, &mut [Block], &mut [Block]) -> R + Sync,
    ) -> Vec<R> {
        let length = 1 << self.log_inner;
        let tables = self.left.par_chunks_mut(length).zip(self.right.par_chunks_mut(length));
        self.groups.par_iter().zip(tables).map(|(group, (left, right))| work(*group, left, right)).collect()
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

    #[inline(always)]
    fn entry<L: Lanes>(vector: &FieldVector, index: usize) -> L {
        L::broadcast(&vector.blocks()[index / LANES], index % LANES)
    }
}

/// `sum_(z, y) eq(z) w(y) left right` of one group.
struct Claim<'a> {
    tables: [&'a [Block]; 2],
    equality: &'a Equality,
    weight: &'a [Fr; LANES],
}

impl Kernel for Claim<'_> {
    type Output = Fr;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Fr {
        let ([left, right], equality) = (self.tables, self.equality);
        let run = equality.low.len();
        let mut total = L::zero();
        for high in 0..equality.high.len() {
            let mut sum = L::empty_sum();
            for low in 0..run {
                let z = high * run + low;
                let product = L::load(&left[z]).mul(L::load(&right[z]));
                L::accumulate(&mut sum, product, Equality::entry(&equality.low, low));
            }
            total = total.add(L::reduce(sum).mul(Equality::entry(&equality.high, high)));
        }
        total.mul(L::from_elements(self.weight)).sum()
    }
}

/// `(t(1) - t(0), leading coefficient)` of one group.
struct Round<'a> {
    tables: [&'a [Block]; 2],
    equality: &'a Equality,
    weight: &'a [Fr; LANES],
}

impl Kernel for Round<'_> {
    type Output = [Fr; 2];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Fr; 2] {
        let ([left, right], equality) = (self.tables, self.equality);
        let run = equality.low.len();
        let mut totals = [L::zero(); 2];
        for high in 0..equality.high.len() {
            let mut sums = [L::empty_sum(); 2];
            for low in 0..run {
                let z = 2 * (high * run + low);
                let (a, b) = (L::load(&left[z + 1]), L::load(&right[z]));
                let da = a.sub(L::load(&left[z]));
                let db = L::load(&right[z + 1]).sub(b);
                let eq = Equality::entry(&equality.low, low);
                // a_1 b_1 - a_0 b_0
                L::accumulate(&mut sums[0], L::mul_add(a, db, da, b), eq);
                L::accumulate(&mut sums[1], da.mul(db), eq);
            }
            let eq = Equality::entry(&equality.high, high);
            for k in 0..2 {
                totals[k] = totals[k].add(L::reduce(sums[k]).mul(eq));
            }
        }
        let weight = L::from_elements(self.weight);
        [totals[0].mul(weight).sum(), totals[1].mul(weight).sum()]
    }
}

/// Binds the lowest variable of z in place: the first half of the blocks.
struct Bind<'a> {
    table: &'a mut [Block],
    challenge: Fr,
}

impl Kernel for Bind<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (low, high) = (L::splat(Fr::one() - self.challenge), L::splat(self.challenge));
        for z in 0..self.table.len() / 2 {
            let (even, odd) = (L::load(&self.table[2 * z]), L::load(&self.table[2 * z + 1]));
            L::mul_add(low, even, high, odd).store(&mut self.table[z]);
        }
    }
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

        fn tables(&self, backend: Backend, log_inner: usize) -> Tables {
            Tables::build(backend, log_inner, self.groups.clone(), |k, left, right| {
                backend.run(Store(&group(&self.left, k, 1 << log_inner), left));
                backend.run(Store(&group(&self.right, k, 1 << log_inner), right));
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
            let mut tables = dense.tables(backend, log_inner);
            assert_eq!(tables.claim(&point, &weight), claim);
            let transcript = &mut Transcript::new("test");
            let bound = tables.bind(&point, &weight, KEY, transcript);
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
