//! Large memory that is kept for reuse.

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
        Self(vec![value; length])
    }
}

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
