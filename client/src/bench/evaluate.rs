//! Keyswitching and bootstrapping beside tfhe-rs, in one run: batches on all cores, and one alone.
//!
//! Every repetition measures every competitor once, in turn, so that a busy machine slows all of them. Outputs are
//! decrypted and compared before a figure is told.

use super::rival::{Rival, Schedule, schedules};
use super::timing::{median, timed};
use anyhow::ensure;
use rand::Rng;
use rand::rngs::OsRng;
use serde::Serialize;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tfhe::shortint::ClientKey;
use tfhe::shortint::parameters::v1_8::V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
use trine::phases::Phases;
use trine::setup;
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::rotation::Backend;
use trine_fhe::bootstrapping::{EvaluationKey, Evaluator, LookupTable, Request};
use trine_fhe::dev_keys::DevelopmentKeys;
use trine_fhe::keys::EvaluationKeys;
use trine_program::KeyKind;

/// Random ciphertexts of a batch.
pub const CIPHERTEXTS: usize = 200;
/// Repetitions of which the median is told.
pub const REPETITIONS: usize = 5;
/// Bootstrappings alone in each repetition, of which the median is taken.
const ALONE: usize = 5;

/// The figures. Rates are keyswitches with their bootstrapping a second, on all threads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// `evaluate`.
    pub bench: &'static str,
    /// Ciphertexts of a batch.
    pub ciphertexts: usize,
    /// Repetitions.
    pub repetitions: usize,
    /// Threads of every competitor.
    pub threads: usize,
    /// Kernels that ran: `Avx512` or `Portable`.
    pub backend: String,
    /// Trine, batches.
    pub per_second: f64,
    /// tfhe-rs with the same parameter set, on the faster of two schedules.
    pub tfhe_per_second: f64,
    /// That schedule.
    pub tfhe_schedule: String,
    /// tfhe-rs with its classic parameter set.
    pub tfhe_classic_per_second: f64,
    /// Trine to tfhe-rs, same set.
    pub throughput_ratio: f64,
    /// Trine to tfhe-rs, classic set.
    pub throughput_ratio_classic: f64,
    /// Trine, one bootstrapping alone on all threads, milliseconds.
    pub alone_ms: f64,
    /// tfhe-rs with the same set, one alone on all threads.
    pub tfhe_alone_ms: f64,
    /// tfhe-rs with its classic set, one alone.
    pub tfhe_classic_alone_ms: f64,
    /// tfhe-rs's time to Trine's, one alone, same set.
    pub alone_ratio: f64,
}

impl Figures {
    /// Least ratio of throughput to tfhe-rs with the same set.
    pub fn least_ratio(&self) -> f64 {
        if self.backend == format!("{:?}", Backend::Portable) { 1.0 } else { 2.5 }
    }

    /// Whether the figures are at least what the project promises of the back end.
    pub fn within_limits(&self) -> bool {
        let portable = self.least_ratio() == 1.0;
        let vectors = self.throughput_ratio_classic >= 1.3 && self.alone_ratio >= 1.0;
        self.throughput_ratio >= self.least_ratio() && (portable || vectors)
    }
}

