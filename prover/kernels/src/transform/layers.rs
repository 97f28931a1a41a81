//! The layers of a transform, two at a time.

use super::Coefficients;
use crate::field::{Block, LANES, Lanes};

/// log2 of the blocks that pass through several layers before the next are touched: 32 kB, as a first cache has.
const LOG_CHUNK: u32 = 7;

/// The layers of one size.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    log_size: u32,
    roots: &'a [Block],
}

impl<'a> Layers<'a> {
    #[inline(always)]
    pub(super) fn new(log_size: u32, roots: &'a [Block]) -> Self {
        Self { log_size, roots }
    }

    /// Values of coefficients held elsewhere.
    #[inline(always)]
    pub(super) fn values_of<L: Lanes>(
        self,
        coefficients: &(impl Coefficients + ?Sized),
        values: &mut [Block],
    ) {
        let chunk = 1 << self.log_chunk();
        for (index, values) in values.chunks_exact_mut(chunk).enumerate() {
            for (k, value) in values.iter_mut().enumerate() {
                coefficients.load::<L>(self.reversed(index * chunk + k)).store(value);
            }
            self.inside_chunk::<L>(values);
        }
        self.across_chunks::<L>(values);
    }

    /// Values in place of coefficients.
    #[inline(always)]
    pub(super) fn in_place<L: Lanes>(self, blocks: &mut [Block]) {
        for k in 0..blocks.len() {
            let reversed = self.reversed(k);
            if k < reversed {
                blocks.swap(k, reversed);
            }
        }
        for blocks in blocks.chunks_exact_mut(1 << self.log_chunk()) {
            self.inside_chunk::<L>(blocks);
        }
        self.across_chunks::<L>(blocks);
    }

    /// The bits of `index` in reverse order.
    #[inline(always)]
    fn reversed(self, index: usize) -> usize {
        index.reverse_bits() >> (usize::BITS - self.log_size)
    }

    /// log2 of the blocks of a chunk: layers come in pairs, so that what is left above a chunk is even.
    #[inline(always)]
    fn log_chunk(self) -> u32 {
        if self.log_size <= LOG_CHUNK { self.log_size } else { LOG_CHUNK - (self.log_size - LOG_CHUNK) % 2 }
    }

    /// The layers that stay inside a chunk.
    #[inline(always)]
    fn inside_chunk<L: Lanes>(self, values: &mut [Block]) {
        let mut log_part = self.log_chunk() % 2;
        if log_part == 1 {
            for pair in values.as_chunks_mut::<2>().0 {
                self.pair::<L>(pair);
            }
        }
        while log_part < self.log_chunk() {
            self.two_layers::<L>(values, log_part);
            log_part += 2;
        }
    }

    /// The layers above chunks.
    #[inline(always)]
    fn across_chunks<L: Lanes>(self, values: &mut [Block]) {
        let mut log_part = self.log_chunk();
        while log_part < self.log_size {
            self.two_layers::<L>(values, log_part);
            log_part += 2;
        }
    }

    /// The layer of size 2.
    #[inline(always)]
    fn pair<L: Lanes>(self, [even, odd]: &mut [Block; 2]) {
        let (low, high) = butterfly(L::load(even), L::load(odd), self.root(1));
        low.store(even);
        high.store(odd);
    }

    /// The layers of sizes `2m` and `4m`, from parts of size `m = 2^log_part`.
    #[inline(always)]
    fn two_layers<L: Lanes>(self, values: &mut [Block], log_part: u32) {
        let part = 1 << log_part;
        for group in values.chunks_exact_mut(4 * part) {
            let (even, odd) = group.split_at_mut(2 * part);
            let (even_even, even_odd) = even.split_at_mut(part);
            let (odd_even, odd_odd) = odd.split_at_mut(part);
            for z in 0..part {
                let inner = self.root(part + z);
                let (even_low, even_high) = butterfly(L::load(&even_even[z]), L::load(&even_odd[z]), inner);
                let (odd_low, odd_high) = butterfly(L::load(&odd_even[z]), L::load(&odd_odd[z]), inner);
                let (first, third) = butterfly(even_low, odd_low, self.root(2 * part + z));
                let (second, fourth) = butterfly(even_high, odd_high, self.root(3 * part + z));
                first.store(&mut even_even[z]);
                second.store(&mut even_odd[z]);
                third.store(&mut odd_even[z]);
                fourth.store(&mut odd_odd[z]);
            }
        }
    }

    #[inline(always)]
    fn root<L: Lanes>(self, index: usize) -> L {
        L::broadcast(&self.roots[index / LANES], index % LANES)
    }
}

/// `(even + root * odd, even - root * odd)`.
#[inline(always)]
fn butterfly<L: Lanes>(even: L, odd: L, root: L) -> (L, L) {
    let product = odd.mul(root);
    (even.add(product), even.sub(product))
}
