//! `trine demo`: an application on encrypted values through every part of the system.

mod arguments;

pub use arguments::Arguments;

use crate::Output;
use crate::attacks::catalogue::Attacks;
use crate::attacks::circuit::batch::scene::BatchScene;
use crate::attacks::circuit::scene::CircuitScene;
use crate::attacks::circuit::segments::scene::SegmentScene;
use crate::attacks::play::play;
use crate::attacks::scene::Scene;
use crate::demo::clients::Clients;
use crate::demo::honest::{self, Honest};
use crate::demo::summary::{OPEN, Stages, Summary};
use crate::demo::workload::Answered;
use crate::demo::{election, in_process, workload};
use crate::stop::StopSignals;
use anyhow::{Context, bail};
use arguments::{Program, catalogue};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;
use trine::ballot::expected_totals;
use trine::cluster::LocalCluster;
use trine::cluster::layout::{Folder, Layout};
use trine::cluster::preparation::Material;
use trine::config::ClusterFile;
use trine::phases::Phases;

/// Runs the demonstration. The last line of standard output is JSON.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let program = arguments.program()?;
    if arguments.attack.as_deref() == Some("list") {
        print!("{}", catalogue(&program)?.names());
        return Ok(ExitCode::SUCCESS);
    }
    let attacks = Attacks::chosen(arguments.attack.as_deref(), catalogue(&program)?)?;
    let mut rng = match arguments.seed {
        Some(seed) => ChaCha20Rng::seed_from_u64(seed),
        None => ChaCha20Rng::from_entropy(),
    };
    if let Program::Workload(workloads) = &program {
        // Before anything is started for them.
        workloads.iter().try_for_each(|workload| workload::check(workload.as_ref()).map(drop))?;
    }
    let mut phases = Phases::start(output.quiet);
    if let (Program::LinearTally { voters }, true) = (&program, arguments.no_chain) {
        let summary = in_process::run(*voters, &mut rng, &mut phases)?;
        return report(&summary, summary.open, summary.passed(), &phases, output);
    }
    let phase = phases.open("keys");
    let progress = &mut |step: &str| phase.step(step);
    let material = match &program {
        Program::LinearTally { .. } => Material::load_or_generate(progress)?,
        _ => Material::with_circuits(progress)?,
    };
    phases.close(phase, if material.cached { "cached" } else { "made" });

    let mut stop = StopSignals::new()?;
    tokio::select! {
        code = run_on_cluster(arguments, &program, attacks, material, &mut rng, phases, output) => code,
        // The run is dropped, its processes and its folder with it.
        how = stop.received() => bail!("{how}"),
    }
}

/// A cluster, and its processes where they are ours.
struct Running {
    file: ClusterFile,
    // Before the folder: processes write there until they are gone.
    cluster: Option<LocalCluster>,
    _folder: TempDir,
}

/// Starts a cluster, or takes the one that the arguments name.
async fn running(arguments: &Arguments, material: &Material, phases: &mut Phases) -> anyhow::Result<Running> {
    let phase = phases.open("cluster");
    let folder = tempfile::Builder::new().prefix("trine-demo-").tempdir()?;
    if let Some(path) = &arguments.cluster {
        let file = ClusterFile::read(path)?;
        phases.close(phase, "as the file says");
        return Ok(Running { file, cluster: None, _folder: folder });
    }
    let place = Folder::new(arguments.directory.as_deref().unwrap_or(folder.path()));
    let layout = Layout::free()?;
    let cluster = LocalCluster::start(place, &layout, material, &mut |step| phase.step(step)).await?;
    phases.close(phase, "seven processes started");
    Ok(Running { file: cluster.file().clone(), cluster: Some(cluster), _folder: folder })
}

