//! Eight elements at rest.

use crate::buffer::Plain;

/// Eight elements in the form of one back end: 256 bytes, aligned to 64.
///
/// The words mean the same to every kernel that runs on the back end that stored them, and nothing to another.
/// All words zero are eight zeros in every form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Block(pub(crate) [u64; 32]);

#[expect(unsafe_code, reason = "words have no padding and no forbidden pattern")]
// SAFETY: 32 words of 64 bits fill the 256 bytes, and every pattern of bits is a `u64`.
unsafe impl Plain for Block {}

impl Block {
    /// The words as four rows of one word a lane.
    #[inline(always)]
    pub(crate) fn rows(&self) -> &[[u64; 8]; 4] {
        self.0.as_chunks::<8>().0.try_into().expect("32 words are four rows of eight")
    }

    /// The words as four rows of one word a lane.
    #[inline(always)]
    pub(crate) fn rows_mut(&mut self) -> &mut [[u64; 8]; 4] {
        self.0.as_chunks_mut::<8>().0.try_into().expect("32 words are four rows of eight")
    }
}
