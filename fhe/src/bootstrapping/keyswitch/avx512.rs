//! The product of digits and key under AVX-512 VNNI: each word of the key as eight unsigned bytes, each digit as a signed
//! byte.
//!
//! One instruction (`vpdpbusd`) adds the products of four rows to sixteen sums, one a word and byte. Sums stay exact in 32
//! bits: at most 2048 * 5 * 4 * 255 for the compute key and 2048 * 4 * 8 * 255 for the casting key, below 2^25.

#![expect(unsafe_code, reason = "vector loads and stores, and a call behind run-time detection")]

use super::SMALL_WORDS;
use core::arch::x86_64::{
    __m512i, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_storeu_si512,
};

/// Rows that one instruction adds up.
const ROWS: usize = 4;
/// Words whose sums are kept in registers: 16 lanes of three vectors, eight bytes a word.
const WORDS: usize = 6;
/// Vectors of a block of words.
const VECTORS: usize = 3;
/// Inputs whose sums are kept in registers: 24 of the 32.
const INPUTS: usize = 8;
/// Blocks of words.
const BLOCKS: usize = SMALL_WORDS.div_ceil(WORDS);

/// Four rows of six words: vector by vector, lane = two words of eight bytes, in a lane the four rows.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Tile([[u8; 64]; VECTORS]);

/// A keyswitching key, block of words by block of words, four rows at a time.
pub struct BytePlanes {
    tiles: Vec<Tile>,
    /// Tiles of a block.
    depth: usize,
}

/// Sums of a block of words: by vector and lane.
type Sums = [[i32; 16]; VECTORS];

/// Whether this processor has the instructions.
pub fn is_supported() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")
}

impl BytePlanes {
    /// From rows of 921 words; their number is a multiple of four.
    pub fn new(words: &[u64]) -> Self {
        let depth = words.len() / SMALL_WORDS / ROWS;
        let mut tiles = vec![Tile([[0; 64]; VECTORS]); BLOCKS * depth];
        for (r, row) in words.chunks_exact(SMALL_WORDS).enumerate() {
            for (m, word) in row.iter().enumerate() {
                let tile = &mut tiles[m / WORDS * depth + r / ROWS];
                let (vector, half) = (m % WORDS / 2, m % 2);
                for (k, byte) in word.to_le_bytes().into_iter().enumerate() {
                    tile.0[vector][(half * 8 + k) * ROWS + r % ROWS] = byte;
                }
            }
        }
        Self { tiles, depth }
    }

    /// The words of a row.
    pub fn row(&self, row: usize) -> Vec<u64> {
        let word = |m: usize| {
            let tile = &self.tiles[m / WORDS * self.depth + row / ROWS];
            let (bytes, half) = (&tile.0[m % WORDS / 2], m % 2);
            u64::from_le_bytes(std::array::from_fn(|k| bytes[(half * 8 + k) * ROWS + row % ROWS]))
        };
        (0..SMALL_WORDS).map(word).collect()
    }

    /// `sum_r digits[r] * words[r][m]` modulo 2^64, for every input.
    pub fn product(&self, digits: &[Vec<i8>]) -> Vec<Vec<u64>> {
        self.sums(digits, |planes| {
            planes.iter().rev().fold(0u64, |sum, p| (sum << 8).wrapping_add(*p as u64))
        })
    }

    /// The same sums as integers, of one input.
    pub fn integer_product(&self, digits: &[i8]) -> Vec<i128> {
        let sums = self.sums(&[digits.to_vec()], |planes| {
            planes.iter().rev().fold(0i128, |sum, p| (sum << 8) + i128::from(*p))
        });
        sums.into_iter().next().expect("one input, one sum")
    }

    /// All sums; `word` puts the sums of a word's eight bytes together.
    fn sums<T: Copy + Default>(&self, digits: &[Vec<i8>], word: impl Fn(&[i64; 8]) -> T) -> Vec<Vec<T>> {
        let mut sums = vec![vec![T::default(); SMALL_WORDS]; digits.len()];
        let packed: Vec<Packed> = digits.chunks(INPUTS).map(|d| Packed::new(d, self.depth)).collect();
        for (block, tiles) in self.tiles.chunks_exact(self.depth).enumerate() {
            for (packed, sums) in packed.iter().zip(sums.chunks_mut(INPUTS)) {
                let by_input = packed.multiply(tiles);
                for (sum, planes) in sums.iter_mut().zip(&by_input) {
                    let planes = planes.as_flattened().chunks_exact(8);
                    for (sum, planes) in sum[block * WORDS..].iter_mut().zip(planes) {
                        *sum = word(&std::array::from_fn(|k| i64::from(planes[k])));
                    }
                }
            }
        }
        sums
    }
}

