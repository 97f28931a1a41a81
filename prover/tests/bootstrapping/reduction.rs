//! Steps PB.I1 to PB.I3, prover's side.

use crate::columns::Columns;
use crate::product::quadratic;
use ark_bn254::Fr;
use ark_ff::{One, Zero};
use trine_verifier::Transcript;
use trine_verifier::bootstrapping::claim::{Claim, Part};
use trine_verifier::bootstrapping::reduction::polynomial_weights;
use trine_verifier::bootstrapping::shape::{Column, Shape};

/// Rounds, point, and values of the polynomials of `slots` there.
pub struct Reduction {
    pub rounds: Vec<[Fr; 2]>,
    pub point: Vec<Fr>,
    pub values: Vec<Fr>,
}

/// Reduces the claims over the polynomials of `slots` to one point. Values of other slots are absorbed as zero.
pub fn prove(
    columns: &Columns<'_>,
    claims: &[Claim],
    slots: &[usize],
    polynomials: &[Vec<Fr>],
    transcript: &mut Transcript,
) -> Reduction {
    let gamma = transcript.challenge("gamma");
    let variables = columns.case.parameters.log_chunk;
    let public = [Column::Mask, Column::Table].map(|column| (column, columns.get(column)));
    let mut weights = Weights {
        columns,
        slots,
        committed: vec![Fr::zero(); polynomials.len() << variables],
        public: public.clone().map(|(column, cells)| (column, vec![Fr::zero(); cells.len()])),
    };
    let (mut power, mut total) = (Fr::one(), Fr::zero());
    for claim in claims {
        claim.parts.iter().for_each(|part| weights.add(part, power));
        total += power * claim.value;
        power *= gamma;
    }
    let length = 1 << variables;
    let chunks = |table: &[Fr]| -> Vec<Vec<Fr>> {
        let padded =
            |chunk: &[Fr]| chunk.iter().copied().chain(std::iter::repeat(Fr::zero())).take(length).collect();
        table.chunks(length).map(padded).collect()
    };
    let mut pairs: Vec<[Vec<Fr>; 2]> =
        polynomials.iter().cloned().zip(chunks(&weights.committed)).map(|(f, w)| [f, w]).collect();
    for ((_, cells), (_, weights)) in public.iter().zip(&weights.public) {
        // The cells are zero above; the weights are constant there, as the verifier takes them.
        let repeated: Vec<Fr> = weights.iter().copied().cycle().take(weights.len().max(length)).collect();
        pairs.extend(chunks(cells).into_iter().zip(chunks(&repeated)).map(|(f, w)| [f, w]));
    }
    let rounds = quadratic(total, &mut pairs, variables, ["I.round", "u"], transcript);
    let case = columns.case;
    let closed = polynomial_weights(&case.shape, &case.circuit, claims, gamma, &rounds.point);
    for (slot, closed) in closed.polynomials.iter().enumerate() {
        let dense = slots.binary_search(&slot).map_or(Fr::zero(), |index| pairs[index][1][0]);
        assert_eq!(dense, *closed, "weight of slot {slot}");
    }
    let public: Fr = pairs[polynomials.len()..].iter().map(|[cells, weights]| cells[0] * weights[0]).sum();
    assert_eq!(public, closed.public, "public weights");
    let values: Vec<Fr> = pairs.iter().take(polynomials.len()).map(|[f, _]| f[0]).collect();
    transcript.absorb_all("I.value", &spread(&case.shape, slots, &values));
    Reduction { rounds: rounds.messages, point: rounds.point, values }
}

/// What each slot of the class holds; the default in those that are not listed.
pub fn spread<T: Clone + Default>(shape: &Shape, slots: &[usize], of_slots: &[T]) -> Vec<T> {
    let mut all = vec![T::default(); shape.polynomials()];
    slots.iter().zip(of_slots).for_each(|(slot, value)| all[*slot] = value.clone());
    all
}

struct Weights<'a> {
    columns: &'a Columns<'a>,
    slots: &'a [usize],
    /// Of the polynomials of all slots that are listed, one after the other.
    committed: Vec<Fr>,
    public: [(Column, Vec<Fr>); 2],
}

impl Weights<'_> {
    fn add(&mut self, part: &Part, power: Fr) {
        let case = self.columns.case;
        let table = part.weight.table();
        for (column, scale) in &part.columns {
            let public = self.public.iter_mut().find(|(public, _)| public == column);
            let to = match public {
                Some((_, weights)) => weights.as_mut_slice(),
                None => {
                    let place = case.shape.place(*column);
                    let first = self.slots.binary_search(&place.polynomial).unwrap();
                    let start = (first << case.parameters.log_chunk) + place.offset;
                    &mut self.committed[start..]
                }
            };
            assert!(to.len() >= table.len(), "{column:?}");
            to.iter_mut().zip(&table).for_each(|(to, weight)| *to += power * scale * weight);
        }
    }
}
