//! Altered proofs: each sends one altered part of the honest fulfilment to the contract.

use super::fulfilment::{Fulfilment, place};
use super::registry::Playing;
use super::report::Observation;
use super::scene::Scene;
use super::seen::seen_on_chain;
use anyhow::Context;
use ark_bn254::G1Affine;
use trine_verifier::Class;

/// Word of the output that is flipped: one of the mask.
const FLIPPED: usize = 5;

async fn play(scene: &Scene, altered: anyhow::Result<Fulfilment>) -> anyhow::Result<Observation> {
    seen_on_chain(scene.try_fulfil(&altered?).await)
}

fn power(scene: &Scene, exponent: usize) -> anyhow::Result<G1Affine> {
    scene.material.srs.powers().get(exponent).copied().with_context(|| format!("no power {exponent}"))
}

/// The engine flips the lowest bit of one word of the result.
pub fn flipped_output_word(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let output = scene.honest.fulfilled.outputs.first().context("no output")?;
        let word = output.commitment_words().get(FLIPPED).copied().context("no such word")?;
        let power = power(scene, FLIPPED)?;
        let change = if word & 1 == 0 { power } else { -power };
        play(scene, scene.fulfilment().with_output_raised(&change)).await
    })
}

/// Another commitment to a column.
pub fn altered_commitment(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async { play(scene, scene.fulfilment().with_moved_point(place::COLUMN)).await })
}

/// Another witness of the opening.
pub fn altered_opening(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async { play(scene, scene.fulfilment().with_moved_point(place::WITNESS)).await })
}

/// Another point A of the Groth16 proof.
pub fn altered_groth16_point(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async { play(scene, scene.fulfilment().with_moved_point(place::A)).await })
}

/// Another challenge q, a public input of the wrap.
pub fn altered_public_input(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async { play(scene, scene.fulfilment().with_next_scalar(place::Q)).await })
}

/// The same element of the field, written as another word.
pub fn public_input_plus_modulus(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async { play(scene, scene.fulfilment().with_modulus_added(place::RHO)).await })
}

/// A quotient chosen after z, with R(z) to fit.
pub fn z_not_bound(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let late = scene.fulfilment().with_late_quotient(scene.material.srs.powers());
        play(scene, late).await
    })
}

/// An output commitment with a coefficient above the chunk length, where no row is checked.
pub fn coefficients_above_chunk(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let above = power(scene, 1 << Class::SLICE.log_chunk)?;
        play(scene, scene.fulfilment().with_output_raised(&above)).await
    })
}

/// The honest fulfilment once more, as a transaction.
pub fn replayed_fulfilment(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let inputs = scene.honest.values.len();
        seen_on_chain(scene.send_fulfil(&scene.fulfilment(), inputs).await)
    })
}

/// Another valid Groth16 proof of the same statement, made without a witness, as a transaction.
pub fn malleated_groth16(scene: &mut Scene) -> Playing<'_> {
    Box::pin(async {
        let malleated = scene.fulfilment().malleated()?;
        // It verifies: on the state before the fulfilment it would have been taken.
        scene.try_fulfil(&malleated).await.context("the malleated proof does not verify")?;
        let inputs = scene.honest.values.len();
        seen_on_chain(scene.send_fulfil(&malleated, inputs).await)
    })
}
