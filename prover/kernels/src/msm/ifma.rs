//! Additions in 52-bit limbs, eight at a time.
//!
//! Coordinates rest below 1.07 p, congruent to `x * 2^260`. With operands x, y below 1.07 p, in multiples of p:
//!
//! | value | between |
//! | --- | --- |
//! | a negated y, `2 - y` | 0.93 and 2 |
//! | run `x2 - x1 + 2` | 0.93 and 3.07 |
//! | rise `y2 - y1 + 3` | 1 and 5 |
//! | products of the runs, their inverses, slopes | 0 and 1.07 |
//! | `slope^2 - (x1 + x2) + 3` before `fold` | 0.86 and 4.1 |
//! | `slope * (x1 - x3 + 2) - y1 + 3` before `fold` | 1 and 4.1 |
//!
//! The bounds of each operation are in [`crate::field::ifma`].

use super::addition::{Addition, Operand};
use super::portable::{self, Portable};
#[cfg(target_arch = "x86_64")]
use crate::field::VectorUnit;
#[cfg(test)]
use crate::field::ifma::Emulated;
use crate::field::ifma::{BaseField, Elements, LIMBS, Modulus, WordKernel, Words};
use ark_bn254::{Fq, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInteger, Field, One, PrimeField};

/// Points that one group holds.
const LANES: usize = 8;

/// Additions in 52-bit limbs.
#[derive(Clone, Copy)]
pub(crate) enum Ifma {
    /// By the instructions.
    #[cfg(target_arch = "x86_64")]
    Vector(VectorUnit),
    /// By the language.
    #[cfg(test)]
    Emulated,
}

/// An affine point: the words of x, then of y, lowest first. Infinity is zeros: no other point has y = 0.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(crate) struct Point([u64; LANES]);

/// 1/16, which leads from the radix 2^260 of this form to arkworks' 2^256.
const SIXTEENTH: Fq =
    ark_ff::MontFp!("12312136615409592312513603231707217237391675025980025810262583815737939742328");

fn words_of(coordinate: Fq) -> [u64; 4] {
    let sixteenfold = coordinate.double().double().double().double();
    BaseField::words(&sixteenfold)
}

fn coordinate(words: &[u64]) -> Fq {
    let mut integer = ark_ff::BigInt::<4>::default();
    integer.0.copy_from_slice(words);
    if integer >= Fq::MODULUS {
        integer.sub_with_borrow(&Fq::MODULUS);
    }
    BaseField::from_words(integer.0) * SIXTEENTH
}

/// `p - y` or `2 p - y`, the one from 0 to p, of y below 2 p.
fn opposite_of(words: &[u64]) -> [u64; 4] {
    let mut y = ark_ff::BigInt::<4>::default();
    y.0.copy_from_slice(words);
    let mut opposite = Fq::MODULUS;
    if y > Fq::MODULUS {
        opposite.mul2();
    }
    opposite.sub_with_borrow(&y);
    opposite.0
}

impl Addition for Ifma {
    type Point = Point;
    type Scratch = Scratch;

    fn load(point: &G1Affine) -> Point {
        let mut words = Point::default();
        if let Some((x, y)) = point.xy() {
            words.0[..4].copy_from_slice(&words_of(x));
            words.0[4..].copy_from_slice(&words_of(y));
        }
        words
    }

    fn store(point: &Point) -> G1Affine {
        if Self::is_infinity(point) {
            return G1Affine::zero();
        }
        G1Affine::new_unchecked(coordinate(&point.0[..4]), coordinate(&point.0[4..]))
    }

    fn negate(point: &Point) -> Point {
        if Self::is_infinity(point) {
            return *point;
        }
        let mut opposite = *point;
        opposite.0[4..].copy_from_slice(&opposite_of(&point.0[4..]));
        opposite
    }

    fn is_infinity(point: &Point) -> bool {
        point.0[4..] == [0; 4]
    }

