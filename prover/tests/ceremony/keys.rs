//! Keys that production refuses.

use crate::fixture::{beacon, circuit, contributed, powers};
use ark_bn254::{Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::UniformRand;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::OnceLock;
use trine_prover::Mode;
use trine_prover::ceremony::{CeremonyError, CeremonyKey, KeyFileError, Transcript, finalise};
use trine_prover::groth::{KeyError, setup};
use trine_prover::service::setups::{self, PROVING_KEY, REFERENCE_STRING, SetupsError};
use trine_prover::srs::{self, ptau};
use trine_verifier::Class;

fn finished() -> &'static (Transcript, CeremonyKey) {
    static KEY: OnceLock<(Transcript, CeremonyKey)> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut transcript = contributed(&["Ada", "Grace"]);
        let key = finalise(&mut transcript, &circuit(3), powers(), beacon()).unwrap();
        (transcript, key)
    })
}

fn refused(change: impl FnOnce(&mut CeremonyKey)) -> CeremonyError {
    let mut key = finished().1.clone();
    change(&mut key);
    key.check(&circuit(3)).unwrap_err()
}

#[test]
fn a_key_without_contributions_is_refused_ce_k1() {
    assert_eq!(refused(|k| k.records.clear()), CeremonyError::NoContribution, "CE.K1");
    let mut transcript = contributed(&[]);
    let refused = finalise(&mut transcript, &circuit(3), powers(), beacon()).unwrap_err();
    assert_eq!(refused, CeremonyError::NoContribution);
    // A record of somebody who does not know delta.
    assert!(matches!(self::refused(|k| drop(k.records.remove(0))), CeremonyError::Chain { index: 0, .. }));
}

#[test]
fn a_key_before_the_beacon_is_refused_ce_k2() {
    let refused = refused(|k| {
        k.records.pop();
        k.key.delta_g1 = k.records[1].delta_g1;
        k.key.vk.delta_g2 = k.records[1].delta_g2;
    });
    assert_eq!(refused, CeremonyError::NoBeacon, "CE.K2");
}

#[test]
fn a_key_of_another_circuit_is_refused_ce_k3() {
    let mut other = circuit(3);
    let wire = other.witness(Fr::from(1u64));
    other.enforce_product("extra", &wire, &wire, &wire);
    let refused = finished().1.check(&other).unwrap_err();
    assert!(matches!(refused, CeremonyError::KeyCircuit { .. }), "CE.K3, not {refused}");
}

#[test]
fn a_key_with_another_delta_is_refused_ce_k4() {
    let what = |change: fn(&mut CeremonyKey)| match refused(change) {
        CeremonyError::KeyDelta { what } => what,
        other => panic!("CE.K4, not {other}"),
    };
    assert_eq!(what(|k| k.key.delta_g1 = G1Affine::generator()), "delta in G1");
    assert_eq!(what(|k| k.key.vk.delta_g2 = G2Affine::generator()), "delta in G2");
    // A key of the development seed under the records of a ceremony.
    assert_eq!(what(|k| k.key = setup::generate(circuit(3)).unwrap()), "delta in G1");
}

#[test]
fn keys_under_which_anybody_forges_are_refused_ce_k5() {
    let cause = |change: fn(&mut CeremonyKey)| match refused(change) {
        CeremonyError::Key(error) => error,
        other => panic!("CE.K5, not {other}"),
    };
    assert_eq!(cause(|k| k.key.vk.gamma_g2 = k.key.vk.delta_g2), KeyError::GammaIsDelta);
    assert_eq!(
        cause(|k| k.key.vk.gamma_g2 = (G2Affine::generator() * Fr::from(2u64)).into_affine()),
        KeyError::GammaIsNotGenerator
    );
    assert_eq!(cause(|k| k.key.vk.beta_g2 = G2Affine::zero()), KeyError::Point { what: "beta" });
    let expected = KeyError::InputPoints { got: 3, expected: 2 };
    assert_eq!(cause(|k| k.key.vk.gamma_abc_g1.push(G1Affine::generator())), expected);
    let development = cause(|k| {
        let mut rng = ChaCha20Rng::from_seed(setup::DEVELOPMENT_SEED);
        let [alpha, ..]: [Fr; 4] = std::array::from_fn(|_| Fr::rand(&mut rng));
        k.key.vk.alpha_g1 = (G1Projective::rand(&mut rng) * alpha).into_affine();
    });
    assert_eq!(development, KeyError::Development);
}

/// Whoever hands out the key could change what the records do not cover.
#[test]
fn a_key_that_the_transcript_does_not_give_is_refused_ce_k6() {
    let (transcript, key) = finished();
    for change in [
        (|k| k.key.vk.gamma_abc_g1.swap(0, 1)) as fn(&mut CeremonyKey),
        |k| k.key.vk.alpha_g1 = k.key.beta_g1,
        |k| k.key.a_query[2] = G1Affine::generator(),
        |k| k.key.h_query.swap(0, 1),
    ] {
        let mut other = key.clone();
        change(&mut other);
        other.check(&circuit(3)).unwrap();
        let refused = other.check_against(transcript, &circuit(3), powers()).unwrap_err();
        assert_eq!(refused, CeremonyError::OtherKey, "CE.K6");
    }
    let mut another = contributed(&["Ada"]);
    finalise(&mut another, &circuit(3), powers(), beacon()).unwrap();
    assert_eq!(key.check_against(&another, &circuit(3), powers()), Err(CeremonyError::OtherKey));
}

#[test]
fn a_stored_key_is_checked_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("groth16.key");
    finished().1.store(&path).unwrap();
    assert!(CeremonyKey::load(&path, &circuit(3)).unwrap() == finished().1);
    let mut key = finished().1.clone();
    key.records.clear();
    key.store(&path).unwrap();
    let error = CeremonyKey::load(&path, &circuit(3)).unwrap_err();
    assert!(matches!(error, KeyFileError::Refused { source: CeremonyError::NoContribution, .. }), "{error}");
    std::fs::write(&path, b"TRINEGPK").unwrap();
    assert!(matches!(CeremonyKey::load(&path, &circuit(3)), Err(KeyFileError::Decode { .. })));
    let missing = folder.path().join("none");
    assert!(matches!(CeremonyKey::load(&missing, &circuit(3)), Err(KeyFileError::File { .. })));
}

/// What a prover's process loads outside development mode.
#[test]
fn a_production_worker_takes_finished_setups_only() {
    let folder = tempfile::tempdir().unwrap();
    let load = || setups::load(folder.path(), &Class::REDUCED_TINY, Mode::Production).map(drop).unwrap_err();
    assert!(matches!(load(), SetupsError::Srs(srs::SetupError::File { .. })), "nothing is made");
    let path = folder.path().join(REFERENCE_STRING);
    srs::store(&srs::development(4).unwrap(), &path).unwrap();
    assert!(matches!(load(), SetupsError::Srs(srs::SetupError::DevelopmentSetupRefused)));
    let ceremony = ptau::read(std::io::Cursor::new(crate::fixture::SNARKJS), 64).unwrap();
    srs::store(&ceremony, &path).unwrap();
    assert!(matches!(load(), SetupsError::Key(KeyFileError::File { .. })));
    finished().1.store(&folder.path().join(PROVING_KEY)).unwrap();
    let error = load();
    assert!(
        matches!(
            error,
            SetupsError::Key(KeyFileError::Refused { source: CeremonyError::KeyCircuit { .. }, .. })
        ),
        "{error}"
    );
}
