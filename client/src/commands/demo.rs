//! `trine demo`: an application on encrypted values through every part of the system.

use crate::Output;
use crate::attacks::catalogue::{Attacks, Catalogue};
use crate::attacks::circuit::scene::CircuitScene;
use crate::attacks::circuit::segments::scene::SegmentScene;
use crate::attacks::play::play;
use crate::attacks::scene::Scene;
use crate::demo::clients::Clients;
use crate::demo::honest::{self, Honest};
use crate::demo::summary::{OPEN, Stages, Summary};
use crate::demo::{election, in_process, workload};
use crate::stop::StopSignals;
use anyhow::{Context, bail, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use tempfile::TempDir;
use trine::ballot::{MAX_VOTERS, MIN_VOTERS, expected_totals};
use trine::cluster::LocalCluster;
use trine::cluster::layout::{Folder, Layout};
use trine::cluster::preparation::Material;
use trine::config::ClusterFile;
use trine::phases::Phases;
use trine_programs::Workload;
use trine_programs::election::Election;
use trine_programs::plurality::MAX_BALLOTS;
use trine_programs::workload::{Size, all, named};

/// The program of the linear tally.
const LINEAR_TALLY: &str = "linear-tally";

/// Arguments of `trine demo`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine demo
  trine demo --voters 9 --seed 7
  trine demo --cluster trine-cluster/cluster.toml
  trine demo --program age-check
  trine demo --program linear-tally --voters 15
  trine demo --attack list
  trine demo --attack flipped-output-word
  trine demo --program age-check --attack all
  trine demo --no-chain")]
pub struct Arguments {
    /// What is computed: election, linear-tally, or another workload at its small size. Without it, an
    /// election; with --attack or --no-chain, the linear tally.
    #[arg(long, value_name = "NAME", value_parser = known_program)]
    program: Option<String>,
    /// Number of voters: 2 to 12 of an election, 12 to 15 of a linear tally. Without it, the most.
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=MAX_VOTERS as u64))]
    voters: Option<u64>,
    /// Draw the inputs from this seed instead of at random. Encryption is random all the same.
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
    /// Afterwards play this attack: a name, `all`, or `list` to print the names. With a workload as --program, the attacks
    /// on circuits; with one of several segments, those on segments.
    #[arg(long, value_name = "NAME", conflicts_with = "no_chain")]
    attack: Option<String>,
    /// Run the linear tally in this process alone: native proof, no chain, decryption by the client key.
    #[arg(long)]
    no_chain: bool,
}

/// What is computed, with its parameters.
enum Program {
    Election(Election),
    LinearTally { voters: usize },
    Workload(Box<dyn Workload>),
}

fn known_program(name: &str) -> Result<String, String> {
    if name == LINEAR_TALLY || named(name, Size::Small).is_some() {
        return Ok(name.into());
    }
    let names: Vec<&str> = all(Size::Small).iter().map(|workload| workload.name()).collect();
    Err(format!("expected {LINEAR_TALLY} or one of {}", names.join(", ")))
}

impl Arguments {
    fn program(&self) -> anyhow::Result<Program> {
        let name = match &self.program {
            Some(name) => name.as_str(),
            None if self.attack.is_some() || self.no_chain => LINEAR_TALLY,
            None => "election",
        };
        ensure!(
            !self.no_chain || name == LINEAR_TALLY,
            "--no-chain is about the linear tally, not about {name}"
        );
        // Its consumer is a contract, which asks for nothing but its own ballots.
        ensure!(
            self.attack.is_none() || name != "election",
            "attacks are played on the linear tally, or on a workload with an account as its consumer, not on an election"
        );
        let voters = |fewest: usize, most: usize| -> anyhow::Result<usize> {
            let voters = self.voters.map_or(Ok(most), usize::try_from)?;
            ensure!((fewest..=most).contains(&voters), "{voters} voters, {name} takes {fewest} to {most}");
            Ok(voters)
        };
        Ok(match name {
            LINEAR_TALLY => Program::LinearTally { voters: voters(MIN_VOTERS, MAX_VOTERS)? },
            "election" => {
                let voters = voters(2, MAX_BALLOTS)?;
                Program::Election(Election { voters, ..Election::sized(Size::Small) })
            }
            _ => {
                ensure!(self.voters.is_none(), "{name} has no voters");
                Program::Workload(named(name, Size::Small).with_context(|| format!("no program {name}"))?)
            }
        })
    }
}

