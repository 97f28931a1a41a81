//! Every column as a dense vector, public ones included, and the polynomials that they make up.

use crate::case::Case;
use crate::dense::inner_product;
use crate::trace::Cells;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_verifier::bootstrapping::claim::Claim;
use trine_verifier::bootstrapping::shape::Column;

/// Columns of one proof.
pub struct Columns<'a> {
    pub case: &'a Case,
    pub cells: &'a Cells,
    pub rotation: Vec<Fr>,
    /// Words of the input handles, where they are not the case's.
    pub inputs: Option<&'a [Vec<Fr>]>,
    pub outputs: &'a [Vec<Fr>],
}

impl Columns<'_> {
    /// The rows of a column.
    pub fn get(&self, column: Column) -> Vec<Fr> {
        match column {
            Column::Rotation => self.rotation.clone(),
            Column::BootstrappingKey => elements(&self.case.keys.bootstrapping),
            Column::KeyswitchingKey(kind) => elements(&self.case.keys.keyswitching[usize::from(kind)]),
            Column::Input(handle) => match self.inputs {
                Some(inputs) => inputs[usize::from(handle)].clone(),
                None => elements(&self.case.inputs[usize::from(handle)]),
            },
            Column::Output(handle) => self.outputs[usize::from(handle)].clone(),
            Column::Mask => {
                self.public(
                    |p_groups, step, _, _| {
                        if (1..=p_groups + 1).contains(&step) { Fr::one() } else { Fr::zero() }
                    },
                )
            }
            Column::Table => self.public(|_, step, row, slot| {
                let circuit = &self.case.circuit;
                let p = &self.case.parameters;
                match circuit.bootstrappings().get(slot) {
                    Some(b) if step == 0 && row >= p.n() => {
                        Fr::from(circuit.tables()[b.table as usize].boxes[(row - p.n()) / p.box_size()])
                    }
                    _ => Fr::zero(),
                }
            }),
            column => self.cells.get(column).to_vec(),
        }
    }

    /// A public column, from groups, step, row (j, u) inside the step, and slot.
    fn public(&self, cell: impl Fn(usize, usize, usize, usize) -> Fr) -> Vec<Fr> {
        let p = &self.case.parameters;
        let rows = 2 * p.n();
        (0..rows * p.steps() * self.case.shape.bootstrappings())
            .map(|index| {
                let step = index / rows;
                cell(p.groups, step % p.steps(), index % rows, step / p.steps())
            })
            .collect()
    }

    /// `sum <weight, columns>` of a claim.
    pub fn sum(&self, claim: &Claim) -> Fr {
        let parts = claim.parts.iter().map(|part| {
            let weights = part.weight.table();
            let columns = part.columns.iter();
            columns.map(|(column, scale)| *scale * inner_product(&weights, &self.get(*column))).sum::<Fr>()
        });
        parts.sum()
    }

    /// The polynomials of some slots, ascending, of `2^m` coefficients each.
    pub fn polynomials(&self, slots: &[usize]) -> Vec<Vec<Fr>> {
        let length = 1usize << self.case.parameters.log_chunk;
        let mut all = vec![vec![Fr::zero(); length]; slots.len()];
        for (column, place) in self.case.shape.columns() {
            let Ok(first) = slots.binary_search(&place.polynomial) else { continue };
            for (row, cell) in (place.offset..).zip(self.get(*column)) {
                all[first + row / length][row % length] = cell;
            }
        }
        all
    }
}

fn elements(words: &[u64]) -> Vec<Fr> {
    words.iter().map(|word| Fr::from(*word)).collect()
}
