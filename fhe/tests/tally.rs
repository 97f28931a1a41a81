//! Users encrypt with tfhe-rs's own types, the sum is exact, an unmodified client key decrypts it, squashing keeps it.

use std::path::PathBuf;
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::keys::{self, DealerKeys};
use trine_fhe::parameters::{DELTA, fresh_variance};
use trine_fhe::squashing::{self, SquashedBlock, SquashingKey};
use trine_fhe::{ValueWords, encryption, linear};
use trine_program::{Declaration, KeyKind, LinearProgram, ValueType};

fn cache() -> PathBuf {
    let base = std::env::var_os("TRINE_CACHE").map(PathBuf::from);
    base.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/trine/dev-keys"))
}

fn ballot() -> Declaration {
    Declaration { value_type: ValueType::Nibbles, key_kind: KeyKind::Compute, blocks: 3, degree: 1 }
}

struct Fixture {
    set: DevelopmentKeys,
    dealer: DealerKeys,
    public: tfhe::shortint::CompactPublicKey,
}

fn fixture() -> Fixture {
    let set = DevelopmentKeys::load_or_generate(&cache(), &mut |step| eprintln!("{step}")).unwrap();
    let dealer = set.read_dealer().unwrap();
    let public = keys::decode_public_key(&std::fs::read(&set.compact_public_key).unwrap()).unwrap();
    Fixture { set, dealer, public }
}

fn encrypt(fixture: &Fixture, votes: [u64; 3]) -> ValueWords {
    let list = encryption::encrypt(&fixture.public, &ballot(), &votes).unwrap();
    encryption::expand(&list, ballot()).unwrap()
}

/// Fifteen random ballots, their exact sum and the expected totals.
fn tally(fixture: &Fixture) -> (ValueWords, Vec<u64>) {
    let votes: Vec<[u64; 3]> = (0..15).map(|_| std::array::from_fn(|_| rand::random::<u64>() & 1)).collect();
    let ballots: Vec<ValueWords> = votes.iter().map(|v| encrypt(fixture, *v)).collect();
    let program = LinearProgram::sum(15, ballot(), 15).unwrap();
    let total = linear::evaluate(&program, &ballots).unwrap().remove(0);
    (total, (0..3).map(|c| votes.iter().map(|v| v[c]).sum()).collect())
}

#[test]
fn an_unmodified_client_key_decrypts_the_exact_sum() {
    let fixture = fixture();
    let (total, expected) = tally(&fixture);
    let decrypted: Vec<u64> = total
        .blocks()
        .iter()
        .map(|b| fixture.dealer.client().decrypt_message_and_carry(&b.to_shortint(15)))
        .collect();
    assert_eq!(decrypted, expected);
}

#[test]
fn a_list_expands_to_the_same_words_on_any_number_of_threads_without_a_key() {
    let fixture = fixture();
    let list = encryption::encrypt(&fixture.public, &ballot(), &[1, 0, 1]).unwrap();
    let bytes = encryption::list_to_bytes(&list).unwrap();
    let expand_on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| encryption::expand(&encryption::list_from_bytes(&bytes).unwrap(), ballot()).unwrap())
    };
    let one = expand_on(1);
    assert_eq!(one, expand_on(2));
    let plain: Vec<u64> =
        one.blocks().iter().map(|b| fixture.dealer.client().decrypt(&b.to_shortint(1))).collect();
    assert_eq!(plain, [1, 0, 1]);
}

