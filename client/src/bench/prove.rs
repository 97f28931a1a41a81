//! Proofs of bootstrapping, in this process: seconds by phase, memory, bytes, verification.
//!
//! The marginal cost is what eight further bootstrappings add to a proof of eight; the fixed cost is what is left of the
//! proof of eight. Keys, reference string and the key's commitments are made before. Outputs are decrypted and compared with
//! the circuit's meaning, and every proof is verified, before a figure is told.

use super::memory::{peak_bytes, reset_peak};
use super::timing::{median, timed};
use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use std::time::Instant;
use trine::phases::Phases;
use trine::proving::{DevelopmentProver, Wrapping};
use trine_fhe::{BlockWords, ValueWords};
use trine_program::circuit::{BOXES, Bootstrapping, Circuit, Linear, Table, Term, Wire, interpret, segments};
use trine_program::policy::DELTA;
use trine_program::{Declaration, KeyKind, ValueType};
use trine_prover::bootstrapping::job::{JobControl, ProvenJob};
use trine_prover::bootstrapping::{Control, Partial, Phase};
use trine_verifier::bootstrapping::{Parameters, Shape, Statement};

/// Bootstrappings of the two proofs that the marginal cost is read from.
const MARGINAL: [usize; 2] = [8, 16];
/// Verifications of which the median is told.
const VERIFICATIONS: usize = 5;
/// Input handles of the circuit: four blocks each.
const INPUTS: usize = 4;

/// What is promised of a back end.
struct Limits {
    seconds_per_bootstrapping: f64,
    fixed_seconds: f64,
    peak_memory_gb: f64,
    native_verify_ms: f64,
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Bootstrappings of the circuit, slots that are only padding not counted.
    pub bootstrappings: usize,
    /// Levels of the circuit.
    pub depth: usize,
    /// Proofs that the job was cut into.
    pub segments: usize,
    /// From the input words to the verified proof.
    pub seconds: f64,
    /// Seconds by phase, all segments together; `witness` holds evaluation, statements and the last verification.
    pub phases: serde_json::Map<String, serde_json::Value>,
    /// Peak memory of the process while it was proven, keys and reference string included.
    pub peak_memory_gb: Option<f64>,
    /// Bytes of all proofs.
    pub proof_bytes: usize,
    /// Median of the native verifications of the whole job.
    pub native_verify_ms: f64,
    /// Seconds of the wrap's Groth16 proof, its verification included; only for jobs of one segment, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap_seconds: Option<f64>,
    /// Gas of a transaction in which the contract verifies the proof, the registry of handles not included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    /// Calldata of that transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calldata_bytes: Option<usize>,
}

/// The figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// `prove`.
    pub bench: &'static str,
    /// The job that was asked for.
    #[serde(flatten)]
    pub run: Run,
    /// Threads.
    pub threads: usize,
    /// Arithmetic: `Vector(Ifma)`, `Vector(Fused)` (AVX2) or `Portable`.
    pub backend: String,
    /// Seconds that made the commitments of the evaluation key; 0 when they were cached.
    pub key_commitment_seconds: f64,
    /// Constraints of the wrap circuit, the same for every job; only where wraps are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<usize>,
    /// (seconds of sixteen - seconds of eight) / 8.
    pub seconds_per_bootstrapping: f64,
    /// Seconds of eight less eight times that.
    pub fixed_seconds: f64,
    /// The same with the wrap of eight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_seconds_with_wrap: Option<f64>,
    /// (gas of sixteen - gas of eight) / 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_per_bootstrapping: Option<u64>,
    /// The proofs that these two were read from.
    pub marginal_runs: Vec<Run>,
}

impl Figures {
    /// Whether the figures are within what the project promises.
    pub fn within_limits(&self) -> bool {
        let limits = self.limits();
        let memory = self.marginal_runs.iter().chain([&self.run]).filter_map(|run| run.peak_memory_gb);
        self.seconds_per_bootstrapping <= limits.seconds_per_bootstrapping
            && self.fixed_seconds <= limits.fixed_seconds
            && memory.fold(0.0, f64::max) <= limits.peak_memory_gb
            && self.marginal_runs.iter().all(|run| run.native_verify_ms <= limits.native_verify_ms)
    }

    fn limits(&self) -> Limits {
        let portable = self.backend.starts_with("Portable");
        Limits {
            seconds_per_bootstrapping: if portable { 8.0 } else { 4.0 },
            fixed_seconds: 25.0,
            peak_memory_gb: 16.0,
            native_verify_ms: 200.0,
        }
    }
}

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bootstrappings of the job.
    pub bootstrappings: usize,
    /// Without vector kernels.
    pub portable: bool,
    /// Whether proofs of one segment are wrapped.
    pub wrap: bool,
}

