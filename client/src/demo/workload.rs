//! A workload on a cluster: an account is the registrant and the consumer of all inputs, the committee releases the outputs
//! that are made for decryption, and they are compared with the model. The others stay encrypted.

use super::clients::{Asked, Clients, Fulfilled, fulfil_all, put_key, receipt_release, release, upload};
use super::election::encrypt;
use super::figures::{CircuitFigures, RunFigures, WorkloadSummary};
use super::jobs::{JobFigures, TransactionFigures, proofs_of};
use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use rand::{CryptoRng, RngCore};
use trine::chain::circuits::registration;
use trine::chain::{Account, RegisteredProgram};
use trine::cluster::preparation::{Material, account};
use trine::facts::{ChainReader, SignedRelease};
use trine::keyholders::Release;
use trine::phases::{OpenPhase, Phases};
use trine::receipt::Receipt;
use trine::receipt::file::ReceiptRelease;
use trine::voter::EncryptedValue;
use trine_program::Declaration;
use trine_program::circuit::{Circuit, segments};
use trine_program::operation::max_value;
use trine_programs::Workload;
use trine_verifier::bootstrapping::Parameters;

/// Fails unless the workload can be proven, in however many segments, and an output is made for decryption.
pub fn check(workload: &dyn Workload) -> anyhow::Result<Circuit> {
    let circuit = workload.circuit()?;
    registration(&circuit).with_context(|| format!("{} ({})", workload.name(), workload.parameters()))?;
    ensure!(marks(workload).contains(&true), "{}: no output is made for decryption", workload.name());
    Ok(circuit)
}

/// Of each output whether it is made for decryption.
fn marks(workload: &dyn Workload) -> Vec<bool> {
    workload.operations().list.outputs().iter().map(|output| output.release).collect()
}

/// The outputs that carry this mark.
fn marked<T>(outputs: impl IntoIterator<Item = T>, marks: &[bool], mark: bool) -> Vec<T> {
    outputs.into_iter().zip(marks).filter(|(_, own)| **own == mark).map(|(output, _)| output).collect()
}

/// How many proofs the workload takes.
pub fn segment_count(workload: &dyn Workload) -> anyhow::Result<usize> {
    Ok(segments(&workload.circuit()?, &Parameters::PRODUCTION.segment_limits())?.len())
}

/// A workload, from inputs to released outputs.
pub struct Answered {
    /// Parameters of the workload, in words.
    parameters: String,
    /// Its circuit.
    pub circuit: Circuit,
    /// The circuit on chain.
    pub registered: RegisteredProgram,
    /// Digest of the evaluation key.
    pub key_digest: B256,
    /// Inputs as everybody sees them.
    pub values: Vec<EncryptedValue>,
    /// Their handles.
    pub handles: Vec<B256>,
    /// The fulfilled request.
    pub fulfilled: Fulfilled,
    /// What the committee released.
    pub release: Release,
    /// The released outputs.
    released: Vec<u64>,
    /// What the model says of these.
    expected: Vec<u64>,
}

/// Runs workloads on a cluster, one job each, with an account as the consumer. All are handed over before the first is waited
/// for, so that those which wait for a proof may get one together.
pub async fn run<R: RngCore + CryptoRng>(
    clients: &mut Clients,
    material: &Material,
    workloads: &[Box<dyn Workload>],
    rng: &mut R,
    phases: &mut Phases,
) -> anyhow::Result<Vec<Answered>> {
    let consumer = clients.account(account::ORGANISER)?;
    let coprocessor = clients.file.chain.coprocessor;

    let phase = phases.open("programs and keys");
    let key_digest = circuit_key(clients, &consumer, material).await?;
    let mut programs: Vec<(Circuit, RegisteredProgram)> = Vec::with_capacity(workloads.len());
    for workload in workloads {
        let circuit = check(workload.as_ref())?;
        let registered = match programs.iter().find(|(known, _)| *known == circuit) {
            Some((_, registered)) => *registered,
            None => register_circuit(clients, &consumer, &circuit).await?,
        };
        programs.push((circuit, registered));
    }
    put_key(&mut clients.engine, material).await?;
    let bootstrappings: usize = programs.iter().map(|(circuit, _)| circuit.bootstrappings().len()).sum();
    phases.close(phase, format!("{bootstrappings} bootstrappings"));

    let phase = phases.open("encrypt");
    let plaintexts: Vec<Vec<u64>> = workloads.iter().map(|workload| workload.draw(rng)).collect();
    let encrypted = programs
        .iter()
        .zip(&plaintexts)
        .map(|((circuit, _), plaintexts)| encrypt(material, circuit, plaintexts));
    let values: Vec<Vec<EncryptedValue>> = encrypted.collect::<Result<_, _>>()?;
    phases.close(phase, format!("{} inputs", values.iter().map(Vec::len).sum::<usize>()));

    let phase = phases.open("register");
    let mut requests = Vec::with_capacity(workloads.len());
    for ((_, registered), values) in programs.iter().zip(&values) {
        let handles = register_values(clients, &consumer, key_digest, values, &phase).await?;
        let request_id = consumer.request(coprocessor, registered.reference, key_digest, &handles).await?;
        requests.push((request_id, handles));
    }
    phases.close(phase, noted(&requests));

    let asked = programs.iter().zip(&requests).map(|((_, program), (request_id, handles))| Asked {
        program,
        key_digest,
        request_id: *request_id,
        handles,
    });
    let asked: Vec<Asked<'_>> = asked.collect();
    let fulfilled = fulfil_all(clients, material, &asked, phases).await?;

    let phase = phases.open("release");
    let mut answered = Vec::with_capacity(workloads.len());
    let jobs = workloads.iter().zip(programs).zip(values).zip(requests).zip(plaintexts).zip(fulfilled);
    for (((((workload, (circuit, registered)), values), (_, handles)), plaintexts), fulfilled) in jobs {
        let marks = marks(workload.as_ref());
        let named = marked(fulfilled.receipt.output_handles(), &marks, true);
        let release = released(clients, &consumer, &fulfilled, &named, &phase).await?;
        answered.push(Answered {
            parameters: workload.parameters(),
            registered,
            key_digest,
            values,
            handles,
            fulfilled,
            released: decoded(&marked(circuit.outputs().iter().copied(), &marks, true), &release.plaintexts)?,
            release,
            expected: marked(workload.model(&plaintexts), &marks, true),
            circuit,
        });
    }
    let values: Vec<&[u64]> = answered.iter().map(|job| job.released.as_slice()).collect();
    phases.close(phase, format!("{values:?}"));
    Ok(answered)
}

