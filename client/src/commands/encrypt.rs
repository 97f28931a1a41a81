//! `trine encrypt`: a value of one's own, and on request its registration and upload.

use crate::Output;
use crate::target::{self, Target};
use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::ExitCode;
use trine::ciphertext::CiphertextFile;
use trine::cluster::preparation::account::ORGANISER;
use trine::engine::EngineClient;
use trine::phases::Phases;
use trine::receipt::wire;
use trine::voter::{HandleDomain, Voter};
use trine_fhe::keys::key_digest;
use trine_program::{Declaration, KeyKind, ValueType};
use trine_proto::engine::v1 as pb;

/// Most that a fresh block encrypts: two message bits.
const MESSAGE_MAX: u8 = 3;

/// Arguments of `trine encrypt`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine encrypt --cluster cluster.toml 0,1,0 --out ballot.json
  trine encrypt --cluster cluster.toml 2,3 --register --upload --account 2 --out value.json
  trine encrypt --cluster cluster.toml 0,1,0 --registrant 0x5f..a1 --consumer 0x5f..a1 --upload --out ballot.json")]
pub struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Plaintexts, one a block, 0 to 3 each.
    #[arg(value_name = "PLAINTEXTS", value_delimiter = ',', required = true,
          value_parser = clap::value_parser!(u64).range(0..=u64::from(MESSAGE_MAX)))]
    plaintexts: Vec<u64>,
    /// Type of the value.
    #[arg(long, value_name = "TYPE", default_value = "nibbles", value_parser = value_type)]
    value_type: ValueType,
    /// Development account that registers, by its number.
    #[arg(long, value_name = "NUMBER", default_value_t = ORGANISER)]
    account: usize,
    /// Who registers, where it is not the account itself: a contract that registers for its callers.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "register")]
    registrant: Option<Address>,
    /// Who may use the value; else the account.
    #[arg(long, value_name = "ADDRESS")]
    consumer: Option<Address>,
    /// Register the value on chain.
    #[arg(long)]
    register: bool,
    /// Upload the ciphertext to the engine.
    #[arg(long)]
    upload: bool,
    /// File for the ciphertext and its handle.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn value_type(name: &str) -> Result<ValueType, String> {
    let names = ValueType::ALL.map(ValueType::name).join(", ");
    ValueType::from_name(name).ok_or_else(|| format!("expected one of {names}"))
}

/// Encrypts, writes the file, and does what else was asked.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let declaration = declaration(arguments.value_type, arguments.plaintexts.len())?;
    let cluster = arguments.target.file()?;
    let account = target::account(&cluster, arguments.account)?;
    let registrant = arguments.registrant.unwrap_or(account.address());
    let consumer = arguments.consumer.unwrap_or(account.address());

    let mut phases = Phases::start(output.quiet);
    let phase = phases.open("encrypt");
    phase.step("reading keys");
    let reader = target::reader(&cluster)?;
    let srs = arguments.target.srs(&reader.verifier().await?)?;
    let (public_key, digest) = public_key(&arguments.target)?;
    // Whoever gives out another public key reads what is encrypted: the chain decides which one it is.
    ensure!(
        reader.is_key_registered(digest).await?,
        "the key set in {} has digest {digest}, which is not registered on chain",
        arguments.target.key_file("").display()
    );
    phase.step("encrypting");
    let value = Voter::new(&public_key, &srs)?.encrypt(&declaration, &arguments.plaintexts)?;
    let domain = HandleDomain {
        chain_id: cluster.chain.chain_id,
        coprocessor: cluster.chain.coprocessor.0.0,
        key_digest: digest.0,
    };
    let file = CiphertextFile::new(&value, &domain, registrant, consumer);
    file.write(&arguments.out)?;

    if arguments.register {
        phase.step("registering");
        let coprocessor = cluster.chain.coprocessor;
        let handle = account
            .register_ciphertext(coprocessor, consumer, digest, &declaration, &value.commitment)
            .await?;
        ensure!(handle == file.record.handle, "own handle {}, on chain {handle}", file.record.handle);
    }
    if arguments.upload {
        phase.step("uploading");
        let mut engine = target::engine(&cluster).await?;
        upload(&mut engine, &file, registrant, consumer).await?;
    }
    phases.close(phase, "");
    report(arguments, &file, output);
    Ok(ExitCode::SUCCESS)
}

