//! Every operation of every back end against arkworks.

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};
use proptest::{array::uniform8, prelude::*};

use super::{Backend, Block, FieldVector, Kernel, LANES, Lanes, Scaled};

type Eight = [Fr; LANES];

/// An element: one at an edge in half of the cases.
pub(super) fn element() -> impl Strategy<Value = Fr> {
    let anywhere = any::<[u64; 4]>().prop_map(|words| {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Fr::from_le_bytes_mod_order(&bytes)
    });
    let edge = (0..3u64, any::<bool>(), 0..300u64).prop_map(|(small, negative, exponent)| {
        let x = if exponent < 254 { Fr::from(2u64).pow([exponent]) + Fr::from(small) } else { small.into() };
        if negative { -x } else { x }
    });
    prop_oneof![anywhere, edge]
}

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        Just(1 << 63),
        Just((1 << 52) - 1),
        Just(1 << 52),
        any::<u64>()
    ]
}

/// One operation on elements.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Add,
    Sub,
    Neg,
    Mul,
    MulAdd,
    Round,
    Zero,
    Broadcast,
}

const OPERATIONS: [Operation; 8] = [
    Operation::Add,
    Operation::Sub,
    Operation::Neg,
    Operation::Mul,
    Operation::MulAdd,
    Operation::Round,
    Operation::Zero,
    Operation::Broadcast,
];

struct Apply<'a> {
    operation: Operation,
    operands: &'a [Block; 4],
}

impl Kernel for Apply<'_> {
    type Output = Block;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Block {
        let [a, b, c, d] = self.operands.each_ref().map(L::load);
        let result = match self.operation {
            Operation::Add => a.add(b),
            Operation::Sub => a.sub(b),
            Operation::Neg => a.neg(),
            Operation::Mul => a.mul(b),
            Operation::MulAdd => L::mul_add(a, b, c, d),
            Operation::Round => L::from_elements(&a.elements()),
            Operation::Zero => L::zero(),
            Operation::Broadcast => L::broadcast(&self.operands[0], LANES - 1),
        };
        let mut block = Block::default();
        result.store(&mut block);
        block
    }
}

/// The result in one lane; `last` is the first operand's last lane.
fn expected(operation: Operation, [a, b, c, d]: [Fr; 4], last: Fr) -> Fr {
    match operation {
        Operation::Broadcast => last,
        Operation::Add => a + b,
        Operation::Sub => a - b,
        Operation::Neg => -a,
        Operation::Mul => a * b,
        Operation::MulAdd => a * b + c * d,
        Operation::Round => a,
        Operation::Zero => Fr::ZERO,
    }
}

struct Elements<'a>(&'a Block);

impl Kernel for Elements<'_> {
    type Output = Eight;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Eight {
        L::load(self.0).elements()
    }
}

/// Sum of products of elements, then with integers.
struct Products<'a> {
    elements: &'a [(Eight, Eight)],
    short: &'a [(Eight, [u32; LANES])],
    /// Below `2^52`.
    narrow: &'a [(Eight, [u64; LANES])],
    long: &'a [(Eight, [u64; LANES])],
}

impl Kernel for Products<'_> {
    type Output = Eight;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Eight {
        assert!(
            self.elements.len() + self.short.len() + self.narrow.len() + 2 * self.long.len()
                <= L::MAX_PRODUCTS
        );
        let mut sum = L::empty_sum();
        for (a, b) in self.elements {
            L::accumulate(&mut sum, L::from_elements(a), L::from_elements(b));
        }
        for (a, x) in self.short {
            let mut block = Block::default();
            Scaled::<L>::from_elements(a).store(&mut block);
            L::accumulate_u32(&mut sum, Scaled::load(&block), x);
        }
        for (a, x) in self.long {
            L::accumulate_u64(&mut sum, Scaled::from_elements(a), x);
        }
        for (a, x) in self.narrow {
            L::accumulate_u52(&mut sum, Scaled::from_elements(a), x);
        }
        L::reduce(sum).elements()
    }
}

struct Integers<'a>(&'a [u64; LANES]);

impl Kernel for Integers<'_> {
    type Output = [Eight; 3];

    #[inline(always)]
    fn run<L: Lanes>(self) -> [Eight; 3] {
        let short = self.0.map(|x| x as u32);
        let signed = self.0.map(u64::cast_signed);
        [L::from_u32(&short), L::from_u64(self.0), L::from_i64(&signed)].map(L::elements)
    }
}

struct Splats(Fr);

