//! `trine prepare`: the steps of `trine up` one by one, for processes that something else starts
//! (`deploy/start-local.sh`, later an orchestrator).

use super::up::{prepare_folder, put_key_set};
use crate::Output;
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tonic::transport::Endpoint;
use trine::cluster::deploy;
use trine::cluster::health::is_serving;
use trine::cluster::layout::{Folder, Layout};
use trine::cluster::preparation::{Material, deploy_contracts, write_state};
use trine::cluster::processes::committee;
use trine::config::ClusterFile;
use trine::phases::{OpenPhase, Phases};
use trine_keyholder::node::files::read_committee;

/// Pause between two questions to a service.
const PAUSE: Duration = Duration::from_millis(200);

/// Arguments of `trine prepare`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine prepare files --folder deploy          write the configuration files again
  trine prepare state --folder deploy          before any process
  trine prepare contracts --folder deploy      with a fresh anvil on port 8545
  trine prepare ready --folder deploy          once all processes are started")]
pub struct Arguments {
    /// The step.
    #[arg(value_enum)]
    step: Step,
    /// Folder of the configuration files.
    #[arg(long, value_name = "FOLDER", default_value = "deploy")]
    folder: PathBuf,
    /// With `state`: remove what an earlier cluster left in the folder.
    #[arg(long)]
    fresh: bool,
    /// With `ready`: longest wait for all services.
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    seconds: u64,
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Step {
    /// Write the configuration files of this build.
    Files,
    /// Keys, tokens, certificates, and the dealt secrets of a new committee. Development only.
    State,
    /// Deploy the contracts on the chain of the files, register key and committee.
    Contracts,
    /// Wait until every service answers, then hand the key set to the engine.
    Ready,
}

/// Does one step.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let mut phases = Phases::start(output.quiet);
    let folder = &arguments.folder;
    let phase = phases.open("prepare");
    match arguments.step {
        Step::Files => deploy::write_files(folder)?,
        Step::State => {
            deploy::check_files(folder)?;
            prepare_folder(folder, arguments.fresh)?;
            write_state(&Folder::new(folder), &material(&phase)?)?;
        }
        Step::Contracts => contracts(folder, &phase).await?,
        Step::Ready => ready(folder, Duration::from_secs(arguments.seconds), &phase).await?,
    }
    let seconds = phases.close(phase, "").as_secs_f64();
    let step = format!("{:?}", arguments.step).to_lowercase();
    if output.json {
        println!("{}", serde_json::json!({ "step": step, "folder": folder, "seconds": seconds }));
    } else {
        println!("{step}: {}, {seconds:.1} s", folder.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn material(phase: &OpenPhase) -> anyhow::Result<Material> {
    Ok(Material::load_or_generate(&mut |step| phase.step(step))?)
}

/// The addresses in the files hold only on a chain where nothing was deployed before.
async fn contracts(folder: &Path, phase: &OpenPhase) -> anyhow::Result<()> {
    deploy::check_files(folder)?;
    let place = Folder::new(folder);
    let (record, _) = read_committee(&place.state("committee/committee.json"))
        .context("no committee: run `trine prepare state` first")?;
    let material = material(phase)?;
    phase.step("deploying");
    let deployed = deploy_contracts(&place, &Layout::deploy(), &material, &record).await?;
    let expected = deploy::contracts()?;
    if deployed != expected {
        deploy::write_files(folder)?;
        bail!(
            "the coprocessor is at {}, the files say {}: the chain is not a fresh one",
            deployed.coprocessor,
            expected.coprocessor
        );
    }
    Ok(())
}

async fn ready(folder: &Path, limit: Duration, phase: &OpenPhase) -> anyhow::Result<()> {
    let file = ClusterFile::read(&folder.join("cluster.toml"))?;
    let start = Instant::now();
    let endpoint = |url: &str| Endpoint::from_shared(url.to_string());
    let mut services = vec![
        ("prover".into(), endpoint(&file.prover.endpoint)?),
        ("engine".into(), endpoint(&file.engine.endpoint)?),
    ];
    let committee = committee(&file)?;
    services
        .extend(committee.endpoints().iter().enumerate().map(|(i, e)| (format!("keyholder {i}"), e.clone())));
    for (name, endpoint) in services {
        phase.step(&name);
        while !is_serving(&endpoint).await {
            ensure!(
                start.elapsed() < limit,
                "{name} at {} does not serve after {} s",
                endpoint.uri(),
                limit.as_secs()
            );
            tokio::time::sleep(PAUSE).await;
        }
    }
    phase.step("handing the key set to the engine");
    put_key_set(&file, &material(phase)?).await
}
