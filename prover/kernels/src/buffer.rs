//! Large memory on huge pages.
//!
//! The first touch of a page costs as much as the arithmetic that fills it: pages of 2 MB are touched 512 times less
//! often than those of 4 kB, and Linux gives them where they are asked for. Memory that the system gives is zero
//! already, and is not written once more. Smaller memory is left to the allocator, and all of it to the allocator's
//! reuse.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use rayon::prelude::*;

/// Types whose values are any bytes: no padding, no forbidden pattern.
///
/// # Safety
///
/// Every pattern of bits of the type's size is a value of it, and the type has no padding.
#[expect(unsafe_code, reason = "the promise is the implementor's")]
pub unsafe trait Plain: Copy + Send + Sync + 'static {}

/// Owned values of a plain type.
#[derive(Debug)]
pub struct Buffer<T: Plain> {
    /// Words, which the allocator has zeroed at no cost; it does so for no larger alignment.
    memory: Vec<u64>,
    /// The first word that has the alignment of a value.
    start: usize,
    length: usize,
    values: PhantomData<T>,
}

impl<T: Plain> Buffer<T> {
    /// Values all of whose bytes are zero.
    ///
    /// # Panics
    ///
    /// Where memory of so many values has no size.
    pub fn zeroed(length: usize) -> Self {
        let word = size_of::<u64>();
        let bytes = length.checked_mul(size_of::<T>()).expect("more memory than there are addresses");
        let mut memory = vec![0u64; bytes.div_ceil(word) + align_of::<T>() / word];
        ask_for_huge_pages(memory.as_mut_ptr_range());
        let start = memory.as_ptr().addr().wrapping_neg() % align_of::<T>() / word;
        Self { memory, start, length, values: PhantomData }
    }
}

impl<T: Plain> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.length);
        copy.copy_from_slice(self);
        copy
    }
}

/// Values on huge pages. All threads touch them.
pub(crate) fn huge<T: Send>(values: impl IndexedParallelIterator<Item = T>) -> Vec<T> {
    let mut memory: Vec<T> = Vec::with_capacity(values.len());
    let spare: &mut [MaybeUninit<T>] = memory.spare_capacity_mut();
    ask_for_huge_pages(spare.as_mut_ptr_range());
    values.with_min_len(1 << 10).collect_into_vec(&mut memory);
    memory
}

/// Asks for huge pages where a range of owned memory covers them whole. No answer is needed: the memory is the same without.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no call for advice on memory")]
fn ask_for_huge_pages<T>(range: core::ops::Range<*mut T>) {
    use core::ffi::{c_int, c_void};

    const HUGE_PAGE: usize = 2 << 20;
    const MADV_HUGEPAGE: c_int = 14;

    unsafe extern "C" {
        fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    }

    let padding = range.start.addr().wrapping_neg() % HUGE_PAGE;
    let bytes = range.end.addr() - range.start.addr();
    let whole = bytes.saturating_sub(padding) / HUGE_PAGE * HUGE_PAGE;
    if whole > 0 {
        // SAFETY: `padding + whole <= bytes`, so that the range lies in memory of the caller, and this advice changes
        // neither contents nor protection.
        unsafe { madvise(range.start.byte_add(padding).cast(), whole, MADV_HUGEPAGE) };
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages<T>(_range: core::ops::Range<*mut T>) {}

#[expect(unsafe_code, reason = "values of another type in the words")]
impl<T: Plain> core::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        let first = self.memory[self.start..].as_ptr();
        // SAFETY: `zeroed` makes room for `length` values from the first word with their alignment on, all of them
        // initialised, and any bytes are values of a plain type. The words are borrowed as long as the values.
        unsafe { core::slice::from_raw_parts(first.cast(), self.length) }
    }
}

#[expect(unsafe_code, reason = "values of another type in the words")]
impl<T: Plain> core::ops::DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let first = self.memory[self.start..].as_mut_ptr();
        // SAFETY: as for `deref`; a plain type has no padding, so that what is written are words again.
        unsafe { core::slice::from_raw_parts_mut(first.cast(), self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Block;

    #[test]
    fn buffers_of_any_size_are_zero_aligned_and_apart() {
        let value = Block([7; 32]);
        for length in [0, 1, 8191, 8192, 8193, 3 * 8192 + 1] {
            let mut buffer = Buffer::<Block>::zeroed(length);
            assert_eq!(buffer.len(), length);
            assert!(buffer.as_ptr().addr().is_multiple_of(align_of::<Block>()));
            assert!(buffer.iter().all(|block| *block == Block::default()));
            buffer.fill(value);
            let copy = buffer.clone();
            buffer.fill(Block::default());
            assert!(copy.iter().all(|block| *block == value));
            assert!(copy.as_ptr().addr().is_multiple_of(align_of::<Block>()));
        }
    }
}
