//! `trine verify`: a receipt from files alone.

use crate::Output;
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use trine::receipt;
use trine::setup::development_srs;

/// Arguments of `trine verify`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine verify receipt.json --srs-digest 0x1c..9f
  trine verify receipt.json --development")]
pub struct Arguments {
    /// Receipt file.
    receipt: PathBuf,
    /// Digest of the reference string that you trust, 0x and 64 hexadecimal digits.
    #[arg(long, value_name = "DIGEST", conflicts_with = "development")]
    srs_digest: Option<alloy::primitives::B256>,
    /// Trust the development setup. Anybody can forge its proofs.
    #[arg(long)]
    development: bool,
}

/// Verifies and reports.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let trusted = match (arguments.srs_digest, arguments.development) {
        (Some(digest), _) => digest.0,
        (None, true) => development_srs()?.verifier().digest(),
        (None, false) => {
            bail!("name the reference string that you trust: --srs-digest DIGEST or --development")
        }
    };
    let receipt = receipt::Receipt::read(&arguments.receipt)
        .with_context(|| format!("reading {}", arguments.receipt.display()))?;
    let start = Instant::now();
    let verdict = receipt::verify(&receipt, &trusted);
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let valid = verdict.is_ok();
    if output.json {
        let error = verdict.as_ref().err().map(ToString::to_string);
        println!(
            "{}",
            serde_json::json!({
                "valid": valid,
                "error": error,
                "native_verify_ms": milliseconds,
                "request_id": receipt.request_id,
                "verifier_hash": receipt.domain.verifier_hash,
                "srs_digest": receipt.domain.srs_digest,
                "development": arguments.development,
            })
        );
    } else {
        match verdict {
            Ok(_) => println!(
                "valid: request {} on chain {}, {} inputs, {} outputs, {milliseconds:.1} ms",
                receipt.request_id,
                receipt.domain.chain_id,
                receipt.inputs.len(),
                receipt.outputs.len(),
            ),
            Err(error) => println!("refused: {error}"),
        }
    }
    Ok(if valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
