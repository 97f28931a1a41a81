//! `trine submit`: a request on chain and the engine's job that answers it, or a job of operations.

use crate::Output;
use crate::target::{self, Target};
use alloy::primitives::B256;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trine::chain::ChainError;
use trine::ciphertext::CiphertextFile;
use trine::cluster::preparation::account::ORGANISER;
use trine::config::ClusterFile;
use trine::facts::ChainReader;
use trine::operations::operation_call;
use trine::receipt::circuit::is_circuit;
use trine_contract::ContractError;
use trine_contract::bindings::coprocessor::Coprocessor::CoprocessorErrors;
use trine_program::circuit::Circuit;
use trine_program::limits::MAX_OPERATIONS_TEXT_BYTES;
use trine_program::{LinearProgram, OperationList};

/// Longest program file that is read.
const MAX_PROGRAM_BYTES: u64 = 64 * 1024;

/// Arguments of `trine submit`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine submit --cluster cluster.toml --program sum.txt a.json b.json
  trine submit --cluster cluster.toml --program sum.txt 0x1c..9f 0x2d..70 --account 2
  trine submit --cluster cluster.toml --request 0x77..e2
  trine submit --cluster cluster.toml --operations bid.txt a.json 0x2d..70 --json

A program is the text of a circuit (`trine circuit 1`), or a text like this one, which adds two vectors of counters:
  trine linear 1
  input nibbles compute 1 degree 3
  input nibbles compute 1 degree 3
  output nibbles compute 1 degree 6
  row 0 + 1*0.0 + 1*1.0

Operations are a text like this one, which adds 5 to the larger of two numbers; %n is the n-th value, inputs first. Nothing
is asked on chain, and the outputs stay unproven:
  trine operations 1
  input uint8 compute 4 degree 3 level 1
  input uint8 compute 4 degree 3 level 1
  max uint8 %0 %1
  constant uint8 5
  add uint8 %2 %3
  output %4")]
pub struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Answer a request that is on chain already.
    #[arg(long, value_name = "ID", conflicts_with_all = ["program", "operations", "inputs"])]
    request: Option<B256>,
    /// Make a request for the program in this file.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["request", "operations"],
          conflicts_with = "operations", requires = "inputs")]
    program: Option<PathBuf>,
    /// Evaluate the operations in this file.
    #[arg(long, value_name = "FILE", requires = "inputs")]
    operations: Option<PathBuf>,
    /// Inputs in the order of the program or of the operations: ciphertext files, or handles.
    #[arg(value_name = "INPUT", value_parser = input)]
    inputs: Vec<Input>,
    /// Development account that makes the request: the consumer of all inputs.
    #[arg(long, value_name = "NUMBER", default_value_t = ORGANISER)]
    account: usize,
}

/// An input as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Input {
    Handle(B256),
    File(PathBuf),
}

fn input(text: &str) -> Result<Input, String> {
    match text.strip_prefix("0x") {
        Some(_) => text.parse().map(Input::Handle).map_err(|e| format!("handle: {e}")),
        None => Ok(Input::File(text.into())),
    }
}

/// A request on chain.
struct Request {
    id: B256,
    key_digest: B256,
    program_text: String,
    program_id: B256,
    inputs: Vec<B256>,
}

/// Makes or reads the request, or reads the operations, and submits the job.
pub async fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let cluster = arguments.target.file()?;
    if let Some(path) = &arguments.operations {
        return submit_operations(&cluster, path, &arguments.inputs, output).await;
    }
    let reader = target::reader(&cluster)?;
    let request = match (arguments.request, &arguments.program) {
        (Some(id), _) => read_request(&reader, id).await?,
        (None, Some(path)) => {
            let program = read_program(path)?;
            let handles = arguments.inputs.iter().map(handle).collect::<anyhow::Result<Vec<_>>>()?;
            make_request(&cluster, &reader, arguments.account, &program, handles).await?
        }
        (None, None) => anyhow::bail!("name a request or a program"),
    };
    let mut engine = target::engine(&cluster).await?;
    let id = engine.register_program(&request.program_text).await?;
    ensure!(
        id == request.program_id,
        "the engine names the program {id}, the contract {}",
        request.program_id
    );
    let job = engine.submit(&request.id, &request.key_digest.0, &request.program_id, &request.inputs).await?;
    let job_id = hex::encode(&job.job_id);
    if output.json {
        let line = serde_json::json!({
            "job": job_id,
            "state": job.state().as_str_name(),
            "request": request.id,
            "program": request.program_id,
            "inputs": request.inputs,
        });
        println!("{line}");
    } else {
        println!("request  {}", request.id);
        println!("job      {job_id}");
    }
    Ok(ExitCode::SUCCESS)
}

async fn submit_operations(
    cluster: &ClusterFile,
    path: &Path,
    inputs: &[Input],
    output: Output,
) -> anyhow::Result<ExitCode> {
    let text = read_text("operations", path, MAX_OPERATIONS_TEXT_BYTES as u64)?;
    let list = OperationList::from_text(&text).with_context(|| format!("operations {}", path.display()))?;
    let handles = inputs.iter().map(handle).collect::<anyhow::Result<Vec<_>>>()?;
    let call = operation_call(&list, &handles)?;
    let mut engine = target::engine(cluster).await?;
    let first = engine.describe(handles.first().context("no input")?).await?;
    let key_digest = B256::try_from(first.key_digest.as_slice()).context("key digest of the first input")?;
    let job = engine.submit_operations(&rand::random::<[u8; 16]>(), &key_digest.0, call).await?;
    let job_id = hex::encode(&job.job_id);
    if output.json {
        let line = serde_json::json!({
            "job": job_id,
            "state": job.state().as_str_name(),
            "operations": hexadecimal(&job.program_id),
            "circuit": hexadecimal(&job.circuit_id),
            "bootstrappings": job.bootstrappings,
            "inputs": handles,
        });
        println!("{line}");
    } else {
        println!("circuit  {}, {} bootstrappings", hexadecimal(&job.circuit_id), job.bootstrappings);
        println!("job      {job_id}");
    }
    Ok(ExitCode::SUCCESS)
}

