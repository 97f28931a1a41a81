//! Altered proofs: each sends one altered part of the honest fulfilment to the contract.

use super::scene::{CircuitScene, Fulfilment};
use crate::attacks::closing::late_quotient;
use crate::attacks::registry::Playing;
use crate::attacks::report::Observation;
use crate::attacks::seen::{seen_of_all, seen_on_chain};
use alloy::primitives::{Bytes, U256};
use anyhow::{Context, ensure};
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::PrimeField;
use ark_groth16::Proof;
use trine_contract::calldata::circuit::CircuitWrapProof;
use trine_verifier::digest::{point_from_words, point_words};
use trine_verifier::opening::OpeningChallenges;

/// Word of the output that is flipped: one of the mask.
const FLIPPED: usize = 5;
/// A coefficient above the layout of every handle of at most sixteen blocks.
const ABOVE_LAYOUT: usize = 100_000;
/// Challenges at the end of a proof: rho, r, q, z, R(z).
const CHALLENGES: usize = 5;
const FOLDING_CHALLENGE: usize = 1;
const SELECTOR_BYTES: usize = 4;

async fn play(scene: &CircuitScene, altered: Fulfilment) -> anyhow::Result<Observation> {
    seen_on_chain(scene.try_fulfil(&altered).await)
}

async fn play_all(scene: &CircuitScene, altered: Vec<CircuitWrapProof>) -> anyhow::Result<Observation> {
    let honest = scene.proof()?;
    let mut seen = Vec::with_capacity(altered.len());
    for proof in &altered {
        ensure!(*proof != honest, "a variant is the honest proof");
        seen.push(play(scene, scene.with_proof(proof)?).await?);
    }
    seen_of_all(seen)
}

/// A point of a proof.
type Point = fn(&mut CircuitWrapProof) -> Option<&mut G1Affine>;

/// The honest proof with one point moved by the generator, which stays on the curve, so that no decoder
/// refuses it: one variant for each point.
async fn moved(scene: &CircuitScene, points: &[Point]) -> anyhow::Result<Observation> {
    let variant = |point: &Point| -> anyhow::Result<CircuitWrapProof> {
        let mut proof = scene.proof()?;
        let point = point(&mut proof).context("the proof has no such point")?;
        *point = (*point + G1Affine::generator()).into_affine();
        Ok(proof)
    };
    play_all(scene, points.iter().map(variant).collect::<anyhow::Result<_>>()?).await
}

fn exchanged(a: Option<&mut G1Affine>, b: Option<&mut G1Affine>) -> anyhow::Result<()> {
    let (a, b) = a.zip(b).context("the proof has no such points")?;
    std::mem::swap(a, b);
    Ok(())
}

fn raised(challenge: &mut Fr) {
    *challenge += Fr::from(1u64);
}

/// The first output's commitment plus a point.
fn with_output_raised(mut fulfilment: Fulfilment, change: &G1Affine) -> anyhow::Result<Fulfilment> {
    let output = fulfilment.outputPoints.first_mut().context("no output")?;
    let [x, y] = output.map(|word| word.to_be_bytes::<32>());
    let point = point_from_words(&x, &y).context("output commitment")?;
    *output = point_words(&(point + change).into_affine()).map(U256::from_be_bytes);
    Ok(fulfilment)
}

fn power(scene: &CircuitScene, exponent: usize) -> anyhow::Result<G1Affine> {
    scene.material.srs.powers().get(exponent).copied().with_context(|| format!("no power {exponent}"))
}

/// The engine flips the lowest bit of one word of the result.
pub fn flipped_output_word(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let output = scene.honest.fulfilled.outputs.first().context("no output")?;
        let word = output.commitment_words().get(FLIPPED).copied().context("no such word")?;
        let power = power(scene, FLIPPED)?;
        let change = if word & 1 == 0 { power } else { -power };
        play(scene, with_output_raised(scene.fulfilment()?, &change)?).await
    })
}

/// An output commitment with a coefficient above the layout of its handle, where no block lies.
pub fn output_above_layout(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let above = power(scene, ABOVE_LAYOUT)?;
        play(scene, with_output_raised(scene.fulfilment()?, &above)?).await
    })
}

/// Other commitments: of the first round, of the second.
pub fn altered_commitment(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { moved(scene, &[|p| p.group.columns.first_mut(), |p| p.group.second.first_mut()]).await })
}

/// Another commitment to a fold: the first, the last.
pub fn altered_fold(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { moved(scene, &[|p| p.group.folds.first_mut(), |p| p.group.folds.last_mut()]).await })
}

