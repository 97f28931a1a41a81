//! The development key set, loaded once, and blocks whose words are drawn from a name.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use tfhe::core_crypto::prelude::{LweKeyswitchKeyOwned, LweSecretKeyView};
use tfhe::shortint::CompressedServerKey;
use tfhe::shortint::atomic_pattern::compressed::CompressedAtomicPatternServerKey;
use tfhe::shortint::client_key::atomic_pattern::{AtomicPatternClientKey, StandardAtomicPatternClientKey};
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator, LookupTable, Request};
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::keys::{DealerKeys, EvaluationKeys};
use trine_fhe::parameters::{BLOCK_WORDS, DELTA, POLYNOMIAL_SIZE};
use trine_program::KeyKind;

static KEYS: LazyLock<(DealerKeys, CompressedServerKey)> = LazyLock::new(|| {
    let cache = dev_keys::cache_folder().expect("a home folder");
    let set = DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).unwrap();
    let evaluation = EvaluationKeys::from_bytes(&std::fs::read(&set.server_key).unwrap()).unwrap();
    (set.read_dealer().unwrap(), evaluation.server)
});

static PORTABLE: LazyLock<Arc<EvaluationKey>> =
    LazyLock::new(|| Arc::new(EvaluationKey::new(server().clone(), Backend::Portable).unwrap()));

static DETECTED: LazyLock<Arc<EvaluationKey>> = LazyLock::new(|| match Backend::detect() {
    Backend::Portable => PORTABLE.clone(),
    backend => Arc::new(EvaluationKey::new(server().clone(), backend).unwrap()),
});

pub fn dealer() -> &'static DealerKeys {
    &KEYS.0
}

pub fn server() -> &'static CompressedServerKey {
    &KEYS.1
}

pub fn secrets() -> &'static StandardAtomicPatternClientKey {
    match &dealer().client().atomic_pattern {
        AtomicPatternClientKey::Standard(keys) => keys,
        _ => panic!("a client key of another pattern"),
    }
}

pub fn evaluation_key(backend: Backend) -> Arc<EvaluationKey> {
    if backend == Backend::Portable { PORTABLE.clone() } else { DETECTED.clone() }
}

/// The fastest back end of this processor.
pub fn evaluator(threads: usize) -> Evaluator {
    Evaluator::new(evaluation_key(Backend::detect()), NonZeroUsize::new(threads).unwrap())
}

/// The keyswitching key as tfhe-rs has it.
pub fn keyswitch_key() -> LweKeyswitchKeyOwned<u64> {
    let CompressedAtomicPatternServerKey::Standard(server) = server().clone().into_raw_parts().0 else {
        panic!("a server key of another pattern");
    };
    server.into_raw_parts().0.par_decompress_into_lwe_keyswitch_key()
}

/// Words drawn from a name: the same on every machine.
pub fn words(name: &str, count: usize) -> Vec<u64> {
    let mut reader = blake3::Hasher::new().update(name.as_bytes()).finalize_xof();
    let mut bytes = vec![0; 8 * count];
    reader.fill(&mut bytes);
    bytes.chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect()
}

/// A block under the big key that encrypts a plaintext with an error of about 2^44: its mask is drawn from the name.
pub fn block(name: &str, plaintext: u64) -> BlockWords {
    let mut words = words(name, BLOCK_WORDS);
    let error = (words[POLYNOMIAL_SIZE] as i64 >> 20) as u64;
    let message = plaintext.wrapping_mul(DELTA).wrapping_add(error);
    words[POLYNOMIAL_SIZE] = message.wrapping_add(dot(&words, secrets().large_lwe_secret_key()));
    BlockWords::new(words).unwrap()
}

/// `body - <mask, s>`.
pub fn phase(block: &BlockWords, key: LweSecretKeyView<'_, u64>) -> u64 {
    block.words()[POLYNOMIAL_SIZE].wrapping_sub(dot(block.words(), key))
}

fn dot(mask: &[u64], key: LweSecretKeyView<'_, u64>) -> u64 {
    mask.iter().zip(key.as_ref()).fold(0, |sum, (m, s)| sum.wrapping_add(m.wrapping_mul(*s)))
}

pub fn decrypt(block: &BlockWords) -> u64 {
    dealer().client().decrypt_message_and_carry(&block.to_shortint(15))
}

pub fn request<'a>(input: &'a BlockWords, table: &'a LookupTable) -> Request<'a> {
    Request { input, key: KeyKind::Compute, table }
}
