//! `trine ceremony`: the second phase of the setup of Groth16, from its first file to the key (`docs/spec/ceremony.md`).

use crate::Output;
use alloy::primitives::keccak256;
use anyhow::{Context, ensure};
use ark_bn254::{Fr, G2Affine};
use ark_ec::AffineRepr;
use rand::rngs::OsRng;
use serde_json::{Value, json};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trine_prover::Mode;
use trine_prover::ceremony::initial::log_domain;
use trine_prover::ceremony::{
    Beacon, CeremonyKey, Chain, Entropy, Powers, Step as RecordStep, Transcript, finalise, initial_key,
    verify,
};
use trine_prover::groth::verifying_key_bytes;
use trine_prover::service::setups::{CIRCUIT_PROVING_KEY, PROVING_KEY};
use trine_prover::srs::ptau::{self, phase_one};
use trine_prover::srs::{self, DEVELOPMENT_LOG_POWERS, is_development_tau};
use trine_prover::wrap::bootstrapping::class::Class as CircuitClass;
use trine_prover::wrap::checks::Checks;
use trine_prover::wrap::{bootstrapping, structure};
use trine_verifier::Class;
use trine_verifier::bootstrapping::Parameters;

/// Arguments of `trine ceremony`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine ceremony new --ptau powers.ptau --out 0.ceremony
  trine ceremony contribute 0.ceremony --name Ada --out 1.ceremony      each contributor, one after the other
  trine ceremony verify 1.ceremony --ptau powers.ptau
  trine ceremony finalise 1.ceremony --ptau powers.ptau --beacon 0x5f..3a --iterations 16777216 \\
    --out final.ceremony --key groth16.key --verifying-key verifying-key.bin
  trine ceremony verify final.ceremony --ptau powers.ptau --key groth16.key
  trine ceremony new --circuit bootstrapping --ptau powers.ptau --out circuits-0.ceremony
  trine ceremony reference-string --ptau powers.ptau --log-powers 22")]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    /// Begin: compute the key before any contribution from powers of tau and the circuit.
    New(New),
    /// Multiply delta by a secret factor, and forget it.
    Contribute(Contribute),
    /// Recompute the beginning and check every contribution.
    Verify(Verify),
    /// End by a public beacon, and write the keys.
    Finalise(Finalise),
    /// Write the reference string of commitments, from the same powers of tau.
    ReferenceString(ReferenceString),
}

#[derive(clap::Args)]
struct New {
    #[command(flatten)]
    base: Base,
    /// File for the first contributor.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Contribute {
    /// File from the contributor before.
    transcript: PathBuf,
    /// Your name, or what you want to be known by; published.
    #[arg(long)]
    name: String,
    /// Mix a line of standard input into the secret, beside the operating system's randomness.
    #[arg(long)]
    text: bool,
    /// File for the next contributor.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Verify {
    /// File of a ceremony.
    transcript: PathBuf,
    #[command(flatten)]
    base: Base,
    /// Finished key that the closed ceremony must give.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Finalise {
    /// File from the last contributor.
    transcript: PathBuf,
    #[command(flatten)]
    base: Base,
    /// Public bytes that nobody could know before the last contribution, in hexadecimal digits: the hash of a later block.
    #[arg(long, value_name = "BYTES")]
    beacon: String,
    /// How often the beacon is hashed.
    #[arg(long, default_value_t = 1 << 24)]
    iterations: u64,
    /// File for the closed ceremony.
    #[arg(long, value_name = "FILE", default_value = "final.ceremony")]
    out: PathBuf,
    /// File for the proving key. Without it, the name under which a prover looks for the key of this circuit.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// File for the bytes of the verifying key, as on chain.
    #[arg(long, value_name = "FILE", default_value = "verifying-key.bin")]
    verifying_key: PathBuf,
}

#[derive(clap::Args)]
struct ReferenceString {
    /// Powers of tau of a finished first phase. Compare its hash with the published one before.
    #[arg(long, value_name = "FILE")]
    ptau: PathBuf,
    /// log2 of the number of powers.
    #[arg(long, default_value_t = DEVELOPMENT_LOG_POWERS, value_parser = log_powers)]
    log_powers: usize,
    /// File for the reference string.
    #[arg(long, value_name = "FILE", default_value = "reference-string.bin")]
    out: PathBuf,
}

fn log_powers(text: &str) -> Result<usize, String> {
    let log = text.parse().map_err(|_| "expected a number".to_owned())?;
    if log <= 28 { Ok(log) } else { Err("at most 28".to_owned()) }
}

/// What a ceremony stands on.
#[derive(clap::Args)]
struct Base {
    /// Powers of tau of a finished first phase. Compare its hash with the published one before.
    #[arg(long, value_name = "FILE")]
    ptau: PathBuf,
    /// The circuit.
    #[arg(long, value_enum, default_value = "linear")]
    circuit: Circuit,
}

