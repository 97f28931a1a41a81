//! A ceremony as its contributors type it: files go from one to the next, and the last one becomes a key.

use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use rayon::prelude::*;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use trine_prover::Mode;
use trine_prover::ceremony::CeremonyKey;
use trine_prover::groth::verifying_key_bytes;
use trine_prover::srs;

const CIRCUIT: [&str; 2] = ["--circuit", "trial"];

fn trine(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_trine"))
        .args(["--json", "--quiet", "ceremony"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn answer(folder: &Path, arguments: &[&str]) -> Value {
    let output = trine(folder, arguments, "a line of dice rolls\n");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = trine(folder, arguments, "");
    assert!(!output.status.success(), "{arguments:?} succeeds");
    assert!(output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file of powers of known secrets, laid out as snarkjs does.
fn write_powers(path: &Path, log: u32) {
    let [tau, alpha, beta] = [3u64, 5, 7].map(|secret| Fr::from(secret).pow([1_000_003]));
    let size = 1u64 << log;
    let montgomery = |coordinates: &[Fq]| -> Vec<u8> {
        coordinates.iter().flat_map(|c| c.0.0).flat_map(u64::to_le_bytes).collect()
    };
    let g1 = |factor: Fr, count: u64| -> Vec<u8> {
        let point = |i| (G1Affine::generator() * (factor * tau.pow([i]))).into_affine();
        (0..count).into_par_iter().map(point).flat_map_iter(|p| montgomery(&[p.x, p.y])).collect()
    };
    let encode = |p: G2Affine| montgomery(&[p.x.c0, p.x.c1, p.y.c0, p.y.c1]);
    let g2 = |factor: Fr| encode((G2Affine::generator() * factor).into_affine());
    let header =
        [&32u32.to_le_bytes()[..], &Fq::MODULUS.to_bytes_le(), &log.to_le_bytes(), &log.to_le_bytes()]
            .concat();
    let sections = [
        header,
        g1(Fr::ONE, 2 * size - 1),
        (0..size).into_par_iter().flat_map_iter(|i| g2(tau.pow([i]))).collect(),
        g1(alpha, size),
        g1(beta, size),
        g2(beta),
    ];
    let mut bytes = [&b"ptau"[..], &1u32.to_le_bytes(), &6u32.to_le_bytes()].concat();
    for (section, content) in (1u32..).zip(sections) {
        bytes.extend(section.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn contributors_make_a_key_over_files() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write_powers(&folder.join("powers.ptau"), 3);
    let base = ["--ptau", "powers.ptau", CIRCUIT[0], CIRCUIT[1]];
    let with_base = |head: &[&'static str], tail: &[&'static str]| [head, &base, tail].concat();

    let begun = answer(folder, &with_base(&["new"], &["--out", "0"]));
    assert_eq!(begun["contributions"], 0);
    let nobody = refusal(folder, &with_base(&["finalise", "0", "--beacon", "ab"], &["--iterations", "1024"]));
    assert!(nobody.contains("CE.K1"), "{nobody}");

    let ada = answer(folder, &["contribute", "0", "--name", "Ada", "--out", "1"]);
    let grace = answer(folder, &["contribute", "1", "--name", "Grace", "--text", "--out", "2"]);
    assert_eq!(grace["records"][0]["hash"], ada["hash"], "what Ada published is in the last file");
    let again = answer(folder, &["contribute", "1", "--name", "Grace", "--text", "--out", "2-again"]);
    assert_ne!(again["hash"], grace["hash"], "the same text, other bytes of the operating system");
    let verified = answer(folder, &with_base(&["verify", "2"], &[]));
    assert_eq!((&verified["valid"], &verified["contributions"]), (&true.into(), &2.into()));
    let existing = refusal(folder, &["contribute", "1", "--name", "Eve", "--out", "2"]);
    assert!(existing.contains("2 exists"), "{existing}");

    let closing = ["finalise", "2", "--beacon", "0x5eed", "--iterations", "1024", "--out", "final"];
    let closed = answer(folder, &with_base(&closing, &[]));
    assert_eq!((&closed["closed"], &closed["records"][2]["beacon"]), (&true.into(), &true.into()));
    answer(folder, &with_base(&["verify", "final", "--key", "groth16.key"], &[]));

    let key = CeremonyKey::from_bytes(&std::fs::read(folder.join("groth16.key")).unwrap()).unwrap();
    let verifying_key = std::fs::read(folder.join("verifying-key.bin")).unwrap();
    assert_eq!(verifying_key, verifying_key_bytes(&key.key.vk));

    refusals(folder, &with_base);
}

#[test]
fn a_reference_string_is_made_from_the_powers() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path();
    write_powers(&folder.join("powers.ptau"), 5);
    let arguments = ["reference-string", "--ptau", "powers.ptau", "--log-powers", "5"];
    let made = answer(folder, &arguments);
    let key = srs::load(&folder.join("reference-string.bin"), Mode::Production).unwrap();
    assert_eq!(made["srs_digest"], hex::encode(key.verifier().digest()));
    assert_eq!(key.powers().len(), 32);
    let existing = refusal(folder, &arguments);
    assert!(existing.contains("reference-string.bin exists"), "{existing}");
    let few = refusal(folder, &["reference-string", "--ptau", "powers.ptau", "--out", "other"]);
    assert!(few.contains("131072 powers wanted"), "{few}");
}

/// The arguments of a command between the parts that all commands have.
type WithBase<'a> = &'a dyn Fn(&[&'static str], &[&'static str]) -> Vec<&'static str>;

fn refusals(folder: &Path, with_base: WithBase<'_>) {
    let other_circuit = refusal(folder, &["verify", "2", "--ptau", "powers.ptau"]);
    assert!(other_circuit.contains("powers wanted"), "{other_circuit}");
    let late = refusal(folder, &["contribute", "final", "--name", "Eve", "--out", "3"]);
    assert!(late.contains("CE.C2"), "{late}");
    let short = refusal(
        folder,
        &with_base(
            &["finalise", "2", "--beacon", "ab", "--iterations", "5"],
            &["--out", "x", "--key", "y", "--verifying-key", "z"],
        ),
    );
    assert!(short.contains("5 iterations"), "{short}");
    let open = refusal(folder, &with_base(&["verify", "2", "--key", "groth16.key"], &[]));
    assert!(open.contains("CE.K6"), "{open}");
    damage(folder.join("2"));
    let damaged = refusal(folder, &["contribute", "2", "--name", "Eve", "--out", "3"]);
    assert!(damaged.contains("CE.F3"), "{damaged}");
}

fn damage(path: PathBuf) {
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