/// Other closing points of the opening: quotient, remainder, witness.
pub fn altered_opening(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let points: [Point; 3] = [
            |p| Some(&mut p.group.closing.quotient),
            |p| Some(&mut p.group.closing.remainder),
            |p| Some(&mut p.group.closing.witness),
        ];
        moved(scene, &points).await
    })
}

/// Other points A and C of the Groth16 proof.
pub fn altered_groth16_point(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { moved(scene, &[|p| Some(&mut p.groth16.a), |p| Some(&mut p.groth16.c)]).await })
}

/// Commitments that change places after the digests of their rounds: within a round, between rounds.
pub fn swapped_commitments(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.proof()?;
        let [mut within, mut rounds, mut folds] = [honest.clone(), honest.clone(), honest];
        let (first, rest) = within.group.columns.split_first_mut().context("no columns")?;
        exchanged(Some(first), rest.first_mut())?;
        exchanged(rounds.group.columns.last_mut(), rounds.group.second.first_mut())?;
        exchanged(folds.group.second.first_mut(), folds.group.folds.first_mut())?;
        play_all(scene, vec![within, rounds, folds]).await
    })
}

/// The challenge that folds the polynomials, another one.
pub fn altered_folding_challenge(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut proof = scene.proof()?;
        proof.challenges.get_mut(FOLDING_CHALLENGE).map(raised).context("no such challenge")?;
        play_all(scene, vec![proof]).await
    })
}

/// Each of the challenges, another one.
pub fn altered_public_input(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.proof()?;
        let variant = |index: usize| {
            let mut proof = honest.clone();
            proof.challenges.get_mut(index).map(raised).map(|()| proof).context("no such challenge")
        };
        play_all(scene, (0..CHALLENGES).map(variant).collect::<Result<_, _>>()?).await
    })
}

/// Each of the challenges as the same element of the field, written as another word.
pub fn public_input_plus_modulus(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.fulfilment()?;
        let mut seen = Vec::with_capacity(CHALLENGES);
        for index in 0..CHALLENGES {
            let proof = with_modulus_added(&honest.proof, index)?;
            seen.push(play(scene, Fulfilment { proof, ..honest.clone() }).await?);
        }
        seen_of_all(seen)
    })
}

/// The challenge with this index plus the order of the field.
fn with_modulus_added(proof: &Bytes, index: usize) -> anyhow::Result<Bytes> {
    let mut bytes = proof.to_vec();
    let first = bytes.len().checked_sub(32 * CHALLENGES).context("a proof without challenges")?;
    let word = bytes.get_mut(first..).and_then(|all| all.chunks_exact_mut(32).nth(index));
    let word = word.context("no such challenge")?;
    let sum = U256::try_from_be_slice(word).and_then(|value| value.checked_add(modulus()));
    word.copy_from_slice(&sum.context("the sum has more than 256 bits")?.to_be_bytes::<32>());
    Ok(bytes.into())
}

/// Order of the field of scalars.
pub fn modulus() -> U256 {
    U256::from_limbs(Fr::MODULUS.0)
}

/// A quotient chosen after z, with R(z) to fit.
pub fn z_not_bound(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut proof = scene.proof()?;
        let [rho, r, q, z, r_at_z] = proof.challenges;
        let challenges = OpeningChallenges { rho, r, q, z, r_at_z };
        let (late, value) = late_quotient(&proof.group.closing, &challenges, scene.material.srs.powers())?;
        proof.group.closing = late;
        proof.challenges = [rho, r, q, z, value];
        play_all(scene, vec![proof]).await
    })
}

/// Groth16, challenges and points of two valid proofs for the same circuit, mixed in every way.
pub fn halves_of_two_proofs(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let other = scene.take_unreleased().await?;
        let (a, b) = (scene.proof()?, scene.proof_of(&other)?);
        let mixed = vec![
            CircuitWrapProof { groth16: b.groth16.clone(), ..a.clone() },
            CircuitWrapProof { challenges: b.challenges, ..a.clone() },
            CircuitWrapProof { group: b.group.clone(), ..a.clone() },
            CircuitWrapProof { groth16: a.groth16.clone(), ..b.clone() },
            CircuitWrapProof { challenges: a.challenges, ..b.clone() },
            CircuitWrapProof { group: a.group.clone(), ..b.clone() },
        ];
        let seen = play_all(scene, mixed).await;
        scene.keep_unreleased(other);
        seen
    })
}

/// (-A, -B, C): verifies wherever (A, B, C) does.
fn malleated(mut proof: CircuitWrapProof) -> CircuitWrapProof {
    let Proof { a, b, c } = proof.groth16;
    proof.groth16 = Proof { a: -a, b: -b, c };
    proof
}

