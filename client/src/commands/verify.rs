//! `trine verify`: a receipt from files alone, and on request against the chain.

use crate::Output;
use alloy::primitives::{Address, B256};
use anyhow::{bail, ensure};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use trine::facts::ChainReader;
use trine::receipt::comparison::OnChainError;
use trine::receipt::onchain::{OnChainVerdict, verify_on_chain};
use trine::receipt::{self, Receipt, VerifiedReceipt};
use trine::setup::development_srs;

/// Arguments of `trine verify`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine verify receipt.json --srs-digest 0x1c..9f
  trine verify receipt.json --development
  trine verify receipt.json --development --rpc http://127.0.0.1:8545 --request 0x77..e2
  trine verify receipt.json --development --rpc http://127.0.0.1:8545 --request 0x77..e2 --coprocessor 0xe7..12")]
pub struct Arguments {
    /// Receipt file.
    receipt: PathBuf,
    /// Digest of the reference string that you trust, 0x and 64 hexadecimal digits.
    #[arg(long, value_name = "DIGEST", conflicts_with = "development")]
    srs_digest: Option<B256>,
    /// Trust the development setup. Anybody can forge its proofs.
    #[arg(long)]
    development: bool,
    /// Compare with the chain of this node: statement, records, events, proof and release.
    #[arg(long, value_name = "URL", requires = "request")]
    rpc: Option<String>,
    /// Request that the receipt must be about.
    #[arg(long, value_name = "ID", requires = "rpc")]
    request: Option<B256>,
    /// Coprocessor that you trust; without it, the one that the receipt names.
    #[arg(long, value_name = "ADDRESS", requires = "rpc")]
    coprocessor: Option<Address>,
    /// Release verifier that you trust; without it, the one that the receipt names.
    #[arg(long, value_name = "ADDRESS", requires = "rpc")]
    release_verifier: Option<Address>,
}