    fn add_batch<'a>(
        self,
        scratch: &mut Self::Scratch,
        count: usize,
        operands: impl Fn(usize) -> [Operand<'a, Point>; 2],
        mut store: impl FnMut(usize, Point),
    ) {
        if count == 0 {
            return;
        }
        touch(count, &operands);
        scratch.chords.resize(count.div_ceil(LANES).max(scratch.chords.len()), SavedChord::default());
        let chords = Chords { count, saved: &mut scratch.chords, operands: &operands, store: &mut store };
        let added = match self {
            #[cfg(target_arch = "x86_64")]
            Self::Vector(unit) => unit.run(chords),
            #[cfg(test)]
            Self::Emulated => chords.run::<Emulated>(),
        };
        if !added {
            add_completely(&mut scratch.complete, count, operands, store);
        }
    }
}

/// Room for a batch.
#[derive(Default)]
pub(crate) struct Scratch {
    chords: Vec<SavedChord>,
    complete: portable::Scratch,
}

/// Reads a word of every operand, so that the processor waits for many points at a time.
#[inline(always)]
fn touch<'a>(count: usize, operands: &impl Fn(usize) -> [Operand<'a, Point>; 2]) {
    let mut sum = 0;
    for k in 0..count {
        let [first, second] = operands(k);
        sum ^= first.point.0[0] ^ second.point.0[0];
    }
    core::hint::black_box(sum);
}

/// A batch in which a pair has equal x or an operand is infinite, in the other form.
#[cold]
fn add_completely<'a>(
    scratch: &mut portable::Scratch,
    count: usize,
    operands: impl Fn(usize) -> [Operand<'a, Point>; 2],
    mut store: impl FnMut(usize, Point),
) {
    let convert = |operand: Operand<'_, Point>| {
        let point = Ifma::store(operand.point);
        Portable::load(&if operand.negative { -point } else { point })
    };
    let pairs: Vec<[portable::Point; 2]> = (0..count).map(|k| operands(k).map(convert)).collect();
    let operands = |k: usize| pairs[k].each_ref().map(Operand::plain);
    Portable.add_batch(scratch, count, operands, |k, sum| store(k, Ifma::load(&Portable::store(&sum))));
}

/// A batch of additions along chords. Returns false, and has stored nothing, where a pair has none.
struct Chords<'f, O, S> {
    count: usize,
    saved: &'f mut [SavedChord],
    operands: &'f O,
    store: &'f mut S,
}

/// Five limbs of eight elements in memory.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Saved([[u64; LANES]; LIMBS]);

impl Saved {
    #[inline(always)]
    fn set<W: Words>(&mut self, elements: &Elements<W, BaseField>) {
        elements.save(&mut self.0);
    }

    #[inline(always)]
    fn get<W: Words>(&self) -> Elements<W, BaseField> {
        Elements::saved(&self.0)
    }
}

/// Eight additions between the two passes.
#[derive(Clone, Copy, Default)]
struct SavedChord {
    x1: Saved,
    y1: Saved,
    x_sum: Saved,
    rise: Saved,
    run: Saved,
    /// Products of the runs before this one.
    before: Saved,
}