/// The honest fulfilment once more, as a transaction.
pub fn replayed_fulfilment(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async { seen_on_chain(scene.send_fulfil(&scene.fulfilment()?).await) })
}

/// Another valid Groth16 proof of the same statement, made without a witness, as a transaction.
pub fn malleated_groth16(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let malleated = scene.with_proof(&malleated(scene.proof()?))?;
        ensure!(malleated.proof != scene.fulfilment()?.proof, "the proof is its own mirror");
        // It verifies: on the state before the fulfilment it would have been taken.
        scene.try_fulfil(&malleated).await.context("the malleated proof does not verify")?;
        seen_on_chain(scene.send_fulfil(&malleated).await)
    })
}

/// The honest proof with the selector of the verifier of linear programs, which the gateway does not have.
pub fn other_verifier(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.fulfilment()?;
        let body = honest.proof.get(SELECTOR_BYTES..).context("a proof without words")?;
        let selector = &scene.material.verifier_hash.0[..SELECTOR_BYTES];
        let proof = [selector, body].concat().into();
        play(scene, Fulfilment { proof, ..honest }).await
    })
}

/// The honest proof handed to `fulfil`, which asks the verifier of linear programs.
pub fn fulfilled_as_linear(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let honest = scene.fulfilment()?;
        let input = trine::chain::fulfil_input(
            honest.requestId,
            honest.outputPoints,
            honest.inputPoints,
            honest.proof,
        );
        seen_on_chain(scene.try_before("fulfil", input).await)
    })
}

/// An output in two pieces, each counted as a handle.
pub fn chunk_as_handle(scene: &mut CircuitScene) -> Playing<'_> {
    Box::pin(async {
        let mut fulfilment = scene.fulfilment()?;
        let piece = point_words(&power(scene, FLIPPED)?).map(U256::from_be_bytes);
        fulfilment.outputPoints.push(piece);
        play(scene, fulfilment).await
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::G2Affine;
    use trine_verifier::digest::field_word;
    use trine_verifier::opening::ClosingPoints;
    use trine_verifier::proof::GroupProof;

    fn proof() -> CircuitWrapProof {
        CircuitWrapProof {
            groth16: Proof { a: G1Affine::generator(), b: G2Affine::generator(), c: G1Affine::generator() },
            group: GroupProof {
                columns: vec![],
                second: vec![],
                folds: vec![],
                closing: ClosingPoints::INFINITY,
            },
            challenges: [1u64, 2, 3, 4, 5].map(Fr::from),
        }
    }

    #[test]
    fn a_malleated_proof_is_its_mirror_in_two_points() {
        let (honest, mirror) = (proof(), malleated(proof()));
        assert_eq!((mirror.groth16.a, mirror.groth16.b), (-honest.groth16.a, -honest.groth16.b));
        assert_eq!(mirror.groth16.c, honest.groth16.c);
        assert_eq!(malleated(mirror), honest);
    }

    #[test]
    fn an_added_modulus_changes_one_word_and_no_element() {
        let words: Vec<u8> = (1..=7u64).flat_map(|i| field_word(&Fr::from(i))).collect();
        let honest = Bytes::from([&[7u8; SELECTOR_BYTES][..], &words].concat());
        let raised = with_modulus_added(&honest, 2).unwrap();
        let changed: Vec<usize> = (0..honest.len()).filter(|i| honest[*i] != raised[*i]).collect();
        let place = SELECTOR_BYTES + 32 * 4;
        assert!(!changed.is_empty() && changed.iter().all(|i| (place..place + 32).contains(i)));
        let word = &raised[place..place + 32];
        assert_eq!(Fr::from_be_bytes_mod_order(word), Fr::from(5u64));
        assert!(U256::from_be_slice(word) >= modulus());
        assert!(with_modulus_added(&honest, CHALLENGES).is_err());
    }

    #[test]
    fn a_raised_output_is_another_point() {
        let fulfilment = Fulfilment {
            requestId: Default::default(),
            keyPoints: vec![],
            outputPoints: vec![point_words(&G1Affine::generator()).map(U256::from_be_bytes)],
            inputPoints: vec![],
            words: vec![],
            proof: Bytes::new(),
        };
        let raised = with_output_raised(fulfilment.clone(), &G1Affine::generator()).unwrap();
        let double = (G1Affine::generator() * Fr::from(2u64)).into_affine();
        assert_eq!(raised.outputPoints, [point_words(&double).map(U256::from_be_bytes)]);
        let without = Fulfilment { outputPoints: vec![], ..fulfilment };
        assert!(with_output_raised(without, &double).is_err());
    }
}
