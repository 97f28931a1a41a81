//! The table of bounds, for both fields, at its ends.

use ark_ff::{BigInt, BigInteger, Field, PrimeField, Zero};
use proptest::prelude::*;

use super::{BaseField, Elements, Emulated, Modulus, Register, ScalarField, WideSum, Words, modulus::LIMBS};

type Eight<M> = Elements<Emulated, M>;

/// The value of lane 0, of limbs of any sign, in multiples of p: for comparison with bounds.
fn value<M: Modulus>(x: &Eight<M>) -> f64 {
    let mut value = 0.0;
    for j in (0..LIMBS).rev() {
        value = value * 2f64.powi(52) + lane(x.limbs[j]).cast_signed() as f64;
    }
    value / modulus_value::<M>()
}

fn modulus_value<M: Modulus>() -> f64 {
    M::WORDS.iter().rev().fold(0.0, |value, word| value * 2f64.powi(64) + *word as f64)
}

fn lane(words: Emulated) -> u64 {
    let mut lanes = [0; 8];
    words.store(&mut lanes);
    lanes[0]
}

fn is_normal<M: Modulus>(x: &Eight<M>) -> bool {
    x.limbs.iter().all(|limb| lane(*limb) < 1 << 52)
}

/// `multiple * p + offset` in all lanes, normal.
fn near<M: Modulus>(multiple: u64, offset: i64) -> Eight<M> {
    let mut limbs = M::LIMBS.map(|limb| Emulated::splat(limb * multiple));
    limbs[0] = limbs[0].add(Emulated::splat(offset.cast_unsigned()));
    Eight::from_limbs(limbs).normalise()
}

/// The element that a normal value below `84 p` stands for.
fn element<M: Modulus>(x: &Eight<M>) -> M::Element {
    x.to_arkworks()[0]
}

/// Everything that the table says, with values `a p + offset`, `b p + offset`.
fn check<M: Modulus<Element: Field + PrimeField<BigInt = BigInt<4>>>>(
    multiples: [u64; 2],
    offsets: [i64; 2],
) {
    let [a, b] = [0, 1]
        .map(|k| near::<M>(multiples[k], if multiples[k] == 0 { offsets[k].abs() } else { offsets[k] }));
    let [x, y] = [element(&a), element(&b)];
    let radix = M::Element::from(2u64).pow([260]).inverse().expect("two is not zero");
    assert!(is_normal(&a) && is_normal(&b));
    for (k, (x, offset)) in [(x, offsets[0]), (y, offsets[1])].into_iter().enumerate() {
        let offset = if multiples[k] == 0 { offset.abs() } else { offset };
        assert_eq!(x, M::Element::from(offset) * radix);
    }

    let product = a.mul(b);
    assert!(is_normal(&product));
    assert!(value(&product) <= 1.0 + value(&a) * value(&b) / 84.0);
    assert_eq!(element(&product), x * y);

    let sum = a.add_raw(b);
    assert_eq!(element(&sum.normalise()), x + y);
    if value(&sum) < 8.0 {
        assert!(is_normal(&sum.fold()) && value(&sum.fold()) < 1.07);
        assert_eq!(element(&sum.fold()), x + y);
    }

    let difference = a.sub_raw::<8>(b);
    assert_eq!(element(&difference.normalise()), x - y);
    if (0.5..8.0).contains(&value(&difference)) {
        assert!(is_normal(&difference.fold()) && value(&difference.fold()) < 1.07);
        assert_eq!(element(&difference.fold()), x - y);
    }

    if multiples[0] < 2 {
        let canonical = a.canonical();
        assert!(is_normal(&canonical) && value(&canonical) <= 1.0);
        assert_eq!(element(&canonical), x);
        assert_eq!(a.is_zero(), if x.is_zero() { 0xff } else { 0 });
    }
    if multiples[0] < 5 {
        let packed = Eight::<M>::unpack(a.pack());
        assert!((0..LIMBS).all(|j| lane(packed.limbs[j]) == lane(a.limbs[j])));
    }
    assert_eq!(element(&a.select(0, b)), x);
    assert_eq!(element(&a.select(0xff, b)), y);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bounds_hold(multiples in [0..8u64, 0..8u64], offsets in [prop_oneof![-2i64..=2, -1i64 << 50..1 << 50], prop_oneof![-2i64..=2, -1i64 << 50..1 << 50]]) {
        check::<ScalarField>(multiples, offsets);
        check::<BaseField>(multiples, offsets);
    }

    /// Values anywhere below `2^256`, which is above `5 p`.
    #[test]
    fn words_of_any_value_are_multiplied(a in any::<[u64; 4]>(), b in any::<[u64; 4]>()) {
        check_words::<ScalarField>(a, b);
        check_words::<BaseField>(a, b);
    }
}

fn check_words<M: Modulus<Element: Field + PrimeField<BigInt = BigInt<4>>>>(a: [u64; 4], b: [u64; 4]) {
    let [x, y] = [a, b].map(|words| Eight::<M>::unpack(words.map(Emulated::splat)));
    let [p, q] = [a, b].map(|words| M::Element::from_le_bytes_mod_order(&BigInt(words).to_bytes_le()));
    let radix = M::Element::from(2u64).pow([260]).inverse().expect("two is not zero");
    assert_eq!(element(&x), p * radix);
    assert_eq!(element(&x.mul(y)), p * q * radix.square());
    assert!(value(&x.mul(y)) <= 1.0 + value(&x) * value(&y) / 84.0);
}

