//! Groth16 over the wrap circuit: development keys, proofs, what is refused.

use crate::case::case;
use crate::circuit::honest;
use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;
use trine_prover::Mode;
use trine_prover::groth::{
    self, KeyError, ProvingKey, SetupError, WrapError, WrapProof, check_verifying_key, prove_wrap, setup,
    verifier_hash, verify_wrap, verifying_key_bytes,
};
use trine_prover::wrap::structure;
use trine_verifier::Class;

const CLASS: Class = Class::REDUCED_TINY;

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([7; 32])
}

fn key() -> &'static ProvingKey {
    static KEY: OnceLock<ProvingKey> = OnceLock::new();
    KEY.get_or_init(|| setup::generate(structure(&CLASS)).unwrap())
}

#[test]
fn a_wrap_proof_verifies_for_its_public_inputs_alone() {
    let (public, witness) = honest(&case(CLASS, 2, 1, 21));
    let proof = prove_wrap(key(), &CLASS, &public, &witness, &mut rng()).unwrap();
    assert!(verify_wrap(&key().vk, &public, &proof));
    let mut other = public;
    other.stmt += Fr::from(1u64);
    assert!(!verify_wrap(&key().vk, &other, &proof));

    let words = proof.to_words();
    assert_eq!(WrapProof::from_words(&words).as_ref(), Some(&proof));
    for index in 0..words.len() {
        let mut changed = words;
        changed[index][31] ^= 1;
        assert_eq!(WrapProof::from_words(&changed), None, "word {index} off the curve");
        changed[index] = [0xff; 32];
        assert_eq!(WrapProof::from_words(&changed), None, "word {index} above the modulus");
    }
    assert_eq!(WrapProof::from_words(&[[0; 32]; 8]), None, "points at infinity");
}

#[test]
fn a_broken_witness_is_named_and_never_proven() {
    let (mut public, mut witness) = honest(&case(CLASS, 2, 1, 22));
    let one = Fr::from(1u64);
    public.rho += one;
    let refused = prove_wrap(key(), &CLASS, &public, &witness, &mut rng());
    assert_eq!(refused, Err(WrapError::Check { id: "PE.J1" }));
    public.rho -= one;
    witness.field.values.pop();
    let refused = prove_wrap(key(), &CLASS, &public, &witness, &mut rng());
    assert_eq!(refused, Err(WrapError::Check { id: "PE.T1" }));
}

#[test]
fn the_key_of_another_class_is_refused() {
    let class = Class::REDUCED_CHUNKS;
    let (public, witness) = honest(&case(class, 1, 1, 23));
    let refused = prove_wrap(key(), &class, &public, &witness, &mut rng());
    assert!(matches!(refused, Err(WrapError::Key { what: "variables", .. })), "{refused:?}");
}

#[test]
fn the_development_key_is_reproducible() {
    let again = setup::generate(structure(&CLASS)).unwrap();
    assert_eq!(again.vk, key().vk);
    assert_eq!(again, *key());
}

#[test]
fn the_cache_is_private_checked_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("dev-keys");
    let made = groth::development_key(&cache, &CLASS, Mode::Development).unwrap();
    assert_eq!(made, *key());
    let files: Vec<_> = fs::read_dir(&cache).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 1, "no partial file stays");
    let (file, name) = (&files[0], files[0].file_name().into_string().unwrap());
    assert!(name.contains("UNSAFE-development"), "{name}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(groth::development_key(&cache, &CLASS, Mode::Development).unwrap(), made);

    let bytes = fs::read(file.path()).unwrap();
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 1;
    let mut foreign = bytes.clone();
    foreign[12] ^= 1;
    for wrong in [&damaged[..], &foreign, &bytes[..bytes.len() - 1], &bytes[..40], b""] {
        fs::write(file.path(), wrong).unwrap();
        let refused = groth::development_key(&cache, &CLASS, Mode::Development);
        assert!(matches!(refused, Err(SetupError::Cached { .. })));
    }
}

#[test]
fn production_refuses_the_development_setup() {
    let folder = tempfile::tempdir().unwrap();
    let refused = groth::development_key(folder.path(), &CLASS, Mode::Production);
    assert!(matches!(refused, Err(SetupError::DevelopmentSetupRefused)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    assert_eq!(check_verifying_key(&key().vk, Mode::Production), Err(KeyError::Development));
    assert_eq!(check_verifying_key(&key().vk, Mode::Development), Ok(()));
}

#[test]
fn verifying_keys_that_allow_forgery_are_refused() {
    type Key = ark_groth16::VerifyingKey<ark_bn254::Bn254>;
    let check = |change: &dyn Fn(&mut Key)| {
        let mut changed = key().vk.clone();
        change(&mut changed);
        check_verifying_key(&changed, Mode::Development)
    };
    assert_eq!(check(&|k| k.delta_g2 = k.gamma_g2), Err(KeyError::GammaIsDelta));
    assert_eq!(check(&|k| k.delta_g2 = G2Affine::generator()), Err(KeyError::DeltaIsGenerator));
    assert_eq!(check(&|k| k.gamma_abc_g1.truncate(14)), Err(KeyError::InputPoints { got: 14, expected: 15 }));
    assert_eq!(
        check(&|k| k.gamma_abc_g1[3] = G1Affine::zero()),
        Err(KeyError::Point { what: "an input point" })
    );
    assert_eq!(check(&|k| k.alpha_g1.x += k.alpha_g1.y), Err(KeyError::Point { what: "alpha" }));
    assert_eq!(check(&|k| k.beta_g2 = G2Affine::zero()), Err(KeyError::Point { what: "beta" }));
}

#[test]
fn verifying_key_bytes_and_hash_cover_everything() {
    let bytes = verifying_key_bytes(&key().vk);
    assert_eq!(bytes.len(), 32 * (2 + 3 * 4 + 1 + 2 * 15));
    assert_eq!(bytes[32 * 14..32 * 15], trine_verifier::digest::uint_word(15));
    let hash = verifier_hash(&key().vk, &[1; 32], &[2; 32], 3);
    assert_ne!(hash, verifier_hash(&key().vk, &[0; 32], &[2; 32], 3));
    assert_ne!(hash, verifier_hash(&key().vk, &[1; 32], &[0; 32], 3));
    assert_ne!(hash, verifier_hash(&key().vk, &[1; 32], &[2; 32], 0));
    let mut other = key().vk.clone();
    other.gamma_abc_g1.swap(0, 14);
    assert_ne!(hash, verifier_hash(&other, &[1; 32], &[2; 32], 3));
}
