//! `trine release`: the committee decrypts what a receipt proves and its consumer allows.

use crate::Output;
use crate::target::{self, Target};
use alloy::primitives::{Address, B256, Bytes};
use anyhow::{Context, bail, ensure};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use trine::cluster::preparation::account::ORGANISER;
use trine::engine::EngineClient;
use trine::facts::{PROVEN, SignedRelease};
use trine::keyholders::{Presentation, Release};
use trine::phases::Phases;
use trine::receipt::file::ReceiptRelease;
use trine::receipt::{self, Receipt, VerifiedReceipt};
use trine::rpc::RpcError;
use trine_fhe::parameters::BLOCK_WORDS;
use trine_fhe::words::{BlockWords, ValueWords};

/// Arguments of `trine release`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine release --cluster cluster.toml receipt.json
  trine release --cluster cluster.toml receipt.json --allow --account 2 --out released.json
  trine release --cluster cluster.toml transfer.json --allow --output 0
  trine release --cluster cluster.toml receipt.json --json | jq .plaintexts")]
pub struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Receipt of the job.
    #[arg(value_name = "RECEIPT")]
    receipt: PathBuf,
    /// Allow the release on chain first, from the account: it must be the consumer. Which outputs are released is decided once.
    #[arg(long)]
    allow: bool,
    /// An output to allow, by its place in the receipt, from 0; may be given several times. All without it.
    #[arg(long = "output", value_name = "NUMBER", requires = "allow")]
    outputs: Vec<usize>,
    /// Development account that allows.
    #[arg(long, value_name = "NUMBER", default_value_t = ORGANISER)]
    account: usize,
    /// Write the receipt with the release to this file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Asks every node, and has the contract check the answer. The committee answers for the outputs that the consumer has named.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let cluster = arguments.target.file()?;
    let reader = target::reader(&cluster)?;
    let mut phases = Phases::start(output.quiet);
    let phase = phases.open("release");
    phase.step("verifying the receipt");
    let receipt = Receipt::read(&arguments.receipt)?;
    let trusted = reader.verifier().await?.srs_digest;
    let verified = receipt::verify(&receipt, &trusted.0).context("receipt")?;

    if arguments.allow {
        phase.step("allowing");
        allow(arguments, &receipt).await?;
    }
    phase.step("downloading outputs");
    let mut engine = target::engine(&cluster).await?;
    let presentation = presentation(&mut engine, &receipt, &verified).await?;
    phase.step("squashing, sharing, signing");
    let answers = target::keyholders(&cluster)?.release(&presentation).await;
    let (release, refusals) = agreed(answers)?;

    phase.step("checking the signature on chain");
    let signed = SignedRelease {
        epoch: release.epoch,
        request_id: receipt.request_id,
        handles: release.handles.clone(),
        plaintexts: release.plaintexts.clone(),
        signature: release.signature.clone(),
    };
    reader.check_release(cluster.chain.release_verifier, &signed).await?;
    phases.close(phase, "");

    if let Some(path) = &arguments.out {
        with_release(&receipt, &release, cluster.chain.release_verifier).write(path)?;
    }
    report(&receipt, &release, &refusals, output);
    Ok(ExitCode::SUCCESS)
}

/// Allows the outputs that the arguments name, unless the consumer has decided before; another decision is an error.
async fn allow(arguments: &Arguments, receipt: &Receipt) -> anyhow::Result<()> {
    let cluster = arguments.target.file()?;
    let reader = target::reader(&cluster)?;
    let account = target::account(&cluster, arguments.account)?;
    let mut allowed = Vec::new();
    for (place, output) in receipt.outputs.iter().enumerate() {
        let record = reader.handle(output.handle).await?;
        ensure!(record.state == PROVEN, "{} is not proven on chain", output.handle);
        ensure!(
            record.consumer == account.address(),
            "the consumer of {} is {}, account {} is {}",
            output.handle,
            record.consumer,
            arguments.account,
            account.address()
        );
        if record.released {
            allowed.push(place);
        }
    }
    let Some(named) = to_allow(&arguments.outputs, receipt.outputs.len(), &allowed)? else { return Ok(()) };
    let handles: Vec<B256> =
        named.iter().filter_map(|place| receipt.outputs.get(*place)).map(|o| o.handle).collect();
    Ok(account.allow_release(cluster.chain.coprocessor, &handles).await?)
}

/// Places of the outputs to allow, ascending: those that are asked for, all where none is. Nothing where they are allowed
/// already, or where none is asked for and the consumer has decided.
fn to_allow(asked: &[usize], outputs: usize, allowed: &[usize]) -> anyhow::Result<Option<Vec<usize>>> {
    let named: BTreeSet<usize> =
        if asked.is_empty() { (0..outputs).collect() } else { asked.iter().copied().collect() };
    if let Some(unknown) = named.iter().find(|place| **place >= outputs) {
        bail!("the receipt has {outputs} outputs, from 0, and no output {unknown}");
    }
    if allowed.is_empty() {
        return Ok(Some(named.into_iter().collect()));
    }
    let same = asked.is_empty() || named.iter().eq(allowed);
    ensure!(same, "allowed are outputs {allowed:?} already: what is released of a request is decided once");
    Ok(None)
}