fn noted(requests: &[(B256, Vec<B256>)]) -> String {
    match requests {
        [(request_id, _)] => format!("request {request_id}"),
        requests => format!("{} requests", requests.len()),
    }
}

/// Lets the committee decrypt outputs of a request, and has the release verifier check what it signs.
async fn released(
    clients: &Clients,
    consumer: &Account,
    fulfilled: &Fulfilled,
    outputs: &[B256],
    phase: &OpenPhase,
) -> anyhow::Result<Release> {
    let chain = &clients.file.chain;
    consumer.allow_release(chain.coprocessor, outputs).await?;
    let release = release(clients, fulfilled, phase).await?;
    ensure!(release.handles == outputs, "released are {:?}, allowed {outputs:?}", release.handles);
    let reader = ChainReader::new(&chain.rpc_url, chain.coprocessor)?;
    let signed = SignedRelease {
        epoch: release.epoch,
        request_id: fulfilled.request_id,
        handles: release.handles.clone(),
        plaintexts: release.plaintexts.clone(),
        signature: release.signature.clone(),
    };
    reader.check_release(chain.release_verifier, &signed).await?;
    Ok(release)
}

/// Registers values by an account, for itself as the consumer, and uploads them.
pub async fn register_values(
    clients: &mut Clients,
    consumer: &Account,
    key_digest: B256,
    values: &[EncryptedValue],
    phase: &OpenPhase,
) -> anyhow::Result<Vec<B256>> {
    let (coprocessor, own) = (clients.file.chain.coprocessor, consumer.address());
    let mut handles = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        phase.step(&format!("input {}", index + 1));
        let declared = value.words.declaration();
        let handle =
            consumer.register_ciphertext(coprocessor, own, key_digest, declared, &value.commitment).await?;
        upload(clients, key_digest, value, own, own, handle).await?;
        handles.push(handle);
    }
    Ok(handles)
}

impl Answered {
    /// The receipt with the release, which no consumer contract takes.
    pub fn full_receipt(&self, release_verifier: Address) -> Receipt {
        let release = receipt_release(&self.release, release_verifier, B256::ZERO);
        let release = ReceiptRelease { release_tx: None, ..release };
        Receipt { release: Some(release), ..self.fulfilled.receipt.clone() }
    }

    fn figures(&self) -> JobFigures {
        JobFigures {
            request: self.fulfilled.request_id,
            parameters: self.parameters.clone(),
            values: self.released.clone(),
            expected: self.expected.clone(),
            released: true,
            jobs_in_proofs: self.fulfilled.receipt.jobs(),
            transactions: self.fulfilled.transactions(),
        }
    }
}

/// The figures of a run, in whose first job all figures of a single one are.
pub fn summary(
    workload: &dyn Workload,
    answered: &[Answered],
    phases: &Phases,
    keys_cached: bool,
) -> anyhow::Result<WorkloadSummary> {
    let first = answered.first().context("no jobs")?;
    let (names, marks) = (workload.operations().outputs, marks(workload));
    let fulfilled: Vec<&Fulfilled> = answered.iter().map(|job| &job.fulfilled).collect();
    Ok(WorkloadSummary {
        parameters: first.parameters.clone(),
        outputs: marked(names.iter().cloned(), &marks, true),
        sealed: marked(names, &marks, false),
        values: first.released.clone(),
        expected: first.expected.clone(),
        released: true,
        jobs: answered.len(),
        proofs: proofs_of(&fulfilled),
        results: answered.iter().map(Answered::figures).collect(),
        gas: TransactionFigures::of(&fulfilled),
        circuit: CircuitFigures::of(workload.name(), &first.circuit, &first.fulfilled)?,
        run: RunFigures::of(phases, keys_cached),
    })
}

