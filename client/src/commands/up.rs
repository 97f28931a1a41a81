//! `trine up`: the local cluster of processes, until it is told to stop.

use crate::Output;
use crate::stop::StopSignals;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use trine::cluster::LocalCluster;
use trine::cluster::layout::{Folder, Layout};
use trine::cluster::preparation::Material;
use trine::config::{ClusterFile, read_token};
use trine::engine::EngineClient;
use trine::phases::Phases;
use trine_verifier::statement::parameter_set_id;

/// Pause between two looks at the processes.
const WATCH: Duration = Duration::from_millis(500);

/// Arguments of `trine up`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine up
  trine up --folder /tmp/cluster --fresh
  trine up --fixed-ports --json
  trine demo --cluster trine-cluster/cluster.toml      in another terminal")]
pub struct Arguments {
    /// Folder of configuration, keys, data and logs; made when missing.
    #[arg(long, value_name = "FOLDER", default_value = "trine-cluster")]
    folder: PathBuf,
    /// Listen where the files in deploy/ say, instead of on free ports.
    #[arg(long)]
    fixed_ports: bool,
    /// Serve linear programs alone: without circuits the cluster needs 3 GB less while it proves.
    #[arg(long)]
    no_circuits: bool,
    /// Remove what an earlier cluster left in the folder: its chain is gone, so its data are worth nothing.
    #[arg(long)]
    fresh: bool,
}

/// Starts every process, says where they are, and waits.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    prepare_folder(&arguments.folder, arguments.fresh)?;
    let layout = if arguments.fixed_ports { Layout::deploy() } else { Layout::free()? };

    let mut phases = Phases::start(output.quiet);
    let phase = phases.open("keys");
    let progress = &mut |step: &str| phase.step(step);
    let material = match arguments.no_circuits {
        true => Material::load_or_generate(progress)?,
        false => Material::with_circuits(progress)?,
    };
    phases.close(phase, if material.cached { "cached" } else { "made" });
    let mut stop = StopSignals::new()?;
    let start = async {
        let phase = phases.open("cluster");
        let folder = Folder::new(&arguments.folder);
        let cluster = LocalCluster::start(folder, &layout, &material, &mut |step| phase.step(step)).await?;
        phase.step("handing the key set to the engine");
        put_key_set(cluster.file(), &material).await?;
        phases.close(phase, "seven processes and anvil");
        anyhow::Ok(cluster)
    };
    let mut cluster = tokio::select! {
        started = start => started?,
        how = stop.received() => bail!("{how} while starting"),
    };
    announce(&arguments.folder, &cluster, &material, output)?;
    loop {
        tokio::select! {
            _ = stop.received() => break,
            () = tokio::time::sleep(WATCH) => cluster.check()?,
        }
    }
    if !output.quiet {
        eprintln!("stopping");
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the folder. A folder with the state of another cluster is refused, or emptied of it when `fresh`.
pub fn prepare_folder(folder: &Path, fresh: bool) -> anyhow::Result<()> {
    let state = folder.join("state");
    if state.exists() {
        if !fresh {
            bail!("{} is the state of an earlier cluster: --fresh removes it", state.display());
        }
        // Keys in it are links into the cache: the links go, the cache stays.
        std::fs::remove_dir_all(&state).with_context(|| format!("removing {}", state.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))
}

/// Hands the FHE key set to the engine. The same set again changes nothing.
pub async fn put_key_set(file: &ClusterFile, material: &Material) -> anyhow::Result<()> {
    let token = read_token(&file.engine.token_file)?;
    let mut engine = EngineClient::connect(&file.engine.endpoint, &token).await?;
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("reading {}", path.display()));
    let (compact, server) = (read(&material.keys.compact_public_key)?, read(&material.keys.server_key)?);
    engine.put_key(&material.key_digest.0, &parameter_set_id(), &compact, &server).await?;
    Ok(())
}

fn announce(
    folder: &Path,
    cluster: &LocalCluster,
    material: &Material,
    output: Output,
) -> anyhow::Result<()> {
    let path = std::path::absolute(folder.join("cluster.toml"))?;
    let (file, contracts) = (cluster.file(), cluster.contracts());
    if output.json {
        let line = serde_json::json!({
            "cluster": path,
            "rpc_url": file.chain.rpc_url,
            "chain_id": contracts.chain_id,
            "coprocessor": contracts.coprocessor,
            "evaluation_verifier": contracts.evaluation_verifier,
            "release_verifier": contracts.release_verifier,
            "verifier_hash": contracts.verifier_hash,
            "gateway": file.chain.gateway,
            "circuit_verifier_hash": contracts.circuits.map(|c| c.verifier_hash),
            "key_digest": material.key_digest,
            "committed_key_digest": material.circuits.as_ref().map(|c| c.key_digest),
            "engine": file.engine.endpoint,
            "prover": file.prover.endpoint,
            "keyholders": file.committee.nodes,
        });
        println!("{line}");
    } else {
        println!("chain       {}  coprocessor {}", file.chain.rpc_url, contracts.coprocessor);
        println!("engine      {}", file.engine.endpoint);
        println!("prover      {}", file.prover.endpoint);
        println!("keyholders  {}", file.committee.nodes.join(" "));
        println!("logs        {}", cluster.folder().state("logs").display());
        println!("\nready: trine demo --cluster {}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_of_an_earlier_cluster_is_removed_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("cluster");
        prepare_folder(&inside, false).unwrap();
        prepare_folder(&inside, false).unwrap();
        let kept = folder.path().join("cache.bin");
        std::fs::write(&kept, "key").unwrap();
        std::fs::create_dir_all(inside.join("state/keys")).unwrap();
        std::os::unix::fs::symlink(&kept, inside.join("state/keys/srs.bin")).unwrap();
        let refusal = prepare_folder(&inside, false).unwrap_err().to_string();
        assert!(refusal.contains("--fresh"), "{refusal}");
        prepare_folder(&inside, true).unwrap();
        assert!(!inside.join("state").exists());
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), "key");
    }
}
