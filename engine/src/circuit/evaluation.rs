//! Batches of a circuit: evaluated over all cores, persisted, announced.
//!
//! A batch is on disk before the next one starts. Whoever evaluates the job next, in this process or after a crash, restores
//! it and evaluates what is missing: words are a function of circuit, key and inputs, so the outputs are the same. Wires that
//! later segments read stay on disk to the end: they are the links of the segments' proofs.

use super::admission::output_noise;
use super::key::KeyCache;
use super::links::{self, Wires};
use super::statement::job_segments;
use crate::domain::{CiphertextRecord, CircuitWork, Job, words};
use crate::error::EngineError;
use crate::evaluation::{Evaluated, StoredValue, name_links, name_outputs};
use crate::jobs::Parts;
use crate::store::{Store, StoreError, StoredWires, Write};
use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use trine_fhe::BlockWords;
use trine_fhe::bootstrapping::Evaluator;
use trine_fhe::bootstrapping::evaluator::MAX_BATCH;
use trine_fhe::circuit::{CircuitEvaluation, Step};
use trine_fhe::parameters::BLOCK_WORDS;
use trine_program::circuit::Circuit;

/// Where an evaluation stands: bootstrappings done, and all of them.
pub type OnProgress<'a> = &'a dyn Fn(u32, u32);

/// Evaluates a circuit from where it stands on disk and names its outputs, and its links where it is proved in several
/// segments. Blocks for as long as that takes.
///
/// `stop` is looked at between batches. Error [`StoreError::NotEvaluating`]: the job was stopped.
pub fn evaluate(
    parts: &Parts,
    keys: &KeyCache,
    job: &Job,
    work: &CircuitWork,
    stop: &AtomicBool,
    on_progress: OnProgress<'_>,
) -> Result<Evaluated, EngineError> {
    let store = parts.store.as_ref();
    let circuit = circuit(store, work)?;
    let segments = job_segments(&parts.setup, job, &circuit)?;
    let linked = links::linked(&segments)?;
    let inputs = job.inputs.iter().map(|handle| stored(store, handle));
    let (records, words): (Vec<CiphertextRecord>, Vec<Vec<u8>>) =
        inputs.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let noise = output_noise(&circuit, &records)?;
    let values = words.iter().zip(circuit.inputs()).map(|(bytes, d)| words::decode(*d, bytes));
    let values = values.collect::<Result<_, _>>()?;
    drop(words);
    let mut evaluation = CircuitEvaluation::new(circuit, values)?;
    restore(store, job, &mut evaluation)?;
    let (restored, total) = (evaluation.done(), evaluation.total());
    tracing::info!(job = %job.id, restored, total, "circuit evaluation");
    on_progress(restored as u32, total as u32);
    if restored < total {
        let key = store.key(&job.key_digest)?;
        let key = keys.get(store, &key.ok_or_else(|| EngineError::not_found("key", &job.key_digest))?)?;
        let threads = available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let batch = threads.saturating_mul(NonZeroUsize::new(MAX_BATCH).unwrap_or(NonZeroUsize::MIN));
        let evaluator = Evaluator::new(key, threads);
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(StoreError::NotEvaluating { job: job.id }.into());
            }
            let Some(step) = evaluation.step(&evaluator, batch)? else { break };
            store.commit(vec![Write::Wires(changes(job, &evaluation, &step, &linked))])?;
            on_progress(evaluation.done() as u32, total as u32);
            #[cfg(feature = "failpoints")]
            fail::fail_point!("circuit-batch");
        }
    }
    tracing::info!(job = %job.id, evaluated = total - restored, total, "circuit evaluated");
    let last = segments.len().saturating_sub(1) as u32;
    let outputs = name_outputs(&parts.setup, job, last, &evaluation.outputs()?, &noise)?;
    drop(evaluation);
    let links = links::values(&segments, &stored_wires(store, job, &linked)?)?;
    Ok(Evaluated { outputs, links: name_links(&parts.setup, job, &links)? })
}

/// The circuit of a job, from its stored text.
pub fn circuit(store: &dyn Store, work: &CircuitWork) -> Result<Circuit, EngineError> {
    let text = store.program(&work.circuit_id)?;
    let text = text.ok_or_else(|| EngineError::not_found("circuit", &work.circuit_id))?;
    let corrupt = |e: trine_program::circuit::CircuitTextError| StoreError::Corrupt {
        what: "circuit",
        reason: e.to_string(),
    };
    Ok(Circuit::from_text(text.as_bytes()).map_err(corrupt)?)
}

fn stored(store: &dyn Store, handle: &[u8; 32]) -> Result<StoredValue, EngineError> {
    let record = store.ciphertext(handle)?.ok_or_else(|| EngineError::not_found("ciphertext", handle))?;
    let words = store.words(handle)?.ok_or_else(|| EngineError::not_found("words of ciphertext", handle))?;
    Ok((record, words))
}

fn restore(store: &dyn Store, job: &Job, evaluation: &mut CircuitEvaluation) -> Result<(), EngineError> {
    let corrupt = |reason: String| StoreError::Corrupt { what: "wire", reason };
    Ok(store.wires(job.id, &mut |index, bytes| {
        let wires = if bytes.is_empty() { None } else { Some(blocks(&bytes).map_err(corrupt)?) };
        evaluation.restore(index, wires).map_err(|e| corrupt(e.to_string()))
    })?)
}

/// Wires of these bootstrappings, as they are on disk.
fn stored_wires(store: &dyn Store, job: &Job, linked: &BTreeSet<u32>) -> Result<Wires, EngineError> {
    let mut wires = Wires::new();
    if linked.is_empty() {
        return Ok(wires);
    }
    store.wires(job.id, &mut |index, bytes| {
        if linked.contains(&index) {
            let blocks = blocks(&bytes).map_err(|reason| StoreError::Corrupt { what: "wire", reason })?;
            wires.insert(index, blocks);
        }
        Ok(())
    })?;
    Ok(wires)
}

fn blocks(bytes: &[u8]) -> Result<Vec<BlockWords>, String> {
    let chunks = bytes.chunks_exact(8 * BLOCK_WORDS);
    if !chunks.remainder().is_empty() {
        return Err(format!("{} bytes, expected blocks of {}", bytes.len(), 8 * BLOCK_WORDS));
    }
    chunks
        .map(|block| block.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)).collect())
        .map(|words| BlockWords::new(words).map_err(|e| e.to_string()))
        .collect()
}

/// What a step changes on disk, where wires of links are kept.
fn changes(job: &Job, evaluation: &CircuitEvaluation, step: &Step, linked: &BTreeSet<u32>) -> StoredWires {
    let words = |index: &u32| {
        let blocks = evaluation.wires_of(*index).unwrap_or_default();
        let bytes = blocks.iter().flat_map(|b| b.words()).flat_map(|w| w.to_le_bytes()).collect();
        (*index, bytes)
    };
    let dropped = step.dropped.iter().filter(|index| !linked.contains(index));
    StoredWires {
        job: job.id,
        kept: step.kept.iter().map(words).collect(),
        dropped: dropped.copied().collect(),
    }
}