/// Measures a job of so many bootstrappings, and the two that the marginal cost is read from.
pub fn run(options: Options, phases: &mut Phases) -> anyhow::Result<Figures> {
    let Options { bootstrappings, portable, wrap } = options;
    ensure!(bootstrappings > 0, "no bootstrapping to prove");
    let prover = DevelopmentProver::load_or_make(portable, phases)?;
    let wrapping = if wrap { Some(Wrapping::load_or_make(phases)?) } else { None };
    let measurement = Measurement { prover, wrapping };
    let mut runs: Vec<Run> = vec![];
    let mut sizes = vec![bootstrappings];
    sizes.extend(MARGINAL.iter().filter(|size| **size != bootstrappings));
    sizes.sort_unstable();
    for size in sizes {
        runs.push(measurement.measure(size, phases)?);
    }
    let of = |size| runs.iter().find(|run| run.bootstrappings == size).cloned().context("a run is missing");
    let [eight, sixteen] = [of(MARGINAL[0])?, of(MARGINAL[1])?];
    let marginal = (sixteen.seconds - eight.seconds) / (MARGINAL[1] - MARGINAL[0]) as f64;
    let fixed = eight.seconds - MARGINAL[0] as f64 * marginal;
    let further = (MARGINAL[1] - MARGINAL[0]) as u64;
    Ok(Figures {
        bench: "prove",
        run: of(bootstrappings)?,
        threads: std::thread::available_parallelism()?.get(),
        backend: format!("{:?}", measurement.prover.backend),
        key_commitment_seconds: measurement.prover.key_commitment_seconds,
        constraints: measurement.wrapping.map(|wrapping| wrapping.constraints),
        seconds_per_bootstrapping: marginal,
        fixed_seconds: fixed,
        fixed_seconds_with_wrap: eight.wrap_seconds.map(|wrap| fixed + wrap),
        gas_per_bootstrapping: sixteen
            .gas
            .zip(eight.gas)
            .map(|(more, less)| more.saturating_sub(less) / further),
        marginal_runs: vec![eight, sixteen],
    })
}

/// Measures with one prover.
struct Measurement {
    prover: DevelopmentProver,
    wrapping: Option<Wrapping>,
}

impl Measurement {
    fn measure(&self, bootstrappings: usize, phases: &mut Phases) -> anyhow::Result<Run> {
        let circuit = random_circuit(bootstrappings)?;
        let depth = circuit.levels().len();
        let (plaintexts, values) = self.random_inputs(&circuit)?;
        let job = self.prover.job(&circuit, &values)?;
        let phase = phases.open(&format!("prove {bootstrappings}"));
        reset_peak();
        let mut clock = Clock::start(|name| phase.step(name));
        let (seconds, proven) = timed(|| self.prover.prove(job, &values, &mut clock))?;
        let named = clock.finish();
        let peak_memory_gb = peak_bytes().map(|bytes| bytes as f64 / 1e9);
        self.check_outputs(&circuit, &plaintexts, &proven)?;
        let native_verify_ms = self.verify(&proven)?;
        phases.close(phase, format!("{} segments", proven.segments.len()));
        let wrapped = match &self.wrapping {
            Some(wrapping) if proven.segments.len() == 1 => Some(self.prover.wrap(wrapping, &proven)?),
            _ => None,
        };
        let list = segments(&circuit, &Parameters::PRODUCTION.segment_limits())?;
        let bytes = list.iter().zip(&proven.segments).map(|(segment, proven)| {
            Ok(proven.proof.to_bytes(&Shape::new(Parameters::PRODUCTION, &segment.circuit)?).len())
        });
        Ok(Run {
            bootstrappings,
            depth,
            segments: proven.segments.len(),
            seconds,
            phases: named,
            peak_memory_gb,
            proof_bytes: bytes.sum::<anyhow::Result<usize>>()?,
            native_verify_ms,
            wrap_seconds: wrapped.map(|wrapped| wrapped.seconds),
            gas: wrapped.map(|wrapped| wrapped.gas),
            calldata_bytes: wrapped.map(|wrapped| wrapped.calldata_bytes),
        })
    }

    /// Distinct random plaintexts, encrypted.
    fn random_inputs(&self, circuit: &Circuit) -> anyhow::Result<(Vec<Vec<u8>>, Vec<ValueWords>)> {
        let mut rng = ChaCha20Rng::from_entropy();
        let mut encrypt = |declared: &Declaration| {
            let plaintexts: Vec<u8> = (0..declared.blocks).map(|_| rng.gen_range(0..4)).collect();
            let blocks = plaintexts
                .iter()
                .map(|p| BlockWords::from_shortint(&self.prover.client().encrypt(u64::from(*p))));
            let value = ValueWords::new(*declared, blocks.collect::<Result<_, _>>()?)?;
            anyhow::Ok((plaintexts, value))
        };
        let pairs = circuit.inputs().iter().map(&mut encrypt).collect::<Result<Vec<_>, _>>()?;
        Ok(pairs.into_iter().unzip())
    }

