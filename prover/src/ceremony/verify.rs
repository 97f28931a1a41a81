//! A transcript against circuit and first phase: everything is recomputed that can be (CE.V*).

use super::chain::Chain;
use super::error::CeremonyError;
use super::initial::initial_key;
use super::points::{combine, is_multiple, weights};
use super::powers::Powers;
use super::transcript::{Transcript, key_digest};
use crate::groth::ProvingKey;
use crate::wrap::checks::Checks;
use ark_bn254::{G1Affine, G1Projective};

/// A verified transcript: where its chain has come to, and the key that stands there.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The end of the chain.
    pub chain: Chain,
    /// The key with the delta of the last record.
    pub key: ProvingKey,
}

/// Verifies a transcript (CE.V1 to CE.V5, CE.C1 to CE.C7), cheap checks first.
///
/// What the caller must still discharge: that the powers are of a first phase that he trusts; that contributors published
/// the hashes of their records; and, of a finished key, [`CeremonyKey::check`](super::CeremonyKey::check).
pub fn verify(transcript: &Transcript, circuit: &Checks, powers: &Powers) -> Result<Verified, CeremonyError> {
    let head = &transcript.head;
    let other = |got: &[u8; 32], expected: &[u8; 32]| (hex::encode(got), hex::encode(expected));
    let circuit_digest = circuit.circuit_digest();
    if head.circuit != circuit_digest {
        let (got, expected) = other(&head.circuit, &circuit_digest);
        return Err(CeremonyError::OtherCircuit { got, expected });
    }
    if head.powers != *powers.digest() {
        let (got, expected) = other(&head.powers, powers.digest());
        return Err(CeremonyError::OtherPowers { got, expected });
    }
    let chain = Chain::follow(head, &transcript.records)?;
    let initial = initial_key(circuit, powers)?;
    let initial_digest = key_digest(&initial);
    if head.initial_key != initial_digest {
        let (got, expected) = other(&head.initial_key, &initial_digest);
        return Err(CeremonyError::OtherInitialKey { got, expected });
    }
    check_queries(transcript, &initial, &chain)?;
    Ok(Verified { chain, key: key_at(&chain, initial, transcript) })
}

/// CE.V4, CE.V5: `delta l = l_0` and `delta h = h_0`, point by point, with weights drawn from all points.
fn check_queries(transcript: &Transcript, initial: &ProvingKey, chain: &Chain) -> Result<(), CeremonyError> {
    let queries =
        [("l", &transcript.l_query, &initial.l_query), ("h", &transcript.h_query, &initial.h_query)];
    for (what, now, before) in queries {
        let (got, expected) = (now.len(), before.len());
        if got != expected {
            return Err(CeremonyError::QueryCount { what, got, expected });
        }
    }
    let seed = blake3::hash(&transcript.to_bytes());
    for (what, now, before) in queries {
        let weights = weights(seed.as_bytes(), now.len());
        let combined = |points: &[G1Affine]| combine::<G1Projective>(points, &weights);
        if !is_multiple(combined(now), combined(before), chain.delta_g2) {
            return Err(CeremonyError::Query { what });
        }
    }
    Ok(())
}

/// The initial key with the chain's delta and the transcript's queries.
fn key_at(chain: &Chain, initial: ProvingKey, transcript: &Transcript) -> ProvingKey {
    let mut key = initial;
    key.vk.delta_g2 = chain.delta_g2;
    key.delta_g1 = chain.delta_g1;
    key.l_query.clone_from(&transcript.l_query);
    key.h_query.clone_from(&transcript.h_query);
    key
}
