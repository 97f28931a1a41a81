//! Points over the slots of bootstrappings.

use super::shape::Shape;
use crate::transcript::Transcript;
use ark_bn254::Fr;

/// Draws as many challenges as the most bootstrappings of a proof need, and keeps those that the shape has variables for:
/// what comes after does not depend on the shape.
pub fn draw_slot(shape: &Shape, label: &'static str, transcript: &mut Transcript) -> Vec<Fr> {
    let mut point = transcript.challenges(label, shape.parameters.max_log_bootstrappings);
    point.truncate(shape.log_bootstrappings);
    point
}
