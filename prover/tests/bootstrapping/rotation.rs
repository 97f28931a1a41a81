//! Polynomials modulo `X^N + 1` over the integers.

use crate::trace::Pair;

/// Product. Sums stay below 2^100: digits of 22 bits times sums of 16 words.
pub fn multiply(a: &[i128], b: &[i128]) -> Vec<i128> {
    let n = a.len();
    let mut product = vec![0; n];
    for (i, x) in a.iter().enumerate().filter(|(_, x)| **x != 0) {
        for (j, y) in b.iter().enumerate() {
            if i + j < n {
                product[i + j] += x * y;
            } else {
                product[i + j - n] -= x * y;
            }
        }
    }
    product
}

/// `X^exponent f`.
pub fn rotate(f: &[i128], exponent: usize) -> Vec<i128> {
    let n = f.len();
    let mut rotated = vec![0; n];
    for (j, coefficient) in f.iter().enumerate() {
        let place = (j + exponent) % (2 * n);
        if place < n {
            rotated[place] = *coefficient;
        } else {
            rotated[place - n] = -coefficient;
        }
    }
    rotated
}

/// `sum_u digits[u] key[u][c]` for both c.
pub fn external_product(digits: &Pair, key: &[Pair; 2]) -> Pair {
    [0, 1].map(|c| add(&multiply(&digits[0], &key[0][c]), &multiply(&digits[1], &key[1][c])))
}

pub fn add(a: &[i128], b: &[i128]) -> Vec<i128> {
    a.iter().zip(b).map(|(x, y)| x + y).collect()
}

/// Mask words, then the body, of the coefficient at `offset`.
pub fn extract(accumulator: &Pair, offset: usize) -> Vec<i128> {
    let n = accumulator[0].len();
    let mask = |j: usize| {
        if j <= offset { accumulator[0][offset - j] } else { -accumulator[0][n + offset - j] }
    };
    (0..n).map(mask).chain([accumulator[1][offset]]).collect()
}