#[test]
fn hostile_lists_are_errors() {
    let fixture = fixture();
    let list = encryption::encrypt(&fixture.public, &ballot(), &[1, 0, 1]).unwrap();
    let bytes = encryption::list_to_bytes(&list).unwrap();
    assert!(encryption::list_from_bytes(&[]).is_err());
    assert!(encryption::list_from_bytes(&bytes[..bytes.len() - 1]).is_err());
    assert!(encryption::list_from_bytes(&vec![0xff; 1 << 17]).is_err());
    // Every byte outside the words (they are free) either still reads as the same shape or is refused.
    for place in (0..bytes.len()).filter(|p| *p < 64 || *p + 64 > bytes.len()) {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << bit;
            if let Ok(list) = encryption::list_from_bytes(&changed) {
                assert_eq!(encryption::expand(&list, ballot()).map(|v| v.blocks().len()).ok(), Some(3));
            }
        }
    }
    let two = Declaration { blocks: 2, ..ballot() };
    assert!(encryption::expand(&list, two).is_err());
    assert!(encryption::encrypt(&fixture.public, &ballot(), &[2, 0, 0]).is_err());
}

/// `body - <mask, s>`: what the committee computes together.
fn phase(block: &SquashedBlock, secret: &[u64]) -> u128 {
    let dot =
        block.mask.iter().zip(secret).fold(0u128, |a, (m, s)| a.wrapping_add(m.wrapping_mul(u128::from(*s))));
    block.body.wrapping_sub(dot)
}

#[test]
fn squashed_totals_decode_with_little_noise_and_squashing_repeats() {
    let fixture = fixture();
    let key = SquashingKey::from_bytes(
        &std::fs::read(&fixture.set.server_key).unwrap(),
        &std::fs::read(&fixture.set.squashing_key).unwrap(),
    )
    .unwrap();
    let (total, expected) = tally(&fixture);
    let variance = 225.0 * fresh_variance();
    let started = std::time::Instant::now();
    let squashed = key.squash(&total, variance).unwrap();
    eprintln!("squashing {} blocks: {:?}", squashed.len(), started.elapsed());
    let secret = fixture.dealer.squashing_secret();
    for (block, expected) in squashed.iter().zip(&expected) {
        let phase = phase(block, &secret);
        assert_eq!(u64::from(squashing::decode(phase).unwrap()), *expected);
        let noise = phase.wrapping_sub(u128::from(*expected) << squashing::SQUASHED_DELTA_BITS) as i128;
        assert!(noise.unsigned_abs() < 1 << 69, "noise 2^{:.1}", (noise.unsigned_abs() as f64).log2());
    }
    let again = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let again = again.install(|| key.squash(&total, variance).unwrap());
    assert_eq!(squashing::digest(&squashed), squashing::digest(&again));
    assert!(key.squash(&total, 1.0).is_err(), "noise above the bound is refused");
    assert!(key.squash(&total, f64::NAN).is_err());
}

/// Under one public key the error `e r` has the mean `sum(e) / 2`, since r is binary: each block has its own mean, and
/// three quarters of the predicted variance around it.
#[test]
fn fresh_noise_has_the_predicted_deviation() {
    let fixture = fixture();
    let count = 600;
    let mut noises = [vec![], vec![], vec![]];
    for _ in 0..count {
        let value = encrypt(&fixture, [1, 0, 1]);
        for (noises, block) in noises.iter_mut().zip(value.blocks()) {
            let plain = fixture.dealer.client().decrypt_no_decode(&block.to_shortint(1)).0;
            let noise =
                plain.wrapping_sub((plain.wrapping_add(DELTA / 2) / DELTA).wrapping_mul(DELTA)) as i64;
            noises.push(noise as f64);
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let central = |values: &Vec<f64>| {
        let centre = mean(values);
        values.iter().map(|v| (v - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    };
    let measured = (noises.iter().map(central).sum::<f64>() / 3.0).sqrt();
    let whole = (fresh_variance() * 2f64.powi(128)).sqrt();
    let predicted = whole * 0.75f64.sqrt();
    // 1,800 samples: a measured deviation deviates by 1.7 %.
    assert!((measured / predicted - 1.0).abs() < 0.07, "measured {measured}, predicted {predicted}");
    for noises in &noises {
        assert!(mean(noises).abs() < 6.0 * whole / 2.0, "mean {}", mean(noises));
    }
}
