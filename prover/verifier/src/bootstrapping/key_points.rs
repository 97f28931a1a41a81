//! Commitments of an evaluation key as they travel: coordinates, in the order of the polynomials.

use super::parameters::Parameters;
use super::shape::{Column, Shape, ShapeError};
use super::statement::KeyCommitments;
use crate::Bytes32;
use crate::digest::{point_from_words, point_words};

/// Why coordinates are no commitments of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPointsError {
    /// Another number of points than the parameter set's keys have.
    #[error("{got} points of an evaluation key, expected {expected}")]
    Count {
        /// Points given.
        got: usize,
        /// Chunks of the three keys.
        expected: usize,
    },
    /// A coordinate not below the modulus, or a point off the curve.
    #[error("point {index} of an evaluation key is not a canonical point of BN254 G1")]
    Point {
        /// Index of the point.
        index: usize,
    },
    /// The parameter set has no shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

impl KeyCommitments {
    /// Chunks of the bootstrapping, the compute and the casting key.
    pub fn chunks(parameters: &Parameters) -> Result<[usize; 3], ShapeError> {
        let shape = Shape::of(*parameters, 0, vec![], vec![])?;
        let columns = [Column::BootstrappingKey, Column::KeyswitchingKey(0), Column::KeyswitchingKey(1)];
        Ok(columns.map(|column| 1 << shape.log_chunks(column)))
    }

    /// Coordinates of all points, big-endian; (0, 0) is the point at infinity.
    pub fn to_xy(&self) -> Vec<[Bytes32; 2]> {
        self.points().iter().map(point_words).collect()
    }

    /// From the coordinates of all points. Whose key they are is not known before their digest is compared.
    pub fn from_xy(parameters: &Parameters, points: &[[Bytes32; 2]]) -> Result<Self, KeyPointsError> {
        let [bootstrapping, compute, casting] = Self::chunks(parameters)?;
        let (got, expected) = (points.len(), bootstrapping + compute + casting);
        if got != expected {
            return Err(KeyPointsError::Count { got, expected });
        }
        let mut points = points
            .iter()
            .enumerate()
            .map(|(index, [x, y])| point_from_words(x, y).ok_or(KeyPointsError::Point { index }));
        let mut list = |count: usize| points.by_ref().take(count).collect::<Result<Vec<_>, _>>();
        Ok(Self { bootstrapping: list(bootstrapping)?, keyswitching: [list(compute)?, list(casting)?] })
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "tests of their own lists")]
mod tests {
    use super::*;
    use ark_bn254::{Fr, G1Affine};
    use ark_ec::{AffineRepr, CurveGroup};

    const PARAMETERS: Parameters = Parameters::PRODUCTION;

    fn commitments() -> KeyCommitments {
        let point = |k: u64| (G1Affine::generator() * Fr::from(k)).into_affine();
        KeyCommitments {
            bootstrapping: (1..9).map(point).collect(),
            keyswitching: [(9..13).map(point).collect(), vec![G1Affine::zero(); 4]],
        }
    }

    #[test]
    fn points_read_back_in_their_order() {
        let key = commitments();
        assert_eq!(KeyCommitments::from_xy(&PARAMETERS, &key.to_xy()), Ok(key));
    }

    #[test]
    fn other_numbers_and_other_points_are_refused() {
        let points = commitments().to_xy();
        let read = |points: &[[Bytes32; 2]]| KeyCommitments::from_xy(&PARAMETERS, points);
        assert_eq!(read(&points[1..]), Err(KeyPointsError::Count { got: 15, expected: 16 }));
        let longer = [points.clone(), vec![[[0; 32]; 2]]].concat();
        assert_eq!(read(&longer), Err(KeyPointsError::Count { got: 17, expected: 16 }));
        for coordinate in 0..2 {
            let mut other = points.clone();
            other[5][coordinate][31] ^= 1;
            assert_eq!(read(&other), Err(KeyPointsError::Point { index: 5 }));
            other[5] = points[5];
            other[12][coordinate] = [0xff; 32];
            assert_eq!(read(&other), Err(KeyPointsError::Point { index: 12 }));
        }
    }
}