    fn check_outputs(
        &self,
        circuit: &Circuit,
        plaintexts: &[Vec<u8>],
        proven: &ProvenJob,
    ) -> anyhow::Result<()> {
        let expected = interpret(circuit, plaintexts)?;
        for (expected, value) in expected.iter().zip(&proven.outputs) {
            let decrypted = value
                .blocks()
                .iter()
                .map(|b| self.prover.client().decrypt_message_and_carry(&b.to_shortint(15)));
            let decrypted: Vec<u8> = decrypted.map(|plaintext| plaintext as u8).collect();
            ensure!(decrypted == *expected, "an output decrypts to {decrypted:?}, expected {expected:?}");
        }
        ensure!(expected.len() == proven.outputs.len(), "{} outputs", proven.outputs.len());
        Ok(())
    }

    fn verify(&self, proven: &ProvenJob) -> anyhow::Result<f64> {
        let milliseconds = (0..VERIFICATIONS).map(|_| Ok(1e3 * timed(|| self.prover.verify(proven))?.0));
        Ok(median(&milliseconds.collect::<anyhow::Result<Vec<f64>>>()?))
    }
}

/// A circuit with distinct random tables: the first half reads inputs, the second half sums of two of the first.
fn random_circuit(bootstrappings: usize) -> anyhow::Result<Circuit> {
    let mut rng = ChaCha20Rng::from_entropy();
    let half = bootstrappings.div_ceil(2);
    let tables = (0..bootstrappings).map(|_| Table {
        functions: 1,
        boxes: std::array::from_fn::<u64, BOXES, _>(|_| rng.gen_range(0..8) * DELTA),
    });
    let tables: Vec<Table> = tables.collect();
    let term = |wire| Term { wire, coefficient: 1 };
    let input = |index: usize| {
        let block = index % (4 * INPUTS);
        Wire::Input { handle: (block / 4) as u8, block: (block % 4) as u8 }
    };
    let output = |index: usize| Wire::Output { bootstrapping: index as u32, function: 0 };
    let linear = |index: usize| {
        let mut wires = match index.checked_sub(half) {
            None => vec![input(index), input(index + 1)],
            Some(above) => vec![output(above), output((above + 1) % half)],
        };
        wires.sort_unstable();
        wires.dedup();
        Linear { terms: wires.into_iter().map(term).collect(), constant: 0 }
    };
    let list = (0..bootstrappings)
        .map(|index| Bootstrapping { key_kind: KeyKind::Compute, table: index as u32, input: linear(index) })
        .collect();
    let declared =
        |degree| Declaration { value_type: ValueType::Uint8, key_kind: KeyKind::Compute, blocks: 4, degree };
    // From every quarter one, so that no segment of up to 64 bootstrappings is without an output.
    let rows = (1..=4).rev().map(|quarters: usize| Linear {
        terms: vec![term(output((bootstrappings * quarters / 4).saturating_sub(1)))],
        constant: 0,
    });
    Ok(Circuit::new(vec![declared(3); INPUTS], vec![declared(15)], tables, list, rows.collect())?)
}

/// Seconds by phase.
struct Clock<F> {
    tell: F,
    current: &'static str,
    since: Instant,
    seconds: Vec<(&'static str, f64)>,
}

impl<F: FnMut(&str)> Clock<F> {
    fn start(tell: F) -> Self {
        Self { tell, current: "witness", since: Instant::now(), seconds: vec![] }
    }

    fn turn(&mut self, next: &'static str) {
        let elapsed = self.since.elapsed().as_secs_f64();
        match self.seconds.iter_mut().find(|(name, _)| *name == self.current) {
            Some((_, seconds)) => *seconds += elapsed,
            None => self.seconds.push((self.current, elapsed)),
        }
        (self.current, self.since) = (next, Instant::now());
    }

    fn finish(mut self) -> serde_json::Map<String, serde_json::Value> {
        self.turn("");
        self.seconds.into_iter().map(|(name, seconds)| (name.to_string(), seconds.into())).collect()
    }
}

impl<F: FnMut(&str)> Control for Clock<F> {
    fn begin(&mut self, phase: Phase) -> bool {
        self.turn(phase.name());
        (self.tell)(phase.name());
        true
    }

    fn end(&mut self, phase: Phase, _partial: &Partial) {
        if phase == Phase::Opening {
            self.turn("witness");
        }
    }
}

impl<F: FnMut(&str)> JobControl for Clock<F> {
    fn segment(&mut self, index: usize, segments: usize, _: &Statement, _: &Shape) -> Partial {
        (self.tell)(&format!("segment {} of {segments}", index + 1));
        Partial::default()
    }
}