/// The program on a cluster, then the attacks.
async fn run_on_cluster(
    arguments: &Arguments,
    program: &Program,
    attacks: Attacks,
    material: Material,
    rng: &mut ChaCha20Rng,
    mut phases: Phases,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let running = running(arguments, &material, &mut phases).await?;
    let mut clients = Clients::connect(running.file.clone()).await?;
    match program {
        Program::Election(election) => {
            let held = election::run(&mut clients, &material, *election, rng, &mut phases).await?;
            if let Some(path) = &arguments.receipt {
                held.full_receipt(clients.file.chain.release_verifier).write(path)?;
            }
            let summary = held.summary(&phases, material.cached)?;
            report(&summary, summary.run.open, summary.passed(), &phases, output)
        }
        Program::Workload(workloads) => {
            let answered = workload::run(&mut clients, &material, workloads, rng, &mut phases).await?;
            if let Some(path) = &arguments.receipt {
                for (job, answered) in answered.iter().enumerate() {
                    let receipt = answered.full_receipt(clients.file.chain.release_verifier);
                    receipt.write(&receipt_file(path, job))?;
                }
            }
            let workload = workloads.first().context("no jobs")?;
            let summary = workload::summary(workload.as_ref(), &answered, &phases, material.cached)?;
            let code = report(&summary, summary.run.open, summary.passed(), &phases, output)?;
            if !summary.passed() || attacks.is_empty() {
                return Ok(code);
            }
            attacked(clients, material, answered, running.cluster, &attacks, output).await
        }
        Program::LinearTally { voters } => {
            let honest = honest::run(&mut clients, &material, *voters, rng, &mut phases).await?;
            if let Some(path) = &arguments.receipt {
                honest.full_receipt(clients.file.chain.release_verifier).write(path)?;
            }
            let summary = summary(&honest, &material, &phases);
            let code = report(&summary, summary.open, summary.passed(), &phases, output)?;
            if attacks.linear.is_empty() || !summary.passed() {
                return Ok(code);
            }
            let scene = Scene::new(clients, material, honest, running.cluster).await?;
            play(scene, &attacks.linear, output).await
        }
    }
}

/// Plays the attacks on a workload that are asked for.
async fn attacked(
    clients: Clients,
    material: Material,
    mut answered: Vec<Answered>,
    cluster: Option<LocalCluster>,
    attacks: &Attacks,
    output: Output,
) -> anyhow::Result<ExitCode> {
    if !attacks.batch.is_empty() {
        let scene = BatchScene::new(clients, answered, cluster).await?;
        return play(scene, &attacks.batch, output).await;
    }
    let only = answered.pop().context("no jobs")?;
    if !attacks.segments.is_empty() {
        let scene = SegmentScene::new(clients, only, cluster).await?;
        return play(scene, &attacks.segments, output).await;
    }
    let scene = CircuitScene::new(clients, material, only, cluster).await?;
    play(scene, &attacks.circuit, output).await
}

/// The file of a job's receipt: of the first as it is named, of the second `receipt.2.json`.
fn receipt_file(path: &Path, job: usize) -> PathBuf {
    if job == 0 {
        return path.into();
    }
    let number = (job + 1).to_string();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => path.with_extension(format!("{number}.{extension}")),
        None => path.with_extension(number),
    }
}

fn summary(honest: &Honest, material: &Material, phases: &Phases) -> Summary {
    let fulfilled = &honest.fulfilled;
    let (argument, wrap) = fulfilled.prove_ms;
    Summary {
        voters: honest.ballots.len(),
        totals: honest.totals.clone(),
        expected: expected_totals(&honest.ballots),
        proof_bytes: fulfilled.receipt.wrapped_proof.as_ref().map(|p| p.len()),
        calldata_bytes: Some(fulfilled.input.len()),
        prove_seconds: Some((argument + wrap) as f64 / 1e3),
        native_verify_ms: Some(fulfilled.native_verify_ms),
        gas_fulfil: Some(fulfilled.gas),
        gas_release: Some(honest.gas_release),
        released: honest.released,
        fulfil_tx: Some(fulfilled.fulfil_tx),
        release_tx: Some(honest.release_tx),
        verifier_hash: Some(fulfilled.receipt.domain.verifier_hash),
        srs_digest: Some(fulfilled.receipt.domain.srs_digest),
        seconds_after_build: phases.elapsed().as_secs_f64(),
        keys_cached: material.cached,
        stages: Stages { proof: "wrapped", chain: "anvil", release: "threshold", processes: "many" },
        open: OPEN,
    }
}

fn report(
    summary: &impl Serialize,
    open: &[&str],
    passed: bool,
    phases: &Phases,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let table = phases.table();
    if output.json {
        eprint!("{table}");
    } else {
        print!("{table}");
        println!("\nnot excluded by this version:");
        for line in open {
            println!("  - {line}");
        }
        println!();
    }
    println!("{}", serde_json::to_string(summary)?);
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_of_further_jobs_are_numbered() {
        let file = |path: &str, job| receipt_file(Path::new(path), job).to_str().unwrap().to_owned();
        assert_eq!(file("out/receipt.json", 0), "out/receipt.json");
        assert_eq!(file("out/receipt.json", 1), "out/receipt.2.json");
        assert_eq!(file("receipt", 2), "receipt.3");
    }
}
