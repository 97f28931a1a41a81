//! What proofs are recorded with: the development keys, laid out for proving.

use super::recorded::domain;
use trine_fhe::bootstrapping::EvaluationKey;
use trine_fhe::dev_keys::{self, DevelopmentKeys};
use trine_fhe::words::ValueWords;
use trine_fhe::{encryption, keys};
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_key_commitment::{KeyName, KeyWords, commit_keys, load_or_make};
use trine_keyholder::protocol::evaluation::CommittedKey;
use trine_program::Declaration;
use trine_prover::Mode;
use trine_prover::bootstrapping::Prover;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};
use trine_verifier::digest::point_words;
use trine_verifier::srs::CommitmentKey;
use trine_verifier::{Commitment, Domain};

const LOG_POWERS: usize = Parameters::PRODUCTION.log_chunk;

/// Keys and reference string of the cache, which are made there when missing.
pub struct Workshop {
    set: DevelopmentKeys,
    pub evaluation_key: EvaluationKey,
    words: KeyWords,
    pub srs: CommitmentKey,
    backend: Backend,
    bases: Bases,
    pub commitments: KeyCommitments,
}

impl Workshop {
    pub fn open() -> Self {
        let cache = dev_keys::cache_folder().expect("a home folder");
        let set = DevelopmentKeys::load_or_generate(&cache, &mut |step| eprintln!("{step}")).unwrap();
        let key_bytes = std::fs::read(&set.server_key).unwrap();
        let evaluation_key = EvaluationKey::from_bytes(&key_bytes).unwrap();
        let words = KeyWords::new(&evaluation_key);
        let srs = trine_prover::srs::load_or_generate(&cache, LOG_POWERS, Mode::Development).unwrap();
        let backend = Backend::detect();
        let bases = Bases::new(backend, srs.powers());
        let parameters = Parameters::PRODUCTION;
        let name = KeyName::new(&key_bytes, parameters, srs.verifier().digest());
        let commitments = load_or_make(&cache, &name, || commit_keys(&bases, &parameters, &words)).unwrap();
        Self { set, evaluation_key, words, srs, backend, bases, commitments }
    }

    pub fn prover(&self) -> Prover<'_> {
        Prover { backend: self.backend, bases: &self.bases, keys: &self.words }
    }

    pub fn domain(&self) -> Domain {
        domain(self.srs.verifier(), &CommittedKey::new(self.commitments.clone()))
    }

    /// Commitments of the evaluation key, x then y.
    pub fn key_points(&self) -> Vec<String> {
        self.commitments.points().iter().map(|p| hex::encode(point_words(p).concat())).collect()
    }

    pub fn encrypted(&self, declared: &Declaration, bit: u64) -> ValueWords {
        let public = std::fs::read(&self.set.compact_public_key).unwrap();
        let public = keys::decode_public_key(&public).unwrap();
        let list = encryption::encrypt(&public, declared, &[bit]).unwrap();
        encryption::expand(&list, *declared).unwrap()
    }

    pub fn commit(&self, words: &[u64]) -> Commitment {
        Commitment::new(self.bases.commit_u64(words).unwrap()).unwrap()
    }
}
