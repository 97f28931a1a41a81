//! `examples/python/engine_client.py`, which shares no code with the project, against a running engine and prover.

use serde_json::Value;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tonic::transport::Endpoint;
use trine::ballot::{self, Ballot};
use trine::cluster::health::wait_until_serving;
use trine::cluster::preparation::Material;
use trine::engine::EngineClient;
use trine::port::free_addresses;
use trine::process::{ManagedProcess, find_binary};
use trine::receipt::{Receipt, verify};
use trine::setup;
use trine::voter::{EncryptedValue, HandleDomain, Voter};
use trine_fhe::words::BlockWords;
use trine_proto::engine::v1 as pb;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const COPROCESSOR: [u8; 20] = [7; 20];
const CHAIN_ID: u64 = 31337;
/// What the script declares when it is told nothing else.
const REGISTRANT: [u8; 20] = [0xa1; 20];
const CONSUMER: [u8; 20] = [0xc0; 20];
const BALLOTS: usize = 3;
/// Time to start: the prover may have to make its keys.
const START_SECONDS: u64 = 180;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_without_our_code_uploads_submits_and_follows_to_the_proof() {
    let python = interpreter();
    let material =
        tokio::task::spawn_blocking(|| Material::load_or_generate(&mut |_| {})).await.unwrap().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let services = Services::start(folder.path(), &material).await;

    let public_key = std::fs::read(&material.keys.compact_public_key).unwrap();
    let voter = Voter::new(&public_key, &material.srs).unwrap();
    let ballots: Vec<Ballot> = (0..BALLOTS).map(|_| Ballot::random(&mut rand::rngs::OsRng)).collect();
    let encrypt = |b: &Ballot| voter.encrypt(&ballot::declaration(), &b.counters()).unwrap();
    let values: Vec<EncryptedValue> = ballots.iter().map(encrypt).collect();
    let program = folder.path().join("tally.txt");
    std::fs::write(&program, ballot::tally(BALLOTS).unwrap().to_text()).unwrap();
    let files: Vec<PathBuf> = (0..BALLOTS).map(|i| folder.path().join(format!("ballot-{i}.bin"))).collect();
    files.iter().zip(&values).for_each(|(file, value)| std::fs::write(file, &value.list).unwrap());

    let mut script = Command::new(python);
    script.arg(checkout().join("examples/python/engine_client.py"));
    script.args([services.engine.to_string(), format!("@{}", folder.path().join("token").display())]);
    script.arg(&program).args(&files).arg("--compact-list");
    script.args(["--key-digest", &hex::encode(material.key_digest), "--put-key"]);
    script.args([&material.keys.compact_public_key, &material.keys.server_key]);
    let output = tokio::task::spawn_blocking(move || script.output().unwrap()).await.unwrap();
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    for state in ["PROVING", "PROVEN"] {
        assert!(printed.contains(&format!("state JOB_STATE_{state} ")), "no {state} in\n{printed}");
    }
    let summary: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(summary["state"], "PROVEN", "{summary}");

    // The voter computes the handles from its own words; the script has them from the engine.
    let domain =
        HandleDomain { chain_id: CHAIN_ID, coprocessor: COPROCESSOR, key_digest: material.key_digest.0 };
    let handle = |v: &EncryptedValue| hex::encode(v.record(&domain, REGISTRANT, CONSUMER).handle());
    assert_eq!(summary["inputs"], Value::from(values.iter().map(handle).collect::<Vec<_>>()));

    let mut client = EngineClient::connect(&format!("http://{}", services.engine), TOKEN).await.unwrap();
    let job = client.job(&hex::decode(summary["job"].as_str().unwrap()).unwrap()).await.unwrap();
    assert_eq!(job.state(), pb::JobState::Proven);
    assert_eq!(summary["inputs"], handles(job.inputs.iter()));
    let outputs: Vec<Vec<u8>> =
        job.outputs.iter().map(|o| o.record.as_ref().unwrap().handle.clone()).collect();
    assert_eq!(summary["outputs"], handles(outputs.iter()));
    assert_eq!(summary["proven"], Value::from(vec![true]));

    // What the script had proved is the sum of the ballots, and convinces who trusts the reference string alone.
    let receipt = client.receipt(&job.job_id).await.unwrap();
    assert_eq!(summary["inner_proof_bytes"], receipt.proof.as_ref().unwrap().inner.len());
    let receipt = Receipt::from_wire(&receipt, setup::receipt_setup(material.srs.verifier())).unwrap();
    verify(&receipt, &material.srs.verifier().digest()).unwrap();
    let total = client.download(&receipt.outputs[0].handle).await.unwrap();
    assert_eq!(decrypt(&material, &total.words), ballot::expected_totals(&ballots));
}