/// Verifies and reports.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let trusted = trusted_srs(arguments)?;
    let receipt = Receipt::read(&arguments.receipt)?;
    let start = Instant::now();
    let verdict = receipt::verify(&receipt, &trusted);
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let on_chain = match &verdict {
        Ok(verified) => compared(arguments, &receipt, verified, output).await?,
        Err(_) => None,
    };
    let error = match (&verdict, &on_chain) {
        (Err(error), _) => Some(error.to_string()),
        (Ok(_), Some(Err(error))) => Some(error.to_string()),
        _ => None,
    };
    let checked = on_chain.and_then(Result::ok);
    if output.json {
        println!("{}", json(arguments, &receipt, error.as_deref(), milliseconds, checked));
    } else {
        match &error {
            Some(error) => println!("refused: {error}"),
            None => print_valid(&receipt, milliseconds, checked),
        }
    }
    Ok(if error.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn trusted_srs(arguments: &Arguments) -> anyhow::Result<[u8; 32]> {
    match (arguments.srs_digest, arguments.development) {
        (Some(digest), _) => Ok(digest.0),
        (None, true) => Ok(development_srs()?.verifier().digest()),
        (None, false) => {
            bail!("name the reference string that you trust: --srs-digest DIGEST or --development")
        }
    }
}

/// The chain's verdict, where it was asked for. A node that does not answer is an error, not a verdict.
async fn compared(
    arguments: &Arguments,
    receipt: &Receipt,
    verified: &VerifiedReceipt,
    output: Output,
) -> anyhow::Result<Option<Result<OnChainVerdict, OnChainError>>> {
    let (Some(url), Some(request)) = (&arguments.rpc, arguments.request) else { return Ok(None) };
    check_anchors(arguments, receipt, output)?;
    let reader = ChainReader::new(url, receipt.domain.coprocessor)?;
    match verify_on_chain(receipt, verified, request, &reader).await {
        Err(OnChainError::Chain(error)) if error.revert_name().is_empty() => Err(error.into()),
        verdict => Ok(Some(verdict)),
    }
}

/// The file cannot name its own anchors: what the reader names must be what it says, what it alone says is told.
fn check_anchors(arguments: &Arguments, receipt: &Receipt, output: Output) -> anyhow::Result<()> {
    let release_verifier = receipt.release.as_ref().map(|r| r.release_verifier);
    for (what, option, named, got) in [
        ("coprocessor", "--coprocessor", arguments.coprocessor, Some(receipt.domain.coprocessor)),
        ("release verifier", "--release-verifier", arguments.release_verifier, release_verifier),
    ] {
        match (named, got) {
            (Some(named), Some(got)) => {
                ensure!(named == got, "{what} of the receipt is {got}, you trust {named}");
            }
            (None, Some(got)) if !output.quiet => {
                eprintln!("trine: {what} {got} as the receipt says; {option} names the one that you trust");
            }
            _ => {}
        }
    }
    Ok(())
}

fn json(
    arguments: &Arguments,
    receipt: &Receipt,
    error: Option<&str>,
    milliseconds: f64,
    checked: Option<OnChainVerdict>,
) -> serde_json::Value {
    let chain = checked.map(|verdict| {
        serde_json::json!({
            "coprocessor": receipt.domain.coprocessor,
            "consumer": verdict.consumer,
            "fulfilled_in_block": verdict.fulfilled_in_block,
            "proof_checked": verdict.proof_checked,
            "release_checked": verdict.release_checked,
        })
    });
    serde_json::json!({
        "valid": error.is_none(),
        "error": error,
        "native_verify_ms": milliseconds,
        "request_id": receipt.request_id,
        "segments": receipt.segments(),
        "jobs_in_proofs": receipt.jobs(),
        "verifier_hash": receipt.domain.verifier_hash,
        "srs_digest": receipt.domain.srs_digest,
        "development": arguments.development,
        "plaintexts": receipt.release.as_ref().filter(|_| checked.is_some()).map(|r| &r.plaintexts),
        "chain": chain,
    })
}

/// A line for each proof that covers further jobs.
fn shared(jobs: &[usize]) -> Vec<String> {
    let proofs = jobs.iter().enumerate().filter(|(_, jobs)| **jobs > 1);
    let line = |(segment, covered): (usize, &usize)| match jobs.len() {
        1 => format!("its proof covers {covered} jobs, this one among them"),
        _ => format!("the proof of segment {segment} covers {covered} jobs, this one among them"),
    };
    proofs.map(line).collect()
}

fn print_valid(receipt: &Receipt, milliseconds: f64, checked: Option<OnChainVerdict>) {
    let segments = match receipt.segments() {
        1 => String::new(),
        segments => format!("{segments} segments, "),
    };
    println!(
        "valid: request {} on chain {}, {} inputs, {} outputs, {segments}{milliseconds:.1} ms",
        receipt.request_id,
        receipt.domain.chain_id,
        receipt.inputs.len(),
        receipt.outputs.len(),
    );
    for line in shared(&receipt.jobs()) {
        println!("{line}");
    }
    let Some(verdict) = checked else { return };
    println!(
        "on chain: fulfilled in block {} for {}; program, key, salt, inputs, outputs and events agree",
        verdict.fulfilled_in_block, verdict.consumer
    );
    if verdict.proof_checked {
        match receipt.segments() {
            1 => println!("on chain: the verifier accepts the wrapped proof of this file"),
            segments => println!("on chain: the verifier accepts the {segments} wrapped proofs of this file"),
        }
    }
    if let (true, Some(release)) = (verdict.release_checked, &receipt.release) {
        println!("on chain: the committee of epoch {} signed {:?}", release.epoch, release.plaintexts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_of_several_jobs_are_told() {
        assert!(shared(&[1, 1]).is_empty());
        assert_eq!(shared(&[3]), ["its proof covers 3 jobs, this one among them"]);
        assert_eq!(shared(&[1, 2]), ["the proof of segment 1 covers 2 jobs, this one among them"]);
    }
}
