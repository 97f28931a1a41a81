//! `trine demo`: an encrypted tally through every part of the system.

use crate::Output;
use crate::attacks::registry::{ATTACKS, Attack, by_name};
use crate::attacks::report::{Observation, Report};
use crate::attacks::scene::Scene;
use crate::demo::honest::{self, Clients, Honest};
use crate::demo::in_process;
use crate::demo::summary::{OPEN, Stages, Summary};
use crate::stop::StopSignals;
use anyhow::{Context, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use std::path::PathBuf;
use std::process::ExitCode;
use trine::ballot::{MAX_VOTERS, MIN_VOTERS, expected_totals};
use trine::cluster::LocalCluster;
use trine::cluster::layout::{Folder, Layout};
use trine::cluster::preparation::Material;
use trine::config::ClusterFile;
use trine::phases::Phases;

/// Arguments of `trine demo`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine demo
  trine demo --voters 12 --seed 7
  trine demo --cluster deploy/cluster.toml
  trine demo --attack list
  trine demo --attack flipped-output-word
  trine demo --no-chain")]
pub struct Arguments {
    /// Number of voters, 12 to 15: a block counts to 15.
    #[arg(long, default_value_t = MAX_VOTERS as u64,
          value_parser = clap::value_parser!(u64).range(MIN_VOTERS as u64..=MAX_VOTERS as u64))]
    voters: u64,
    /// Draw the ballots from this seed instead of at random. Encryption is random all the same.
    #[arg(long)]
    seed: Option<u64>,
    /// Use a running cluster instead of starting one.
    #[arg(long, value_name = "FILE", conflicts_with = "no_chain")]
    cluster: Option<PathBuf>,
    /// Keep the cluster's files, logs among them, in this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["no_chain", "cluster"])]
    directory: Option<PathBuf>,
    /// Write the receipt to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "no_chain")]
    receipt: Option<PathBuf>,
    /// After the tally, play this attack: a name, `all`, or `list` to print the names.
    #[arg(long, value_name = "NAME", conflicts_with = "no_chain")]
    attack: Option<String>,
    /// Run in this process alone: native proof, no chain, decryption by the client key.
    #[arg(long)]
    no_chain: bool,
}

/// Runs the demonstration. The last line of standard output is JSON.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let attacks = match arguments.attack.as_deref() {
        None => None,
        Some("list") => {
            for attack in ATTACKS {
                println!("{:32} {:16} {}", attack.name, attack.party.to_string(), attack.about);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Some("all") => Some(ATTACKS.iter().collect::<Vec<_>>()),
        Some(name) => {
            let attack = by_name(name);
            Some(vec![attack.with_context(|| format!("no attack {name}: `--attack list` prints the names"))?])
        }
    };
    let mut rng = match arguments.seed {
        Some(seed) => ChaCha20Rng::seed_from_u64(seed),
        None => ChaCha20Rng::from_entropy(),
    };
    let mut phases = Phases::start(output.quiet);
    if arguments.no_chain {
        let voters = usize::try_from(arguments.voters)?;
        let summary = in_process::run(voters, &mut rng, &mut phases)?;
        return report(&summary, &phases, output);
    }
    let phase = phases.open("keys");
    let material = Material::load_or_generate(&mut |step| phase.step(step))?;
    phases.close(phase, if material.cached { "cached" } else { "made" });

    let mut stop = StopSignals::new()?;
    tokio::select! {
        code = run_on_cluster(arguments, attacks, material, &mut rng, phases, output) => code,
        // The run is dropped, its processes and its folder with it.
        how = stop.received() => bail!("{how}"),
    }
}

/// The tally on a cluster, then the attacks.
async fn run_on_cluster(
    arguments: &Arguments,
    attacks: Option<Vec<&Attack>>,
    material: Material,
    rng: &mut ChaCha20Rng,
    mut phases: Phases,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let voters = usize::try_from(arguments.voters)?;
    let phase = phases.open("cluster");
    let folder = tempfile::Builder::new().prefix("trine-demo-").tempdir()?;
    let (cluster, file) = match &arguments.cluster {
        Some(path) => (None, ClusterFile::read(path)?),
        None => {
            let layout = Layout::free()?;
            let place = Folder::new(arguments.directory.as_deref().unwrap_or(folder.path()));
            let cluster =
                LocalCluster::start(place, &layout, &material, &mut |step| phase.step(step)).await?;
            let file = cluster.file().clone();
            (Some(cluster), file)
        }
    };
    let mut clients = Clients::connect(file).await?;
    let processes = if cluster.is_some() { "seven processes started" } else { "as the file says" };
    phases.close(phase, processes);

    let honest = honest::run(&mut clients, &material, voters, rng, &mut phases).await?;
    if let Some(path) = &arguments.receipt {
        honest.full_receipt(clients.file.chain.release_verifier).write(path)?;
    }
    let summary = summary(&honest, &material, &phases);
    let code = report(&summary, &phases, output)?;
    match attacks {
        Some(attacks) if summary.passed() => {
            let scene = Scene::new(clients, material, honest, cluster).await?;
            play(scene, &attacks, output).await
        }
        _ => Ok(code),
    }
}

/// Plays attacks on the cluster in which the tally has just succeeded: one JSON line each.
async fn play(mut scene: Scene, attacks: &[&Attack], output: Output) -> anyhow::Result<ExitCode> {
    let mut held = true;
    for attack in attacks {
        let phases = Phases::start(output.quiet);
        let phase = phases.open(attack.name);
        let seen = (attack.play)(&mut scene).await.with_context(|| format!("attack {}", attack.name));
        drop(phase);
        let seen = match seen {
            Ok(seen) => seen,
            // An attack that cannot be played shows nothing: neither refused nor harmless.
            Err(error) => Observation::accepted(format!("not played: {error:#}")),
        };
        let report = Report::new(attack.name, attack.party, attack.expected, seen);
        held &= report.held();
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

fn report(summary: &Summary, phases: &Phases, output: Output) -> anyhow::Result<ExitCode> {
    let table = phases.table();
    if output.json {
        eprint!("{table}");
    } else {
        print!("{table}");
        println!("\nnot excluded by this version:");
        for line in summary.open {
            println!("  - {line}");
        }
        println!();
    }
    println!("{}", serde_json::to_string(summary)?);
    Ok(if summary.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