#[test]
fn the_script_names_a_wrong_argument() {
    let script = checkout().join("examples/python/engine_client.py");
    let output = Command::new(interpreter())
        .arg(script)
        .args(["127.0.0.1:1", "token", "program.txt", "ballot.bin", "--key-digest", "0xabcd"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("2 bytes, expected 32"), "{errors}");
}

/// An engine without a chain, and its prover.
struct Services {
    engine: SocketAddr,
    _processes: [ManagedProcess; 2],
}

impl Services {
    async fn start(folder: &Path, material: &Material) -> Self {
        let [engine, prover] = free_addresses(2).unwrap().try_into().unwrap();
        symlink(setup::cache_folder(), folder.join("cache")).unwrap();
        write_secret(&folder.join("token"), TOKEN);
        std::fs::write(folder.join("srs.bin"), material.srs.to_bytes()).unwrap();
        let prover_file = format!(
            "listen = \"{prover}\"\ndevelopment = true\nsetup_folder = \"cache\"\ntoken_file = \"token\"\n"
        );
        let engine_file = format!(
            "listen = \"{engine}\"\ndata = \"data\"\ndevelopment = true\nsrs_file = \"srs.bin\"\n\
             verifier_hash = \"{}\"\n[chain]\nchain_id = {CHAIN_ID}\ncoprocessor = \"{}\"\n\
             [prover]\nendpoint = \"http://{prover}\"\ntoken_file = \"token\"\n\
             [[tokens]]\nname = \"client\"\nrole = \"user\"\ntoken_file = \"token\"\n",
            hex::encode(material.verifier_hash),
            hex::encode(COPROCESSOR),
        );
        let start = |name: &str, text: String| {
            let config = folder.join(format!("{name}.toml"));
            std::fs::write(&config, text).unwrap();
            let binary = find_binary(name).unwrap();
            let log = folder.join(format!("{name}.log"));
            ManagedProcess::start(name, &binary, &["--config".as_ref(), config.as_os_str()], &log).unwrap()
        };
        let mut processes = [start("trine-prover", prover_file), start("trine-engine", engine_file)];
        for (process, address) in processes.iter_mut().zip([prover, engine]) {
            let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
            wait_until_serving(process, &endpoint, START_SECONDS).await.unwrap();
        }
        Self { engine, _processes: processes }
    }
}

/// The interpreter with the pinned packages, as `scripts/setup.sh python` installs it.
fn interpreter() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .expect("XDG_CACHE_HOME or HOME is set");
    let environment = cache.join("trine/python");
    let installed = std::fs::read(environment.join(".trine-installed")).unwrap_or_default();
    let pinned = std::fs::read(checkout().join("examples/python/requirements.txt")).unwrap();
    assert!(
        installed == pinned,
        "{} does not hold the packages of examples/python/requirements.txt: run scripts/setup.sh python",
        environment.display()
    );
    environment.join("bin/python")
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write_secret(path: &Path, text: &str) {
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

fn handles<'a>(handles: impl Iterator<Item = &'a Vec<u8>>) -> Value {
    handles.map(hex::encode).collect::<Vec<_>>().into()
}

/// Plaintexts of a tally of [`BALLOTS`] ballots, with the unmodified client key.
fn decrypt(material: &Material, words: &[u64]) -> Vec<u64> {
    let dealer = material.keys.read_dealer().unwrap();
    let degree = u8::try_from(BALLOTS).unwrap();
    words
        .chunks(words.len() / usize::from(ballot::CANDIDATES))
        .map(|block| BlockWords::new(block.to_vec()).unwrap())
        .map(|block| dealer.client().decrypt_message_and_carry(&block.to_shortint(degree)))
        .collect()
}