impl Kernel for Splats {
    type Output = (Eight, Fr, Eight);

    #[inline(always)]
    fn run<L: Lanes>(self) -> (Eight, Fr, Eight) {
        let x = L::splat(self.0);
        let mut sum = L::empty_sum();
        L::accumulate_u32(&mut sum, Scaled::splat(self.0), &[3; LANES]);
        (x.elements(), x.sum(), L::reduce(sum).elements())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn operations_are_arkworks(operands in [uniform8(element()), uniform8(element()), uniform8(element()), uniform8(element())]) {
        for backend in Backend::all() {
            let blocks = operands.map(|x| FieldVector::from_elements(backend, &x).blocks()[0]);
            for operation in OPERATIONS {
                let result = backend.run(Apply { operation, operands: &blocks });
                let result = backend.run(Elements(&result));
                let want: Eight = core::array::from_fn(|k| expected(operation, operands.map(|x| x[k]), operands[0][LANES - 1]));
                prop_assert_eq!(result, want, "{:?} {:?}", operation, backend);
            }
        }
    }

    #[test]
    fn products_are_arkworks(
        elements in prop::collection::vec((uniform8(element()), uniform8(element())), 0..8),
        short in prop::collection::vec((uniform8(element()), uniform8(word())), 0..8),
        long in prop::collection::vec((uniform8(element()), uniform8(word())), 0..8),
    ) {
        let short: Vec<_> = short.into_iter().map(|(a, x)| (a, x.map(|x| x as u32))).collect();
        let narrow: Vec<_> = long.iter().map(|(a, x)| (*a, x.map(|x| x >> 12))).collect();
        let mut want = [Fr::ZERO; LANES];
        for k in 0..LANES {
            want[k] += elements.iter().map(|(a, b)| a[k] * b[k]).sum::<Fr>();
            want[k] += short.iter().map(|(a, x)| a[k] * Fr::from(x[k])).sum::<Fr>();
            want[k] += narrow.iter().chain(&long).map(|(a, x)| a[k] * Fr::from(x[k])).sum::<Fr>();
        }
        for backend in Backend::all() {
            let products = Products { elements: &elements, short: &short, narrow: &narrow, long: &long };
            prop_assert_eq!(backend.run(products), want, "{:?}", backend);
        }
    }

    #[test]
    fn integers_are_arkworks(x in uniform8(word())) {
        let want = [x.map(|x| Fr::from(x as u32)), x.map(Fr::from), x.map(|x| Fr::from(x.cast_signed()))];
        for backend in Backend::all() {
            prop_assert_eq!(backend.run(Integers(&x)), want, "{:?}", backend);
        }
    }

    #[test]
    fn splats_are_arkworks(x in element()) {
        let want = ([x; LANES], x * Fr::from(8u64), [x * Fr::from(3u64); LANES]);
        for backend in Backend::all() {
            prop_assert_eq!(backend.run(Splats(x)), want, "{:?}", backend);
        }
    }

    #[test]
    fn vectors_return_their_elements(x in prop::collection::vec(element(), 0..40)) {
        for backend in Backend::all() {
            let vector = FieldVector::from_elements(backend, &x);
            prop_assert_eq!(vector.len(), x.len());
            prop_assert_eq!(vector.blocks().len(), x.len().div_ceil(LANES));
            prop_assert_eq!(&vector.to_elements(), &x);
            for (k, want) in x.iter().enumerate() {
                prop_assert_eq!(vector.get(k), *want);
            }
            if let Some(last) = vector.blocks().last() {
                let tail = backend.run(Elements(last));
                prop_assert!(tail[(x.len() - 1) % LANES + 1..].iter().all(|x| *x == Fr::ZERO));
            }
        }
    }
}

#[test]
fn as_many_of_the_largest_products_as_allowed_are_exact() {
    let largest = -Fr::ONE;
    let elements = vec![([largest; LANES], [largest; LANES]); 128];
    let short = vec![([largest; LANES], [u32::MAX; LANES]); 128];
    let long = vec![([largest; LANES], [u64::MAX; LANES]); 64];
    let narrow = vec![([largest; LANES], [(1 << 52) - 1; LANES]); 128];
    let none = Products { elements: &[], short: &[], narrow: &[], long: &[] };
    for backend in Backend::all() {
        let sum = backend.run(Products { elements: &elements, ..none });
        assert_eq!(sum, [Fr::from(128u64); LANES], "{backend:?}");
        let sum = backend.run(Products { short: &short, ..none });
        assert_eq!(sum, [-Fr::from(128u64) * Fr::from(u32::MAX); LANES], "{backend:?}");
        let sum = backend.run(Products { narrow: &narrow, ..none });
        assert_eq!(sum, [-Fr::from(128u64) * Fr::from((1u64 << 52) - 1); LANES], "{backend:?}");
        let sum = backend.run(Products { long: &long, ..none });
        assert_eq!(sum, [-Fr::from(64u64) * Fr::from(u64::MAX); LANES], "{backend:?}");
    }
}

/// The value whose words arkworks' largest product has: both factors rest as p - 1.
#[test]
fn as_many_products_of_the_largest_words_as_allowed_are_exact() {
    for backend in Backend::all() {
        for words in largest_words(backend) {
            let block = block_of(backend, words);
            let x = backend.run(Elements(&block))[0];
            let sum = backend.run(Squares(&block));
            assert_eq!(sum, [x * x * Fr::from(128u64); LANES], "{backend:?}");
        }
    }
}

struct Squares<'a>(&'a Block);