/// Integers from released blocks, two bits each and carries added, output by output.
fn decoded(outputs: &[Declaration], plaintexts: &[u64]) -> anyhow::Result<Vec<u64>> {
    let expected: usize = outputs.iter().map(|d| usize::from(d.blocks)).sum();
    ensure!(plaintexts.len() == expected, "{} blocks released, expected {expected}", plaintexts.len());
    let mut rest = plaintexts;
    let mut values = Vec::with_capacity(outputs.len());
    for declared in outputs {
        let (blocks, next) = rest.split_at(usize::from(declared.blocks));
        let sum = blocks.iter().rev().fold(0u64, |sum, block| sum.wrapping_shl(2).wrapping_add(*block));
        values.push(sum & max_value(declared.value_type));
        rest = next;
    }
    Ok(values)
}

/// Registers a circuit on chain and with the engine.
pub async fn register_circuit(
    clients: &mut Clients,
    account: &Account,
    circuit: &Circuit,
) -> anyhow::Result<RegisteredProgram> {
    let registered = account.register_circuit(clients.file.chain.coprocessor, circuit).await?;
    let id = clients.engine.register_program(&circuit.to_text()).await?;
    ensure!(id == registered.id, "the engine names the circuit {id}, the contract {}", registered.id);
    Ok(registered)
}

/// Digest of the evaluation key that circuits run under; the chain must know it as that of the cluster's key set.
pub async fn circuit_key(clients: &Clients, account: &Account, material: &Material) -> anyhow::Result<B256> {
    let chain = &clients.file.chain;
    ensure!(chain.gateway.is_some(), "the cluster serves no circuits: its file names no gateway");
    let circuits = material.circuits.as_ref().context("no setups of circuits")?;
    let content = account.content_of(chain.coprocessor, circuits.key_digest).await?;
    ensure!(
        content == material.key_digest,
        "the chain knows the key {} as that of {content}, expected {}: no committee has attested it",
        circuits.key_digest,
        material.key_digest
    );
    Ok(circuits.key_digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_program::value::{KeyKind, ValueType};
    use trine_programs::workload::{Size, named};
    use trine_verifier::bootstrapping::registration::Registration;

    #[test]
    fn released_blocks_are_read_output_by_output() {
        let declared = |value_type: ValueType, degree| Declaration {
            value_type,
            key_kind: KeyKind::Compute,
            blocks: value_type.fixed_blocks().unwrap(),
            degree,
        };
        let outputs = [declared(ValueType::Uint8, 3), declared(ValueType::Bool, 1)];
        assert_eq!(decoded(&outputs, &[3, 2, 0, 1, 1]).unwrap(), [0b0100_1011, 1]);
        assert!(decoded(&outputs, &[3, 2, 0, 1]).unwrap_err().to_string().contains("4 blocks"));
    }

    #[test]
    fn workloads_run_in_as_many_segments_as_they_take() {
        let segments = |name: &str| {
            let workload = named(name, Size::Small).unwrap();
            let expected = match registration(&check(workload.as_ref()).unwrap()).unwrap() {
                Registration::Whole(_) => 1,
                Registration::Segments { segments, .. } => segments.len(),
            };
            assert_eq!(segment_count(workload.as_ref()).unwrap(), expected, "{name}");
            expected
        };
        for name in ["election", "tally", "age-check"] {
            assert_eq!(segments(name), 1, "{name}");
        }
        assert!(segments("auction") > 1);
    }

    /// The balances after a transfer are inputs of the next one.
    #[test]
    fn of_a_transfer_one_output_is_released() {
        let transfer = named("transfer", Size::Small).unwrap();
        let circuit = check(transfer.as_ref()).unwrap();
        assert!(segment_count(transfer.as_ref()).unwrap() > 1);
        let (names, marks) = (transfer.operations().outputs, marks(transfer.as_ref()));
        assert_eq!(marked(&names, &marks, true), ["covered"]);
        assert_eq!(marked(&names, &marks, false), ["sender's balance", "receiver's balance"]);
        let released = marked(circuit.outputs().iter().copied(), &marks, true);
        assert_eq!(decoded(&released, &[1]).unwrap(), [1]);
        assert_eq!(marked(transfer.model(&[9, 4, 3]), &marks, true), [1]);
        assert_eq!(marked(transfer.model(&[3, 4, 3]), &marks, true), [0]);
    }

    #[test]
    fn all_outputs_of_the_other_workloads_are_released() {
        for name in ["election", "tally", "auction", "age-check"] {
            let workload = named(name, Size::Small).unwrap();
            assert!(!marks(workload.as_ref()).contains(&false), "{name}");
            check(workload.as_ref()).unwrap();
        }
    }
}