/// What is declared about the value. Only the number of blocks is in its handle, not the degree.
fn declaration(value_type: ValueType, plaintexts: usize) -> anyhow::Result<Declaration> {
    let blocks = u8::try_from(plaintexts).with_context(|| format!("{plaintexts} plaintexts"))?;
    if let Some(expected) = value_type.fixed_blocks() {
        ensure!(
            blocks == expected,
            "{blocks} plaintexts, a value of type {} has {expected} blocks",
            value_type.name()
        );
    }
    Ok(Declaration { value_type, key_kind: KeyKind::Compute, blocks, degree: MESSAGE_MAX })
}

/// The compact public key and the digest of the set that it belongs to.
fn public_key(target: &Target) -> anyhow::Result<(Vec<u8>, B256)> {
    let read = |name| {
        let path = target.key_file(name);
        std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
    };
    let compact = read("compact-public-key.bin")?;
    let digest = key_digest(&compact, &read("server-key.bin")?);
    Ok((compact, digest.into()))
}

/// Uploads the list; the engine must give it the same handle.
async fn upload(
    engine: &mut EngineClient,
    file: &CiphertextFile,
    registrant: Address,
    consumer: Address,
) -> anyhow::Result<()> {
    let record = &file.record;
    let header = pb::CiphertextHeader {
        key_digest: file.key_digest.to_vec(),
        // The wire's numbers are the chain's plus one.
        key_kind: i32::from(record.key_kind.code()) + 1,
        value_type: i32::from(record.value_type.code()),
        blocks: u32::from(record.blocks),
        registrant: registrant.to_vec(),
        consumer: consumer.to_vec(),
        encoding: pb::CiphertextEncoding::CompactList.into(),
        content_bytes: 0,
    };
    let info = engine.upload(header, file.list.to_vec()).await?;
    let named = wire::record(info.record.as_ref().context("the engine names no handle")?)?;
    ensure!(named == *record, "own handle {}, the engine's {}", record.handle, named.handle);
    Ok(())
}

fn report(arguments: &Arguments, file: &CiphertextFile, output: Output) {
    let (handle, path) = (file.record.handle, arguments.out.display());
    if output.json {
        let line = serde_json::json!({
            "handle": handle,
            "commitment": file.record.commitment,
            "key_digest": file.key_digest,
            "registered": arguments.register,
            "uploaded": arguments.upload,
            "file": arguments.out,
        });
        println!("{line}");
    } else {
        println!("handle      {handle}");
        println!("commitment  {} {}", file.record.commitment[0], file.record.commitment[1]);
        println!("file        {path}, {} bytes of ciphertext", file.list.len());
        println!("registered  {}", arguments.register);
        println!("uploaded    {}", arguments.upload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_with_a_constant_number_of_blocks_have_it() {
        assert_eq!(declaration(ValueType::Uint8, 4).unwrap().blocks, 4);
        let refusal = declaration(ValueType::Uint8, 3).unwrap_err().to_string();
        assert!(refusal.contains("3 plaintexts") && refusal.contains("4 blocks"), "{refusal}");
        assert!(declaration(ValueType::Nibbles, 300).is_err());
    }

    #[test]
    fn unknown_types_are_answered_with_those_that_exist() {
        assert_eq!(value_type("nibbles"), Ok(ValueType::Nibbles));
        assert!(value_type("float").unwrap_err().contains("uint64"));
    }
}
