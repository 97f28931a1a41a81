//! The two primes of BN254.

use ark_bn254::{Fq, Fr};
use ark_ff::{BigInt, PrimeField};

const LOW_52: u64 = (1 << 52) - 1;

/// Limbs of a value.
pub(crate) const LIMBS: usize = 5;

/// A prime p with `2^260 > 84 p`, `2^256 > 5 p` and `p > 2^253`.
pub(crate) trait Modulus: Copy + Send + Sync + 'static {
    /// arkworks' type of an element.
    type Element: Copy + Default;

    /// p in words.
    const WORDS: [u64; 4];

    /// p in limbs.
    const LIMBS: [u64; LIMBS] = limbs(Self::WORDS);

    /// The first eight multiples of every limb.
    const MULTIPLES: [[u64; 8]; LIMBS] = multiples(Self::LIMBS);

    /// `-1 / p` modulo `2^52`.
    const INVERSE: u64 = inverse(Self::WORDS[0]).wrapping_neg() & LOW_52;

    /// `(INVERSE p + 1) / 2^52`, below p: since `m INVERSE p = m 2^52 MULTIPLIER - m`, the multiple of p that clears a limb
    /// m is known without a product, though it is `2^52` times larger than it has to be.
    const MULTIPLIER: [u64; LIMBS] = multiplier(Self::LIMBS, Self::INVERSE);

    /// `2^256` modulo p, which as a factor leads from this form to arkworks'.
    const TO_ARKWORKS: [u64; LIMBS] = limbs(power_of_two(256, Self::WORDS));

    /// `2^264` modulo p, which as a factor leads from arkworks' form to this one.
    const FROM_ARKWORKS: [u64; LIMBS] = limbs(power_of_two(264, Self::WORDS));

    /// `2^520` modulo p, which as a factor leads from an integer to this form.
    const FROM_INTEGER: [u64; LIMBS] = limbs(power_of_two(520, Self::WORDS));

    /// The words of an element in arkworks' form: canonical, radix `2^256`.
    fn words(element: &Self::Element) -> [u64; 4];

    /// The element of these words, which are below p.
    fn from_words(words: [u64; 4]) -> Self::Element;
}

/// The field of scalars: what arguments compute in.
#[derive(Clone, Copy)]
pub(crate) struct ScalarField;

/// The field of coordinates of points.
#[derive(Clone, Copy)]
pub(crate) struct BaseField;

impl Modulus for ScalarField {
    type Element = Fr;
    const WORDS: [u64; 4] = Fr::MODULUS.0;

    #[inline(always)]
    fn words(element: &Fr) -> [u64; 4] {
        element.0.0
    }

    #[inline(always)]
    fn from_words(words: [u64; 4]) -> Fr {
        Fr::new_unchecked(BigInt(words))
    }
}

impl Modulus for BaseField {
    type Element = Fq;
    const WORDS: [u64; 4] = Fq::MODULUS.0;

    #[inline(always)]
    fn words(element: &Fq) -> [u64; 4] {
        element.0.0
    }

    #[inline(always)]
    fn from_words(words: [u64; 4]) -> Fq {
        Fq::new_unchecked(BigInt(words))
    }
}

/// Five limbs of 52 bits from four words.
pub(crate) const fn limbs(words: [u64; 4]) -> [u64; LIMBS] {
    [
        words[0] & LOW_52,
        (words[0] >> 52 | words[1] << 12) & LOW_52,
        (words[1] >> 40 | words[2] << 24) & LOW_52,
        (words[2] >> 28 | words[3] << 36) & LOW_52,
        words[3] >> 16,
    ]
}

const fn multiples(limbs: [u64; LIMBS]) -> [[u64; 8]; LIMBS] {
    let mut table = [[0; 8]; LIMBS];
    let mut j = 0;
    while j < LIMBS {
        let mut k = 0;
        while k < 8 {
            table[j][k] = limbs[j] * k as u64;
            k += 1;
        }
        j += 1;
    }
    table
}

/// `(p x + 1) / 2^52` for p in limbs, where that is an integer.
const fn multiplier(p: [u64; LIMBS], x: u64) -> [u64; LIMBS] {
    let mut quotient = [0; LIMBS];
    let mut carry = (p[0] as u128 * x as u128 + 1) >> 52;
    let mut j = 1;
    while j < LIMBS {
        let sum = p[j] as u128 * x as u128 + carry;
        quotient[j - 1] = sum as u64 & LOW_52;
        carry = sum >> 52;
        j += 1;
    }
    quotient[LIMBS - 1] = carry as u64;
    quotient
}

/// The inverse of an odd word modulo `2^64`: each step doubles the bits that are right, the first has three.
const fn inverse(word: u64) -> u64 {
    let mut x = word;
    let mut bits = 3;
    while bits < 64 {
        x = x.wrapping_mul(2u64.wrapping_sub(word.wrapping_mul(x)));
        bits *= 2;
    }
    x
}

/// `2^exponent` modulo `p`, by doublings.
pub(crate) const fn power_of_two(exponent: u32, p: [u64; 4]) -> [u64; 4] {
    let mut x = [1, 0, 0, 0];
    let mut k = 0;
    while k < exponent {
        x = double(x, p);
        k += 1;
    }
    x
}

/// `2 x` modulo `p`, for x below p below `2^255`.
const fn double(x: [u64; 4], p: [u64; 4]) -> [u64; 4] {
    let twice = [x[0] << 1, x[1] << 1 | x[0] >> 63, x[2] << 1 | x[1] >> 63, x[3] << 1 | x[2] >> 63];
    let mut difference = [0; 4];
    let mut borrow = false;
    let mut k = 0;
    while k < 4 {
        let (partial, first) = twice[k].overflowing_sub(p[k]);
        let (word, second) = partial.overflowing_sub(borrow as u64);
        difference[k] = word;
        borrow = first | second;
        k += 1;
    }
    if borrow { twice } else { difference }
}