/// 128 products of the largest operands that the sum is proved for: no limb overflows, the bound holds.
fn check_sum<M: Modulus<Element: Field>>() {
    let largest = Eight::<M>::unpack(
        [u64::MAX, u64::MAX, u64::MAX, M::WORDS[3] + M::WORDS[3] / 8].map(Emulated::splat),
    );
    let mut sum = WideSum::empty();
    for _ in 0..super::sum::MAX_PRODUCTS {
        sum.accumulate(largest, largest);
    }
    let reduced = sum.reduce();
    let x = element(&largest);
    assert!(is_normal(&reduced) && value(&reduced) < 3.0);
    assert_eq!(element(&reduced), x * x * M::Element::from(128u64));
    assert!(value(&reduced.fold()) < 1.07);
    assert_eq!(element(&reduced.fold()), element(&reduced));

    // Limbs are at their largest where all of their bits are set: the emulation checks that they do not overflow.
    let full = Eight::<M>::from_limbs([Emulated::splat((1 << 52) - 1); LIMBS]);
    let mut sum = WideSum::empty();
    for _ in 0..super::sum::MAX_PRODUCTS {
        sum.accumulate(full, full);
    }
    assert!(value(&sum.reduce()) > 128.0 * 84.0);
}

#[test]
fn largest_sums_are_exact() {
    check_sum::<ScalarField>();
    check_sum::<BaseField>();
}

#[test]
fn moduli_are_as_the_bounds_assume() {
    fn check<M: Modulus>() {
        let p = modulus_value::<M>();
        assert!(2f64.powi(260) > 84.0 * p && 2f64.powi(256) > 5.0 * p && p > 2f64.powi(253));
        // the estimate of `fold`: 84 is below 2^260 / p by more than 0.7 %
        assert!(84.0 * 1.007 < 2f64.powi(260) / p && 2f64.powi(260) / p < 84.0 * 1.0077);
        assert_eq!(M::INVERSE.wrapping_mul(M::WORDS[0]).wrapping_add(1) & ((1 << 52) - 1), 0);
    }
    check::<ScalarField>();
    check::<BaseField>();
}

#[test]
fn transposition_swaps_rows_and_lanes() {
    let rows: [Emulated; 8] =
        core::array::from_fn(|j| Emulated::load(&core::array::from_fn(|i| (8 * j + i) as u64)));
    for (i, column) in Emulated::transpose(rows).into_iter().enumerate() {
        let mut lanes = [0; 8];
        column.store(&mut lanes);
        assert_eq!(lanes, core::array::from_fn(|j| (8 * j + i) as u64));
    }
}

#[cfg(target_arch = "x86_64")]
mod native {
    use super::super::WordKernel;
    use super::*;
    use crate::field::VectorUnit;

    /// Every instruction on fixed operands, as words.
    struct Instructions([[u64; 8]; 8]);

    impl WordKernel for Instructions {
        type Output = Vec<[u64; 8]>;

        #[inline(always)]
        fn run<W: Words>(self) -> Vec<[u64; 8]> {
            let rows = self.0.each_ref().map(W::load);
            let [a, b, ..] = rows;
            let mut results = vec![
                W::splat(self.0[0][0]),
                a.add(b),
                a.sub(b),
                a.and(b),
                a.or(b),
                a.shift_left::<12>(),
                a.shift_right::<12>(),
                a.shift_right_signed::<12>(),
                a.low(b),
                a.multiply_32(b),
                a.and(W::splat(7)).lookup(&self.0[3]),
                a.select(a.negative(), b),
            ];
            results.extend(W::transpose(rows));
            let mut words = vec![[0; 8]; results.len()];
            for (words, result) in words.iter_mut().zip(results) {
                result.store(words);
            }
            words.push([u64::from(a.negative()); 8]);
            words
        }
    }

    /// Low and high halves of products, each added to the first row.
    struct Halves([[u64; 8]; 3]);

    impl WordKernel for Halves {
        type Output = [[u64; 8]; 2];

        #[inline(always)]
        fn run<W: Words>(self) -> [[u64; 8]; 2] {
            let [sum, a, b] = self.0.each_ref().map(W::load);
            let mut halves = [[0; 8]; 2];
            sum.add_low(a, b).store(&mut halves[0]);
            sum.add_high(a, b).store(&mut halves[1]);
            halves
        }
    }

    /// A factor below `2^52`, at an end in half of the cases.
    fn factor() -> impl Strategy<Value = u64> {
        let end = prop_oneof![0..4u64, (1u64 << 52) - 4..1 << 52, (1u64 << 51) - 2..(1 << 51) + 2];
        prop_oneof![end, 0..1u64 << 52]
    }

    fn check_halves(rows: [[u64; 8]; 3], halves: [[u64; 8]; 2]) {
        let [sums, a, b] = rows;
        let [low, high] = halves;
        for k in 0..8 {
            let low = i128::from(low[k].cast_signed()) - i128::from(sums[k]);
            let high = i128::from(high[k].cast_signed()) - i128::from(sums[k]);
            assert!(low.abs() < 1 << 52 && (0..=1 << 52).contains(&high), "{rows:?}");
            assert_eq!(low + (high << 52), i128::from(a[k]) * i128::from(b[k]), "{rows:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Where the processor has the instructions, the emulation is what they do.
        #[test]
        fn instructions_are_as_emulated(rows in any::<[[u64; 8]; 8]>()) {
            for instructions in VectorUnit::all() {
                prop_assert_eq!(instructions.run(Instructions(rows)), Instructions(rows).run::<Emulated>());
            }
        }

        #[test]
        fn halves_are_the_product(
            sums in prop::array::uniform8(0..1u64 << 60),
            a in prop::array::uniform8(factor()),
            b in prop::array::uniform8(factor()),
        ) {
            check_halves([sums, a, b], Halves([sums, a, b]).run::<Emulated>());
            for instructions in VectorUnit::all() {
                check_halves([sums, a, b], instructions.run(Halves([sums, a, b])));
            }
        }
    }
}