/// Circuits that keys are made for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Circuit {
    /// The wrap circuit of linear programs.
    Linear,
    /// The wrap circuit of circuits of bootstrappings, one for every shape; its domain has 2^18 points.
    Bootstrapping,
    /// One product, to try a ceremony out: nobody accepts its proofs.
    Trial,
}

impl Circuit {
    fn build(self) -> anyhow::Result<Checks> {
        Ok(match self {
            Self::Linear => structure(&Class::SLICE),
            Self::Bootstrapping => bootstrapping::structure(&CircuitClass::new(&Parameters::PRODUCTION)?),
            Self::Trial => trial(),
        })
    }

    /// Where a prover looks for the finished key.
    fn key_file(self) -> &'static Path {
        Path::new(match self {
            Self::Linear | Self::Trial => PROVING_KEY,
            Self::Bootstrapping => CIRCUIT_PROVING_KEY,
        })
    }
}

/// Two witnesses whose product, and the square of one, is public.
fn trial() -> Checks {
    let mut checks = Checks::recording(&[Fr::from(9u64)]);
    let root = checks.witness(Fr::from(3u64));
    let other = checks.witness(Fr::from(3u64));
    for square in checks.public_wires() {
        checks.enforce_product("square", &root, &root, &square);
        checks.enforce_product("other", &root, &other, &square);
    }
    checks
}

