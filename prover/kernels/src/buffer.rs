//! Large memory on huge pages.
//!
//! The first touch of a page costs as much as the arithmetic that fills it: pages of 2 MB are touched 512 times less
//! often than those of 4 kB, and Linux gives them where they are asked for. Smaller memory is left to the allocator,
//! and all of it to the allocator's reuse.

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
#[derive(Clone, Debug)]
pub struct Buffer<T: Plain>(Vec<T>);

impl<T: Plain> Buffer<T> {
    /// `length` times `value`.
    pub fn filled(length: usize, value: T) -> Self {
        Self(huge(rayon::iter::repeat_n(value, length)))
    }
}

/// Values on huge pages. All threads touch them.
pub(crate) fn huge<T: Send>(values: impl IndexedParallelIterator<Item = T>) -> Vec<T> {
    let mut memory = Vec::with_capacity(values.len());
    ask_for_huge_pages(memory.spare_capacity_mut());
    values.with_min_len(1 << 10).collect_into_vec(&mut memory);
    memory
}

/// Asks for huge pages where `memory` covers them whole. No answer is needed: the memory is the same without.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no call for advice on memory")]
fn ask_for_huge_pages<T>(memory: &mut [MaybeUninit<T>]) {
    use core::ffi::{c_int, c_void};

    const HUGE_PAGE: usize = 2 << 20;
    const MADV_HUGEPAGE: c_int = 14;

    unsafe extern "C" {
        fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
    }

    let range = memory.as_mut_ptr_range();
    let padding = range.start.addr().wrapping_neg() % HUGE_PAGE;
    let bytes = range.end.addr() - range.start.addr();
    let whole = bytes.saturating_sub(padding) / HUGE_PAGE * HUGE_PAGE;
    if whole > 0 {
        // SAFETY: `padding + whole <= bytes`, so that the range lies in the memory borrowed, and this advice changes
        // neither contents nor protection.
        unsafe { madvise(range.start.byte_add(padding).cast(), whole, MADV_HUGEPAGE) };
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages<T>(_memory: &mut [MaybeUninit<T>]) {}

impl<T: Plain> core::ops::Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Plain> core::ops::DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Block;

    #[test]
    fn buffers_of_any_size_are_filled() {
        let value = Block([7; 32]);
        for length in [0, 1, 8191, 8192, 8193, 3 * 8192 + 1] {
            let buffer = Buffer::filled(length, value);
            assert_eq!(buffer.len(), length);
            assert!(buffer.iter().all(|block| *block == value));
        }
    }
}