impl<'a, O, S> WordKernel for Chords<'_, O, S>
where
    O: Fn(usize) -> [Operand<'a, Point>; 2],
    S: FnMut(usize, Point),
{
    type Output = bool;

    #[inline(always)]
    fn run<W: Words>(self) -> bool {
        let groups = self.count.div_ceil(LANES);
        let chords = &mut self.saved[..groups];
        let mut product = Elements::splat(Fq::one());
        let mut finite = u8::MAX;
        for (group, chord) in chords.iter_mut().enumerate() {
            let [first, second] = gather::<W, O>(self.operands, group * LANES, self.count);
            finite &= first.finite & second.finite;
            chord.x1.set(&first.x);
            chord.y1.set(&first.y);
            chord.x_sum.set(&first.x.add_raw(second.x));
            chord.rise.set(&second.y.sub_raw::<3>(first.y).normalise());
            chord.before.set(&product);
            let run = second.x.sub_raw::<2>(first.x).normalise();
            chord.run.set(&run);
            product = product.mul(run);
        }
        if finite != u8::MAX || product.is_zero() != 0 {
            return false;
        }
        let mut inverse = Elements::from_arkworks(&inverses(product.to_arkworks()));
        for (group, chord) in chords.iter().enumerate().rev() {
            let slope = inverse.mul(chord.before.get()).mul(chord.rise.get());
            inverse = inverse.mul(chord.run.get());
            let x = slope.mul(slope).sub_raw::<3>(chord.x_sum.get()).fold();
            let y = slope
                .mul(chord.x1.get::<W>().sub_raw::<2>(x).normalise())
                .sub_raw::<3>(chord.y1.get())
                .fold();
            scatter(self.store, group * LANES, self.count, x, y);
        }
        true
    }
}

/// Eight operands, signs applied, and a bit for each that is finite.
struct Operands<W> {
    x: Elements<W, BaseField>,
    y: Elements<W, BaseField>,
    finite: u8,
}

/// Both operands of the pairs from `start` on; beyond the last pair it is repeated.
#[inline(always)]
fn gather<'a, W: Words, O>(operands: &O, start: usize, count: usize) -> [Operands<W>; 2]
where
    O: Fn(usize) -> [Operand<'a, Point>; 2],
{
    let (mut first, mut second) = ([W::splat(0); LANES], [W::splat(0); LANES]);
    let mut negative = [0u8; 2];
    for k in 0..LANES {
        let [a, b] = operands((start + k).min(count - 1));
        first[k] = W::load(&a.point.0);
        second[k] = W::load(&b.point.0);
        negative[0] |= u8::from(a.negative) << k;
        negative[1] |= u8::from(b.negative) << k;
    }
    [unpack(first, negative[0]), unpack(second, negative[1])]
}

#[inline(always)]
fn unpack<W: Words>(points: [W; LANES], negative: u8) -> Operands<W> {
    let [x0, x1, x2, x3, y0, y1, y2, y3] = W::transpose(points);
    let any = y0.or(y1).or(y2).or(y3);
    // Without the sign bit, so that its negative is negative unless it is zero.
    let any = any.or(any.shift_right::<1>()).and(W::splat(u64::MAX >> 1));
    let finite = W::splat(0).sub(any).negative();
    let y = Elements::unpack([y0, y1, y2, y3]);
    let opposite = Elements::zero().sub_raw::<2>(y).normalise();
    Operands { x: Elements::unpack([x0, x1, x2, x3]), y: y.select(negative, opposite), finite }
}

#[inline(always)]
fn scatter<W: Words>(
    store: &mut impl FnMut(usize, Point),
    start: usize,
    count: usize,
    x: Elements<W, BaseField>,
    y: Elements<W, BaseField>,
) {
    let ([x0, x1, x2, x3], [y0, y1, y2, y3]) = (x.pack(), y.pack());
    let points = W::transpose([x0, x1, x2, x3, y0, y1, y2, y3]);
    for (words, index) in points.into_iter().zip(start..count) {
        let mut point = [0; LANES];
        words.store(&mut point);
        store(index, Point(point));
    }
}

/// The inverses of eight elements, none of them zero, by one inversion.
fn inverses(elements: [Fq; LANES]) -> [Fq; LANES] {
    let mut before = [Fq::one(); LANES];
    let mut product = Fq::one();
    for k in 0..LANES {
        before[k] = product;
        product *= elements[k];
    }
    let mut inverse = product.inverse().unwrap_or_default();
    let mut inverses = [Fq::one(); LANES];
    for k in (0..LANES).rev() {
        inverses[k] = inverse * before[k];
        inverse *= elements[k];
    }
    inverses
}