/// Measures. `portable`: without vector kernels.
pub fn run(portable: bool, phases: &mut Phases) -> anyhow::Result<Figures> {
    let threads = std::thread::available_parallelism()?;
    let backend = if portable { Backend::Portable } else { Backend::detect() };

    let phase = phases.open("keys");
    let keys = DevelopmentKeys::load_or_generate(&setup::cache_folder(), &mut |step| phase.step(step))?;
    let dealer = keys.read_dealer()?;
    let server = EvaluationKeys::from_bytes(&std::fs::read(&keys.server_key)?)?.server;
    let evaluator = Evaluator::new(Arc::new(EvaluationKey::new(server, backend)?), threads);
    let mut same = Rival::new(dealer.client());
    let classic_client = ClientKey::new(V1_8_PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128);
    let mut classic = Rival::new(&classic_client);
    phases.close(phase, if keys.cached { "own cached, tfhe-rs's made" } else { "made" });

    let messages: Vec<u8> = (0..CIPHERTEXTS).map(|_| OsRng.gen_range(0..16)).collect();
    let function = |plaintext: u8| (3 * plaintext + 1) % 16;
    let table = LookupTable::from_function(function)?;
    let (same_inputs, same_table) = (same.encrypt(&messages), same.table(function));
    let (classic_inputs, classic_table) = (classic.encrypt(&messages), classic.table(function));
    let blocks: Vec<BlockWords> =
        same_inputs.iter().map(BlockWords::from_shortint).collect::<Result<_, _>>()?;
    let requests: Vec<Request<'_>> =
        blocks.iter().map(|input| Request { input, key: KeyKind::Compute, table: &table }).collect();

    let phase = phases.open("batches");
    let schedules = schedules(threads);
    let [mut own_seconds, mut classic_seconds] = [Vec::new(), Vec::new()];
    let mut same_seconds = [Vec::new(), Vec::new()];
    for repetition in 0..REPETITIONS {
        phase.step(&format!("repetition {} of {REPETITIONS}", repetition + 1));
        let (seconds, outputs) = timed(|| evaluator.evaluate(&requests))?;
        own_seconds.push(seconds);
        let outputs: Vec<_> = outputs.iter().map(|blocks| blocks[0].to_shortint(15)).collect();
        same.check(&messages, &outputs, function)?;
        for (schedule, seconds_of) in schedules.iter().zip(&mut same_seconds) {
            let (seconds, outputs) = timed(|| same.evaluate(&same_inputs, &same_table, *schedule))?;
            seconds_of.push(seconds);
            same.check(&messages, &outputs, function)?;
        }
        let (seconds, outputs) = timed(|| classic.evaluate(&classic_inputs, &classic_table, schedules[0]))?;
        classic_seconds.push(seconds);
        classic.check(&messages, &outputs, function)?;
    }
    phases.close(phase, format!("{CIPHERTEXTS} ciphertexts, {REPETITIONS} times"));

    let phase = phases.open("one alone");
    let alone = Schedule { workers: NonZeroUsize::MIN, threads_each: threads };
    let mut alone_seconds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..REPETITIONS * ALONE {
        alone_seconds[0].push(timed(|| evaluator.evaluate(&requests[..1]))?.0);
        alone_seconds[1].push(timed(|| same.evaluate(&same_inputs[..1], &same_table, alone))?.0);
        alone_seconds[2].push(timed(|| classic.evaluate(&classic_inputs[..1], &classic_table, alone))?.0);
    }
    phases.close(phase, "");

    let rate = |seconds: &[f64]| CIPHERTEXTS as f64 / median(seconds);
    let rates = same_seconds.each_ref().map(|seconds| rate(seconds));
    let best = usize::from(rates[1] > rates[0]);
    let (per_second, classic_per_second) = (rate(&own_seconds), rate(&classic_seconds));
    let [alone_ms, same_alone_ms, classic_alone_ms] =
        alone_seconds.each_ref().map(|seconds| 1e3 * median(seconds));
    ensure!(per_second.is_finite(), "no time passed");
    Ok(Figures {
        bench: "evaluate",
        ciphertexts: CIPHERTEXTS,
        repetitions: REPETITIONS,
        threads: threads.get(),
        backend: format!("{backend:?}"),
        per_second,
        tfhe_per_second: rates[best],
        tfhe_schedule: schedules[best].to_string(),
        tfhe_classic_per_second: classic_per_second,
        throughput_ratio: per_second / rates[best],
        throughput_ratio_classic: per_second / classic_per_second,
        alone_ms,
        tfhe_alone_ms: same_alone_ms,
        tfhe_classic_alone_ms: classic_alone_ms,
        alone_ratio: same_alone_ms / alone_ms,
    })
}
