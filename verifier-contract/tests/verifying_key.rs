//! Verifying keys under which anybody forges never reach the generator.

#[expect(dead_code, reason = "the generated fixtures use the rest")]
mod tiny;

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use tiny::{CLASS, TinySetup};
use trine_contract::verifying_key::{DeployableKey, KeyError};

fn refusal(change: impl FnOnce(&mut TinySetup)) -> Option<KeyError> {
    let mut setup = TinySetup::new();
    change(&mut setup);
    DeployableKey::new(&setup.key.vk, &setup.srs, CLASS).err()
}

#[test]
fn each_forgeable_key_has_its_refusal() {
    assert_eq!(refusal(|_| ()), None);
    assert_eq!(refusal(|s| s.key.vk.delta_g2 = s.key.vk.gamma_g2), Some(KeyError::GammaIsDelta));
    assert_eq!(refusal(|s| s.key.vk.delta_g2 = G2Affine::generator()), Some(KeyError::DeltaIsGenerator));
    assert_eq!(refusal(|s| s.srs.powers_h[0] = G2Affine::generator()), Some(KeyError::TauIsOne));
    assert_eq!(refusal(|s| s.srs.development = false), Some(KeyError::GammaIsNotGenerator));
    let ceremony = |s: &mut TinySetup| {
        s.srs.development = false;
        s.key.vk.gamma_g2 = G2Affine::generator();
    };
    assert_eq!(refusal(ceremony), None);
    let short = refusal(|s| s.key.vk.gamma_abc_g1.truncate(14));
    assert_eq!(short, Some(KeyError::InputPoints { got: 14, expected: 15 }));
    let infinity = refusal(|s| s.key.vk.gamma_abc_g1[3] = G1Affine::zero());
    assert_eq!(infinity, Some(KeyError::Point { point: "an input point" }));
    let infinity = refusal(|s| s.key.vk.beta_g2 = G2Affine::zero());
    assert_eq!(infinity, Some(KeyError::Point { point: "beta" }));
}
