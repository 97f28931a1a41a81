//! Dense vectors over the field: the lowest variable is the lowest bit of an index.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_verifier::bootstrapping::weight::evaluation::root;

/// Binds the lowest variable.
pub fn bind(table: &mut Vec<Fr>, x: Fr) {
    *table = table.chunks_exact(2).map(|pair| pair[0] + x * (pair[1] - pair[0])).collect();
}

/// Value of the extension.
pub fn extension(table: &[Fr], point: &[Fr]) -> Fr {
    let mut table = table.to_vec();
    point.iter().for_each(|x| bind(&mut table, *x));
    assert_eq!(table.len(), 1, "a point of another number of variables");
    table[0]
}

pub fn inner_product(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
}

/// Values of polynomials at the roots of `X^N + 1`, by their definition.
pub struct Roots {
    /// `w^k` for k below 2N.
    powers: Vec<Fr>,
    n: usize,
}

impl Roots {
    pub fn new(log_n: usize) -> Self {
        let w = root(log_n);
        let powers =
            std::iter::successors(Some(Fr::one()), |power| Some(*power * w)).take(2 << log_n).collect();
        Self { powers, n: 1 << log_n }
    }

    /// `zeta_z^exponent`, `zeta_z = w^(2z + 1)`.
    pub fn power(&self, z: usize, exponent: usize) -> Fr {
        self.powers[(2 * z + 1) * exponent % (2 * self.n)]
    }

    pub fn evaluate(&self, polynomial: &[Fr]) -> Vec<Fr> {
        (0..self.n)
            .map(|z| {
                let terms = polynomial.iter().enumerate().filter(|(_, c)| !c.is_zero());
                terms.map(|(j, c)| *c * self.power(z, j)).sum()
            })
            .collect()
    }
}