impl Kernel for Squares<'_> {
    type Output = Eight;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Eight {
        let x = L::load(self.0);
        let mut sum = L::empty_sum();
        for _ in 0..L::MAX_PRODUCTS {
            L::accumulate(&mut sum, x, x);
        }
        L::reduce(sum).elements()
    }
}

/// The largest values at rest: `p - 1` in arkworks' form, just below `9/8 p` in the other.
fn largest_words(backend: Backend) -> Vec<[u64; 4]> {
    let mut below_p = Fr::MODULUS.0;
    below_p[0] -= 1;
    if backend == Backend::Portable { vec![below_p] } else { vec![below_p, NINE_EIGHTHS] }
}

/// `floor(9 p / 8)`.
const NINE_EIGHTHS: [u64; 4] = {
    let p = Fr::MODULUS.0;
    let mut words = [0; 4];
    let mut carry = 0u128;
    let mut k = 0;
    while k < 4 {
        let above = if k < 3 { p[k + 1] } else { 0 };
        let sum = p[k] as u128 + (p[k] >> 3 | above << 61) as u128 + carry;
        words[k] = sum as u64;
        carry = sum >> 64;
        k += 1;
    }
    words
};

/// A block with these words in every lane.
fn block_of(backend: Backend, words: [u64; 4]) -> Block {
    let mut block = Block::default();
    for k in 0..LANES {
        for j in 0..4 {
            let place = if backend == Backend::Portable { 4 * k + j } else { 8 * j + k };
            block.0[place] = words[j];
        }
    }
    block
}

/// The words of lane `k`.
fn words_of(backend: Backend, block: &Block, k: usize) -> [u64; 4] {
    core::array::from_fn(|j| block.0[if backend == Backend::Portable { 4 * k + j } else { 8 * j + k }])
}

/// Values at rest: any below `9/8 p`, a bound or next to one in half of the cases.
fn resting() -> impl Strategy<Value = [u64; 4]> {
    let edge = (prop_oneof![Just([0; 4]), Just(Fr::MODULUS.0), Just(NINE_EIGHTHS)], -1i64..=1).prop_map(
        |(words, step)| {
            let mut words = words;
            if step == 1 || words != [0; 4] {
                words[0] = words[0].wrapping_add_signed(step);
            }
            words
        },
    );
    prop_oneof![edge, any::<[u64; 4]>()].prop_map(|words| {
        let mut x = BigInt(words);
        if x > BigInt(NINE_EIGHTHS) {
            x.0[3] %= NINE_EIGHTHS[3];
        }
        x.0
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Operations are closed: they take whatever rests, and what they return can rest.
    #[test]
    fn operations_take_and_return_values_below_nine_eighths(words in [resting(), resting(), resting(), resting()]) {
        for backend in Backend::all().into_iter().filter(|backend| *backend != Backend::Portable) {
            let blocks = words.map(|words| block_of(backend, words));
            let operands = blocks.each_ref().map(|block| backend.run(Elements(block))[0]);
            for operation in OPERATIONS {
                let result = backend.run(Apply { operation, operands: &blocks });
                for k in 0..LANES {
                    prop_assert!(BigInt(words_of(backend, &result, k)) <= BigInt(NINE_EIGHTHS), "{:?}", operation);
                }
                let result = backend.run(Elements(&result));
                prop_assert_eq!(result, [expected(operation, operands, operands[0]); LANES], "{:?}", operation);
            }
        }
    }
}
