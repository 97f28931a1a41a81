//! Additions in the arithmetic of arkworks, one at a time.

use super::addition::{Addition, Operand};
use ark_bn254::{Fq, G1Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, One, Zero};

/// Additions in the arithmetic of arkworks.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

/// An affine point; infinity is (0, 0), as no point of the curve has y = 0: the group has odd order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Point {
    x: Fq,
    y: Fq,
}

impl Point {
    #[inline(always)]
    fn negate_if(&mut self, negative: bool) {
        if negative {
            self.y.neg_in_place();
        }
    }
}

/// One addition between the passes.
#[derive(Clone, Copy)]
struct Chord {
    rise: Fq,
    run: Fq,
    /// Product of the runs before this one.
    before: Fq,
}

/// Room for a batch.
#[derive(Default)]
pub(crate) struct Scratch {
    pairs: Vec<[Point; 2]>,
    /// For each pair, whether its points are negated.
    signs: Vec<[bool; 2]>,
    chords: Vec<Chord>,
    /// Sums that no chord gives: an operand or the sum is infinity.
    exceptions: Vec<(usize, Point)>,
}

/// What an addition comes to.
enum Sum {
    /// The third point of a chord or tangent of slope `rise / run`.
    Slope { rise: Fq, run: Fq },
    /// Known without one.
    Known(Point),
}

#[inline(always)]
fn classify(first: &Point, second: &Point) -> Sum {
    let run = second.x - first.x;
    if !(run.is_zero() || first.y.is_zero() || second.y.is_zero()) {
        return Sum::Slope { rise: second.y - first.y, run };
    }
    exceptional(first, second)
}

#[cold]
fn exceptional(first: &Point, second: &Point) -> Sum {
    if first.y.is_zero() {
        return Sum::Known(*second);
    }
    if second.y.is_zero() {
        return Sum::Known(*first);
    }
    if second.x != first.x {
        return Sum::Slope { rise: second.y - first.y, run: second.x - first.x };
    }
    if first.y != second.y {
        return Sum::Known(Point::default());
    }
    let square = first.x.square();
    Sum::Slope { rise: square.double() + square, run: first.y.double() }
}

impl Addition for Portable {
    type Point = Point;
    type Scratch = Scratch;

    fn load(point: &G1Affine) -> Point {
        point.xy().map_or(Point::default(), |(x, y)| Point { x, y })
    }

    fn store(point: &Point) -> G1Affine {
        if Self::is_infinity(point) { G1Affine::zero() } else { G1Affine::new_unchecked(point.x, point.y) }
    }

    fn negate(point: &Point) -> Point {
        Point { x: point.x, y: -point.y }
    }

    fn is_infinity(point: &Point) -> bool {
        point.y.is_zero()
    }

    fn add_batch<'a>(
        self,
        scratch: &mut Scratch,
        count: usize,
        operands: impl Fn(usize) -> [Operand<'a, Point>; 2],
        mut store: impl FnMut(usize, Point),
    ) {
        let Scratch { pairs, signs, chords, exceptions } = scratch;
        pairs.clear();
        signs.clear();
        // By itself, so that the processor waits for many points at a time.
        for k in 0..count {
            let [first, second] = operands(k);
            pairs.push([*first.point, *second.point]);
            signs.push([first.negative, second.negative]);
        }
        chords.clear();
        exceptions.clear();
        let mut product = Fq::one();
        for (k, ([first, second], signs)) in pairs.iter_mut().zip(&*signs).enumerate() {
            first.negate_if(signs[0]);
            second.negate_if(signs[1]);
            let (rise, run) = match classify(first, second) {
                Sum::Slope { rise, run } => (rise, run),
                Sum::Known(sum) => {
                    exceptions.push((k, sum));
                    (Fq::zero(), Fq::one())
                }
            };
            chords.push(Chord { rise, run, before: product });
            product *= run;
        }
        // Every run is invertible, so the product is.
        let mut inverse = product.inverse().unwrap_or_default();
        for (k, (chord, [first, second])) in chords.iter().zip(&*pairs).enumerate().rev() {
            let slope = inverse * chord.before * chord.rise;
            inverse *= chord.run;
            let x = slope.square() - first.x - second.x;
            let y = slope * (first.x - x) - first.y;
            store(k, Point { x, y });
        }
        for (k, sum) in exceptions.drain(..) {
            store(k, sum);
        }
    }
}