fn hexadecimal(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A program in a file, by its first line.
enum Program {
    Linear(LinearProgram),
    Circuit(Circuit),
}

impl Program {
    fn inputs(&self) -> usize {
        match self {
            Self::Linear(program) => program.inputs().len(),
            Self::Circuit(circuit) => circuit.inputs().len(),
        }
    }

    fn to_text(&self) -> String {
        match self {
            Self::Linear(program) => program.to_text(),
            Self::Circuit(circuit) => circuit.to_text(),
        }
    }
}

fn read_program(path: &Path) -> anyhow::Result<Program> {
    let text = read_text("program", path, MAX_PROGRAM_BYTES)?;
    let failed = || format!("program {}", path.display());
    Ok(if is_circuit(&String::from_utf8_lossy(&text)) {
        Program::Circuit(Circuit::from_text(&text).with_context(failed)?)
    } else {
        Program::Linear(LinearProgram::from_text(&text).with_context(failed)?)
    })
}

/// Reads a file whose length is checked first.
fn read_text(what: &'static str, path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("{what} {}", path.display());
    let length = std::fs::metadata(path).with_context(failed)?.len();
    ensure!(length <= most, "{what} {}: {length} bytes, at most {most} are read", path.display());
    std::fs::read(path).with_context(failed)
}

fn handle(input: &Input) -> anyhow::Result<B256> {
    Ok(match input {
        Input::Handle(handle) => *handle,
        Input::File(path) => CiphertextFile::read(path)?.record.handle,
    })
}

async fn read_request(reader: &ChainReader, id: B256) -> anyhow::Result<Request> {
    let record = reader.request(id).await?;
    let program = reader.program(record.programRef).await?;
    let text = reader.program_text(record.programRef).await?;
    Ok(Request {
        id,
        key_digest: record.keyDigest,
        program_text: String::from_utf8(text.to_vec()).context("program text on chain")?,
        program_id: program.id(),
        inputs: reader.requested_inputs(id).await?,
    })
}

async fn make_request(
    cluster: &ClusterFile,
    reader: &ChainReader,
    account: usize,
    program: &Program,
    inputs: Vec<B256>,
) -> anyhow::Result<Request> {
    ensure!(
        inputs.len() == program.inputs(),
        "{} inputs, the program takes {}",
        inputs.len(),
        program.inputs()
    );
    let coprocessor = cluster.chain.coprocessor;
    let first = *inputs.first().context("no input")?;
    let key_digest = reader.handle(first).await.context("first input on chain")?.keyDigest;
    let consumer = target::account(cluster, account)?;
    let registered = match program {
        Program::Linear(program) => consumer.register_program(coprocessor, program).await,
        Program::Circuit(circuit) => consumer.register_circuit(coprocessor, circuit).await,
    };
    let reference = match registered {
        Ok(registered) => registered.reference,
        Err(error) => known_program(error)?,
    };
    // Anew: a refused transaction leaves a gap in the nonces that the account counts by itself.
    let account = target::account(cluster, account)?;
    let id = account.request(coprocessor, reference, key_digest, &inputs).await?;
    let program_id = reader.program(reference).await?.id();
    Ok(Request { id, key_digest, program_text: program.to_text(), program_id, inputs })
}

/// The reference of a program that is registered already, from the contract's refusal.
fn known_program(error: ChainError) -> Result<B256, ChainError> {
    match error {
        ChainError::Reverted {
            error: ContractError::Coprocessor(CoprocessorErrors::ProgramAlreadyRegistered(known)),
            ..
        } => Ok(known.programRef),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_a_handle_or_a_file() {
        let handle = B256::repeat_byte(7);
        assert_eq!(input(&handle.to_string()), Ok(Input::Handle(handle)));
        assert_eq!(input("a.json"), Ok(Input::File("a.json".into())));
        assert!(input("0x12").unwrap_err().starts_with("handle"));
    }

    #[test]
    fn the_texts_of_the_help_are_canonical() {
        let text = |header: &str, lines: usize| -> String {
            include_str!("submit.rs")
                .lines()
                .skip_while(|line| line.trim() != header)
                .take(lines)
                .map(|line| format!("{}\n", line.trim().trim_end_matches("\")]")))
                .collect()
        };
        let operations = OperationList::from_text(text("trine operations 1", 7).as_bytes()).unwrap();
        assert_eq!(operations.evaluate(&[3, 250]), Ok(vec![255]));
        let help = text("trine linear 1", 5);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sum.txt");
        std::fs::write(&path, help).unwrap();
        assert_eq!(read_program(&path).unwrap().inputs(), 2);
        let circuit = "trine circuit 1\ninput bool compute 1 degree 1\noutput bool compute 1 degree 1\nrow 0 + 1*i0.0\n";
        std::fs::write(&path, circuit).unwrap();
        assert!(
            matches!(read_program(&path).unwrap(), Program::Circuit(circuit) if circuit.outputs().len() == 1)
        );
        std::fs::write(&path, vec![b' '; MAX_PROGRAM_BYTES as usize + 1]).unwrap();
        assert!(read_program(&path).err().unwrap().to_string().contains("at most"));
    }
}