/// Does one step.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    match &arguments.step {
        Step::New(a) => new(a, output)?,
        Step::Contribute(a) => contribute(a, output)?,
        Step::Verify(a) => verify_files(a, output)?,
        Step::Finalise(a) => finish(a, output)?,
        Step::ReferenceString(a) => reference_string(a, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn new(arguments: &New, output: Output) -> anyhow::Result<()> {
    refuse_existing(&arguments.out)?;
    let (circuit, powers) = load(&arguments.base, output)?;
    tell(output, "computing the key before any contribution");
    let initial = initial_key(&circuit, &powers)?;
    let transcript = Transcript::new(circuit.circuit_digest(), *powers.digest(), &initial);
    store(&arguments.out, |path| transcript.store(path))?;
    report(output, &transcript, json!({ "out": arguments.out }))
}

fn contribute(arguments: &Contribute, output: Output) -> anyhow::Result<()> {
    refuse_existing(&arguments.out)?;
    let mut transcript = Transcript::load(&arguments.transcript)?;
    let mut text = String::new();
    if arguments.text {
        tell(output, "a line of text, as long and as odd as you like:");
        std::io::stdin().read_line(&mut text).context("standard input")?;
    }
    let entropy = Entropy::gather(&mut OsRng, &text);
    drop(text);
    tell(output, "contributing");
    let hash = transcript.contribute(&arguments.name, entropy)?;
    store(&arguments.out, |path| transcript.store(path))?;
    report(output, &transcript, json!({ "out": arguments.out, "hash": hex::encode(hash) }))
}

fn verify_files(arguments: &Verify, output: Output) -> anyhow::Result<()> {
    let transcript = Transcript::load(&arguments.transcript)?;
    let (circuit, powers) = load(&arguments.base, output)?;
    tell(output, "recomputing the key before any contribution");
    match &arguments.key {
        Some(path) => CeremonyKey::load(path, &circuit)?.check_against(&transcript, &circuit, &powers)?,
        None => drop(verify(&transcript, &circuit, &powers)?),
    }
    report(output, &transcript, json!({ "valid": true }))
}

fn finish(arguments: &Finalise, output: Output) -> anyhow::Result<()> {
    let key_file = arguments.key.as_deref().unwrap_or_else(|| arguments.base.circuit.key_file());
    for path in [&arguments.out, key_file, &arguments.verifying_key] {
        refuse_existing(path)?;
    }
    let digits = arguments.beacon.strip_prefix("0x").unwrap_or(&arguments.beacon);
    let beacon = Beacon::new(hex::decode(digits).context("--beacon")?, arguments.iterations)?;
    let mut transcript = Transcript::load(&arguments.transcript)?;
    let (circuit, powers) = load(&arguments.base, output)?;
    tell(output, "recomputing the key before any contribution, then the beacon");
    let key = finalise(&mut transcript, &circuit, &powers, beacon)?;
    let verifying_key = verifying_key_bytes(&key.key.vk);
    store(&arguments.out, |path| transcript.store(path))?;
    store(key_file, |path| key.store(path))?;
    store(&arguments.verifying_key, |path| std::fs::write(path, &verifying_key))?;
    let digest = hex::encode(keccak256(&verifying_key));
    report(
        output,
        &transcript,
        json!({
            "out": arguments.out,
            "key": key_file,
            "verifying_key": arguments.verifying_key,
            "verifying_key_keccak": digest,
        }),
    )
}

fn reference_string(arguments: &ReferenceString, output: Output) -> anyhow::Result<()> {
    refuse_existing(&arguments.out)?;
    tell(output, "reading and checking the powers of tau");
    let named = || arguments.ptau.display().to_string();
    let file = File::open(&arguments.ptau).with_context(named)?;
    let key = ptau::read(BufReader::new(file), 1 << arguments.log_powers).with_context(named)?;
    let verifier = key.verifier();
    ensure!(*verifier.tau_h() != G2Affine::generator(), "tau is one: nobody has contributed to the powers");
    ensure!(
        !is_development_tau(verifier.tau_h()),
        "tau is that of the development setup, which everybody knows"
    );
    store(&arguments.out, |path| srs::store(&key, path))?;
    let digest = hex::encode(verifier.digest());
    if output.json {
        println!("{}", json!({ "out": arguments.out, "powers": verifier.max_powers, "srs_digest": digest }));
    } else {
        println!("{}: {} powers, srs digest 0x{digest}", arguments.out.display(), verifier.max_powers);
    }
    Ok(())
}

/// The circuit, and the powers for its domain, checked.
fn load(base: &Base, output: Output) -> anyhow::Result<(Checks, Powers)> {
    let circuit = base.circuit.build()?;
    tell(output, "reading and checking the powers of tau");
    let named = || base.ptau.display().to_string();
    let file = File::open(&base.ptau).with_context(named)?;
    let points = phase_one::read(BufReader::new(file), log_domain(&circuit)).with_context(named)?;
    Ok((circuit, Powers::new(points, Mode::Production).with_context(named)?))
}

fn store(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> anyhow::Result<()> {
    write(path).with_context(|| path.display().to_string())
}

fn refuse_existing(path: &Path) -> anyhow::Result<()> {
    ensure!(!path.exists(), "{} exists", path.display());
    Ok(())
}

fn tell(output: Output, what: &str) {
    if !output.quiet {
        eprintln!("{what}");
    }
}

/// The ceremony so far, with what the step adds.
fn report(output: Output, transcript: &Transcript, step: Value) -> anyhow::Result<()> {
    let chain = Chain::follow(&transcript.head, &transcript.records)?;
    let head = &transcript.head;
    if !output.json {
        println!("circuit      {}", hex::encode(head.circuit));
        println!("powers       {}", hex::encode(head.powers));
        println!("initial key  {}", hex::encode(head.initial_key));
        for record in &transcript.records {
            println!("{}  {}", hex::encode(record.hash()), described(&record.name, &record.step));
        }
        let state = if chain.closed { "closed" } else { "open" };
        println!("{} contributions, {state}", chain.contributions);
        for (name, value) in step.as_object().into_iter().flatten() {
            println!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        return Ok(());
    }
    let records: Vec<Value> = transcript.records.iter().map(|record| {
        json!({ "name": record.name, "hash": hex::encode(record.hash()), "beacon": matches!(record.step, RecordStep::Beacon(_)) })
    }).collect();
    let mut object = json!({
        "circuit": hex::encode(head.circuit),
        "powers": hex::encode(head.powers),
        "initial_key": hex::encode(head.initial_key),
        "records": records,
        "contributions": chain.contributions,
        "closed": chain.closed,
    });
    if let (Some(object), Value::Object(step)) = (object.as_object_mut(), step) {
        object.extend(step);
    }
    println!("{object}");
    Ok(())
}

fn described(name: &str, step: &RecordStep) -> String {
    match step {
        RecordStep::Contribution(_) => name.to_owned(),
        RecordStep::Beacon(beacon) => {
            format!("{name} 0x{}, hashed {} times", hex::encode(&beacon.bytes), beacon.iterations)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_verifier::bootstrapping::statement::PUBLIC_INPUTS;

    /// A key for another circuit than the prover's is refused at its start (CE.K3): one ceremony would be lost.
    #[test]
    fn the_circuit_of_bootstrappings_is_the_one_that_provers_load_a_key_for() {
        let circuit = Circuit::Bootstrapping.build().unwrap();
        // As `service::setups::load_circuits` builds it, before it reads this file.
        let class = CircuitClass::new(&Parameters::PRODUCTION).unwrap();
        assert_eq!(circuit.circuit_digest(), bootstrapping::structure(&class).circuit_digest());
        assert_eq!(Circuit::Bootstrapping.key_file(), Path::new("groth16-circuit.key"));
        assert_eq!((log_domain(&circuit), circuit.instance_variables()), (18, 1 + PUBLIC_INPUTS));
        assert!(!circuit.matrices().is_empty());
    }

    #[test]
    fn every_circuit_is_another() {
        let digest = |circuit: Circuit| circuit.build().unwrap().circuit_digest();
        let [linear, trial] = [Circuit::Linear, Circuit::Trial].map(digest);
        assert_ne!(linear, trial);
        assert_ne!(digest(Circuit::Bootstrapping), linear);
    }
}