/// The catalogue of a program's attacks.
fn catalogue(program: &Program) -> anyhow::Result<Catalogue> {
    Ok(match program {
        Program::LinearTally { .. } => Catalogue::Linear,
        Program::Workload(workload) if workload::segment_count(workload.as_ref())? > 1 => Catalogue::Segments,
        Program::Workload(_) | Program::Election(_) => Catalogue::Circuit,
    })
}

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
    if let Program::Workload(workload) = &program {
        // Before anything is started for it.
        workload::check(workload.as_ref())?;
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
        Program::Workload(workload) => {
            let workload = workload.as_ref();
            let answered = workload::run(&mut clients, &material, workload, rng, &mut phases).await?;
            if let Some(path) = &arguments.receipt {
                answered.full_receipt(clients.file.chain.release_verifier).write(path)?;
            }
            let summary = answered.summary(workload, &phases, material.cached)?;
            let code = report(&summary, summary.run.open, summary.passed(), &phases, output)?;
            if !summary.passed() || attacks.circuit.len() + attacks.segments.len() == 0 {
                return Ok(code);
            }
            if !attacks.segments.is_empty() {
                let scene = SegmentScene::new(clients, answered, running.cluster).await?;
                return play(scene, &attacks.segments, output).await;
            }
            let scene = CircuitScene::new(clients, material, answered, running.cluster).await?;
            play(scene, &attacks.circuit, output).await
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
    use crate::attacks::circuit::registry::ATTACKS as CIRCUIT_ATTACKS;
    use crate::attacks::circuit::segments::registry::ATTACKS as SEGMENT_ATTACKS;
    use crate::attacks::registry::ATTACKS;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn program(arguments: &[&str]) -> Result<Program, String> {
        let parsed = Command::try_parse_from([&["demo"], arguments].concat()).map_err(|e| e.to_string())?;
        parsed.arguments.program().map_err(|e| e.to_string())
    }

    #[test]
    fn the_program_follows_from_what_is_asked() {
        let elected = Program::Election(Election::sized(Size::Small));
        let voters = |program: Program| match program {
            Program::Election(election) => ("election", election.voters),
            Program::LinearTally { voters } => (LINEAR_TALLY, voters),
            Program::Workload(_) => ("workload", 0),
        };
        assert_eq!(voters(elected), ("election", 12));
        for (arguments, expected) in [
            (&[][..], ("election", 12)),
            (&["--voters", "9"], ("election", 9)),
            (&["--no-chain"], (LINEAR_TALLY, 15)),
            (&["--attack", "all", "--voters", "12"], (LINEAR_TALLY, 12)),
            (&["--program", LINEAR_TALLY], (LINEAR_TALLY, 15)),
            (&["--program", "age-check"], ("workload", 0)),
            (&["--program", "age-check", "--attack", "all"], ("workload", 0)),
        ] {
            assert_eq!(voters(program(arguments).unwrap()), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_numbers() {
        let refused = |arguments: &[&str]| program(arguments).err().unwrap();
        assert!(refused(&["--voters", "13"]).contains("13 voters, election takes 2 to 12"));
        assert!(refused(&["--program", LINEAR_TALLY, "--voters", "11"]).contains("takes 12 to 15"));
        assert!(refused(&["--voters", "16"]).contains("16"));
        assert!(refused(&["--program", "poker"]).contains("age-check"));
        assert!(refused(&["--program", "age-check", "--voters", "3"]).contains("no voters"));
        assert!(refused(&["--program", "election", "--no-chain"]).contains("linear tally"));
        assert!(refused(&["--program", "election", "--attack", "all"]).contains("not on an election"));
    }

    #[test]
    fn attacks_are_of_the_catalogue_of_the_program() {
        let chosen = |arguments: &[&str], name: &str| {
            Attacks::chosen(Some(name), catalogue(&program(arguments).unwrap()).unwrap())
        };
        let linear = chosen(&["--program", LINEAR_TALLY], "all").unwrap();
        assert_eq!((linear.linear.len(), linear.circuit.len()), (ATTACKS.len(), 0));
        let circuit = chosen(&["--program", "age-check"], "all").unwrap();
        assert_eq!((circuit.linear.len(), circuit.circuit.len()), (0, CIRCUIT_ATTACKS.len()));
        let segments = chosen(&["--program", "auction"], "all").unwrap();
        assert_eq!((segments.circuit.len(), segments.segments.len()), (0, SEGMENT_ATTACKS.len()));
        assert!(chosen(&["--program", "auction"], "halves-of-two-proofs").is_err());
        assert!(chosen(&["--program", "age-check"], "link-swapped").is_err());
        assert!(chosen(&["--program", "age-check"], "isolating-weights").is_err());
        let none = Attacks::chosen(None, Catalogue::Circuit).unwrap();
        assert_eq!((none.linear.len(), none.circuit.len()), (0, 0));
    }
}