/// Digits of one to eight inputs, four rows in a lane.
enum Packed {
    One(Vec<[i32; 1]>),
    Two(Vec<[i32; 2]>),
    Four(Vec<[i32; 4]>),
    Eight(Vec<[i32; INPUTS]>),
}

impl Packed {
    fn new(digits: &[Vec<i8>], depth: usize) -> Self {
        match digits.len() {
            0 | 1 => Self::One(pack(digits, depth)),
            2 => Self::Two(pack(digits, depth)),
            3 | 4 => Self::Four(pack(digits, depth)),
            _ => Self::Eight(pack(digits, depth)),
        }
    }

    fn multiply(&self, tiles: &[Tile]) -> [Sums; INPUTS] {
        assert!(is_supported(), "byte planes are built where the instructions are");
        let mut sums = [[[0; 16]; VECTORS]; INPUTS];
        // SAFETY: the processor has the instructions, as was just asserted.
        unsafe {
            match self {
                Self::One(digits) => sums[..1].copy_from_slice(&multiply(tiles, digits)),
                Self::Two(digits) => sums[..2].copy_from_slice(&multiply(tiles, digits)),
                Self::Four(digits) => sums[..4].copy_from_slice(&multiply(tiles, digits)),
                Self::Eight(digits) => sums = multiply(tiles, digits),
            }
        }
        sums
    }
}

/// Inputs that are missing have digits zero.
fn pack<const R: usize>(digits: &[Vec<i8>], depth: usize) -> Vec<[i32; R]> {
    let mut packed = vec![[0; R]; depth];
    for (input, digits) in digits.iter().enumerate() {
        for (lane, rows) in packed.iter_mut().zip(digits.chunks_exact(ROWS)) {
            lane[input] = i32::from_le_bytes(std::array::from_fn(|r| rows[r] as u8));
        }
    }
    packed
}

/// Sums over all rows of a block, for R inputs. Counted loops unroll, and all sums stay in registers: iterators kept them
/// in memory.
#[target_feature(enable = "avx512f,avx512vnni")]
fn multiply<const R: usize>(tiles: &[Tile], digits: &[[i32; R]]) -> [Sums; R] {
    let mut sums = [[_mm512_setzero_si512(); VECTORS]; R];
    for (tile, digits) in tiles.iter().zip(digits) {
        let key: [__m512i; VECTORS] = [load(&tile.0[0]), load(&tile.0[1]), load(&tile.0[2])];
        for r in 0..R {
            let digits = _mm512_set1_epi32(digits[r]);
            for v in 0..VECTORS {
                sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], key[v], digits);
            }
        }
    }
    let mut stored = [[[0; 16]; VECTORS]; R];
    for r in 0..R {
        for v in 0..VECTORS {
            store(&mut stored[r][v], sums[r][v]);
        }
    }
    stored
}

#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: 64 bytes are read, as many as there are.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(lanes: &mut [i32; 16], vector: __m512i) {
    // SAFETY: 64 bytes are written, as many as there are.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), vector) };
}

#[cfg(test)]
mod tests {
    use super::super::portable;
    use super::*;

    /// Extreme digits on extreme words: sums that leave 32 bits would show.
    #[test]
    fn byte_planes_give_the_words_of_the_portable_product() {
        if !is_supported() {
            eprintln!("no AVX-512 VNNI here: not run");
            return;
        }
        let rows = 2048 * 4;
        let noise = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17);
        let words: Vec<u64> =
            (0..rows * SMALL_WORDS).map(|i| if i % 3 == 0 { u64::MAX } else { noise(i) }).collect();
        let planes = BytePlanes::new(&words);
        for inputs in [0, 1, 2, 3, 7, 8, 9] {
            let digits: Vec<Vec<i8>> = (0..inputs)
                .map(|input| match input {
                    0 => vec![8; rows],
                    1 => vec![-8; rows],
                    _ => (0..rows).map(|r| (noise(r + input) % 17) as i8 - 8).collect(),
                })
                .collect();
            assert_eq!(planes.product(&digits), portable::product(&words, &digits), "{inputs} inputs");
            for digits in digits.iter().take(3) {
                assert_eq!(planes.integer_product(digits), portable::integer_product(&words, digits));
            }
        }
    }
}