async fn presentation(
    engine: &mut EngineClient,
    receipt: &Receipt,
    verified: &VerifiedReceipt,
) -> anyhow::Result<Presentation> {
    let mut outputs: Vec<Bytes> = Vec::with_capacity(receipt.outputs.len());
    for (record, declaration) in receipt.outputs.iter().zip(&verified.declared) {
        let words = engine.download(&record.handle).await?.words;
        let blocks = words.chunks(BLOCK_WORDS).map(|block| BlockWords::new(block.to_vec()));
        let value = ValueWords::new(*declaration, blocks.collect::<Result<_, _>>()?)?;
        outputs.push(value.to_bytes().into());
    }
    Ok(Presentation::of(receipt, verified, outputs))
}

/// Any answer will do, since the contract checks it; all that answer must agree. Returns the refusals beside it.
fn agreed(answers: Vec<Result<Release, RpcError>>) -> anyhow::Result<(Release, Vec<String>)> {
    let mut first: Option<Release> = None;
    let mut refusals = Vec::new();
    for (node, answer) in answers.into_iter().enumerate() {
        match (answer, &first) {
            (Ok(release), None) => first = Some(release),
            (Ok(release), Some(other)) => ensure!(
                (&release.handles, &release.plaintexts) == (&other.handles, &other.plaintexts),
                "node {node} releases {:?}, another one {:?}",
                release.plaintexts,
                other.plaintexts
            ),
            (Err(error), _) => refusals.push(format!("node {node}: {error}")),
        }
    }
    match first {
        Some(release) => Ok((release, refusals)),
        None => bail!("no node releases: {}", refusals.join("; ")),
    }
}

fn with_release(receipt: &Receipt, release: &Release, release_verifier: Address) -> Receipt {
    let release = ReceiptRelease {
        release_verifier,
        epoch: release.epoch,
        handles: release.handles.clone(),
        plaintexts: release.plaintexts.clone(),
        signature: release.signature.clone(),
        release_tx: None,
    };
    Receipt { release: Some(release), ..receipt.clone() }
}

fn report(receipt: &Receipt, release: &Release, refusals: &[String], output: Output) {
    let sealed: Vec<B256> =
        receipt.output_handles().into_iter().filter(|handle| !release.handles.contains(handle)).collect();
    let faults: Vec<String> =
        release.faults.iter().map(|(node, kind, detail)| format!("node {node}: {kind}: {detail}")).collect();
    if output.json {
        let line = serde_json::json!({
            "request": receipt.request_id,
            "epoch": release.epoch,
            "handles": release.handles,
            "sealed": sealed,
            "plaintexts": release.plaintexts,
            "signature": release.signature,
            "faults": faults,
            "refusals": refusals,
        });
        println!("{line}");
    } else {
        println!("plaintexts  {:?}", release.plaintexts);
        for handle in &sealed {
            println!("sealed      {handle}");
        }
        println!("signed by   the committee of epoch {}, accepted by the contract", release.epoch);
        for line in faults.iter().chain(refusals) {
            println!("fault       {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(plaintexts: &[u64]) -> Release {
        Release {
            epoch: 1,
            handles: vec![B256::repeat_byte(1)],
            plaintexts: plaintexts.to_vec(),
            signature: vec![1; 256].into(),
            faults: vec![],
        }
    }

    fn silent() -> RpcError {
        RpcError::Connection { service: "keyholder", endpoint: "x".into(), reason: "refused".into() }
    }

    #[test]
    fn one_silent_node_is_named_and_the_rest_agree() {
        let answers = vec![Err(silent()), Ok(release(&[1, 2])), Ok(release(&[1, 2]))];
        let (agreed, refusals) = agreed(answers).unwrap();
        assert_eq!(agreed.plaintexts, [1, 2]);
        assert!(refusals.len() == 1 && refusals[0].starts_with("node 0"), "{refusals:?}");
    }

    #[test]
    fn outputs_are_allowed_once_and_in_order() {
        assert_eq!(to_allow(&[], 3, &[]).unwrap(), Some(vec![0, 1, 2]));
        assert_eq!(to_allow(&[2, 0, 2], 3, &[]).unwrap(), Some(vec![0, 2]));
        for asked in [&[][..], &[2, 0]] {
            assert_eq!(to_allow(asked, 3, &[0, 2]).unwrap(), None, "as it is decided");
        }
        for asked in [&[0][..], &[0, 1, 2], &[1]] {
            let error = to_allow(asked, 3, &[0, 2]).unwrap_err().to_string();
            assert!(error.contains("[0, 2] already"), "{error}");
        }
        let error = to_allow(&[3], 3, &[]).unwrap_err().to_string();
        assert!(error.contains("3 outputs, from 0, and no output 3"), "{error}");
    }

    #[test]
    fn different_plaintexts_and_silence_are_errors() {
        assert!(agreed(vec![Ok(release(&[1, 2])), Ok(release(&[1, 3]))]).is_err());
        let none = agreed(vec![Err(silent()), Err(silent())]).unwrap_err().to_string();
        assert!(none.contains("node 1"), "{none}");
    }
}
