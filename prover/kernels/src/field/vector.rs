//! Vectors of elements in the form of a back end.

use ark_bn254::Fr;

use super::{Backend, Block, Kernel, LANES, Lanes};
use crate::buffer::Buffer;

/// A vector of field elements in the form of a back end: whole blocks, zeros after the last element.
#[derive(Clone, Debug)]
pub struct FieldVector {
    backend: Backend,
    length: usize,
    blocks: Buffer<Block>,
}

impl FieldVector {
    /// `length` zeros.
    pub fn zeroed(backend: Backend, length: usize) -> Self {
        Self { backend, length, blocks: Buffer::zeroed(length.div_ceil(LANES)) }
    }

    /// The elements `x` in the form of `backend`.
    pub fn from_elements(backend: Backend, x: &[Fr]) -> Self {
        let mut vector = Self::zeroed(backend, x.len());
        backend.run(Import { elements: x, blocks: &mut vector.blocks });
        vector
    }

    /// The elements in arkworks' form.
    pub fn to_elements(&self) -> Vec<Fr> {
        let mut elements = self.backend.run(Export(&self.blocks));
        elements.truncate(self.length);
        elements
    }

    /// Element `index`. Costs as much as eight.
    ///
    /// # Panics
    ///
    /// Where `index` is not below the length.
    pub fn get(&self, index: usize) -> Fr {
        assert!(index < self.length, "element {index} of {}", self.length);
        self.backend.run(Export(core::slice::from_ref(&self.blocks[index / LANES])))[index % LANES]
    }

    /// The back end whose form the elements are in.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Elements.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The blocks; the lanes after the last element are zero.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The blocks. Who writes them keeps the lanes after the last element zero.
    pub fn blocks_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

/// Brings elements into a back end's form.
struct Import<'a> {
    elements: &'a [Fr],
    blocks: &'a mut [Block],
}

impl Kernel for Import<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        let (whole, rest) = self.elements.as_chunks::<LANES>();
        for (elements, block) in whole.iter().zip(self.blocks.iter_mut()) {
            L::from_elements(elements).store(block);
        }
        if let Some(block) = self.blocks.get_mut(whole.len()) {
            let mut elements = [Fr::default(); LANES];
            elements[..rest.len()].copy_from_slice(rest);
            L::from_elements(&elements).store(block);
        }
    }
}

/// Brings elements back to arkworks' form.
struct Export<'a>(&'a [Block]);

impl Kernel for Export<'_> {
    type Output = Vec<Fr>;

    #[inline(always)]
    fn run<L: Lanes>(self) -> Vec<Fr> {
        let mut elements = Vec::with_capacity(self.0.len() * LANES);
        for block in self.0 {
            elements.extend(L::load(block).elements());
        }
        elements
    }
}
