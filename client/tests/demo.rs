//! The command as users run it.

use std::process::{Command, Output};

fn trine(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trine")).args(arguments).output().unwrap()
}

fn last_json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"))
}

#[test]
fn a_tally_in_one_process_counts_every_ballot() {
    let output = trine(&["demo", "--no-chain", "--voters", "13", "--quiet"]);
    let summary = last_json(&output);
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["totals"], summary["expected"]);
    let counted: u64 = summary["totals"].as_array().unwrap().iter().map(|t| t.as_u64().unwrap()).sum();
    assert_eq!(counted, 13);
    assert_eq!(summary["stages"]["chain"], "absent");
    assert!(summary["open"].as_array().unwrap().len() > 2);
}

#[test]
fn voters_outside_a_block_are_refused() {
    for voters in ["11", "16", "x"] {
        assert!(!trine(&["demo", "--no-chain", "--voters", voters]).status.success());
    }
    assert!(!trine(&["demo", "--voters", "13"]).status.success());
}

#[test]
fn a_receipt_needs_an_anchor() {
    let output = trine(&["verify", "/nonexistent.json"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--srs-digest"));
}

/// Names that `--attack list` prints, one first on each line.
fn attacks(program: &str) -> Vec<String> {
    let output = trine(&["demo", "--program", program, "--attack", "list"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn attacks_are_listed_by_the_kind_of_program() {
    let has = |names: &[String], name: &str| names.iter().any(|n| n == name);
    let (linear, circuit) = (attacks("linear-tally"), attacks("age-check"));
    assert_eq!((linear.len(), circuit.len()), (28, 63));
    assert!(has(&linear, "two-keyholders-lying") && has(&linear, "z-not-bound"));
    assert!(has(&circuit, "halves-of-two-proofs") && !has(&linear, "halves-of-two-proofs"));
    let segments = attacks("auction");
    assert_eq!(segments.len(), 14);
    assert!(has(&segments, "a-segment-left-out") && !has(&circuit, "a-segment-left-out"));
    let listed = trine(&["demo", "--program", "age-check", "--jobs", "2", "--attack", "list"]).stdout;
    let batch = String::from_utf8(listed).unwrap();
    assert_eq!(batch.lines().count(), 17);
    assert!(batch.contains("outputs-exchanged") && !batch.contains("halves-of-two-proofs"));
    assert_eq!(
        trine(&["demo", "--attack", "list"]).stdout,
        trine(&["demo", "--program", "linear-tally", "--attack", "list"]).stdout
    );
    assert!(!trine(&["demo", "--attack", "no-such-attack"]).status.success());
    assert!(!trine(&["demo", "--program", "age-check", "--attack", "isolating-weights"]).status.success());
    assert!(!trine(&["demo", "--program", "election", "--attack", "all"]).status.success());
}

/// Whether the programs of the other crates are built beside this one.
fn has_services() -> bool {
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_trine")).parent().unwrap();
    ["trine-engine", "trine-prover", "trine-keyholder"].iter().all(|name| folder.join(name).is_file())
}

#[test]
#[ignore = "slow: seven processes, about a minute with cached keys"]
fn a_tally_on_a_cluster_is_proved_released_and_accepted() {
    assert!(has_services(), "build the workspace's binaries first");
    let folder = tempfile::tempdir().unwrap();
    let receipt = folder.path().join("receipt.json");
    let receipt = receipt.to_str().unwrap();
    let program = ["--program", "linear-tally", "--voters", "12"];
    let output = trine(&[&["demo", "--quiet", "--receipt", receipt], &program[..]].concat());
    let summary = last_json(&output);
    assert!(output.status.success(), "{summary}");
    assert_eq!(summary["totals"], summary["expected"]);
    assert_eq!(summary["released"], true);
    assert_eq!(summary["stages"]["release"], "threshold");
    assert!(summary["gas_fulfil"].as_u64().unwrap() < 900_000);
    assert!(summary["calldata_bytes"].as_u64().unwrap() < 8_000);
    let verified = trine(&["verify", receipt, "--development", "--json"]);
    assert!(verified.status.success());
    assert_eq!(last_json(&verified)["valid"], true);
}

#[test]
#[ignore = "slow: seven processes and a proof of sixteen bootstrappings, about six minutes with cached keys, 5 GB"]
fn an_election_on_a_cluster_is_proved_released_and_accepted() {
    assert!(has_services(), "build the workspace's binaries first");
    let folder = tempfile::tempdir().unwrap();
    let receipt = folder.path().join("receipt.json");
    let receipt = receipt.to_str().unwrap();
    let output = trine(&["demo", "--quiet", "--receipt", receipt]);
    let summary = last_json(&output);
    assert!(output.status.success(), "{summary}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(summary["winner"], summary["expected_winner"]);
    assert_eq!((&summary["released"], &summary["bootstrappings"]), (&true.into(), &16.into()));
    assert_eq!(summary["stages"]["release"], "threshold");
    let verified = trine(&["verify", receipt, "--development", "--json"]);
    assert!(verified.status.success());
    assert_eq!(last_json(&verified)["valid"], true);
}

#[test]
#[ignore = "slow: seven processes and a proof for each segment of an auction, some minutes each with cached keys, 5 GB"]
fn an_auction_of_several_segments_is_proved_released_and_attacked_on_a_cluster() {
    assert!(has_services(), "build the workspace's binaries first");
    let folder = tempfile::tempdir().unwrap();
    let receipt = folder.path().join("receipt.json");
    let receipt = receipt.to_str().unwrap();
    let attack = ["--program", "auction", "--attack", "all"];
    let output = trine(&[&["demo", "--quiet", "--receipt", receipt], &attack[..]].concat());
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (reports, summaries): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.get("attack").is_some());
    let [summary] = summaries.as_slice() else { panic!("{text}\n{errors}") };
    assert_eq!((&summary["values"], &summary["released"]), (&summary["expected"], &true.into()));
    let gas: Vec<u64> =
        summary["gas_segments"].as_array().unwrap().iter().map(|gas| gas.as_u64().unwrap()).collect();
    assert!(gas.len() > 1 && summary["segments"] == gas.len());
    assert_eq!(summary["gas_fulfil"], gas.iter().sum::<u64>());
    assert_eq!(reports.len(), 14, "{text}\n{errors}");
    for report in &reports {
        assert!(report["refused"] == true || report["harmless"] == true, "{report}");
    }
    assert!(output.status.success());
    let verified = last_json(&trine(&["verify", receipt, "--development", "--json"]));
    assert_eq!((&verified["valid"], &verified["segments"]), (&true.into(), &summary["segments"]));
}

#[test]
#[ignore = "slow: seven processes and a proof for each segment of a transfer, some minutes each with cached keys, 5 GB"]
fn of_a_transfer_one_output_is_released_and_the_others_stay_encrypted() {
    assert!(has_services(), "build the workspace's binaries first");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipt.json");
    let file = path.to_str().unwrap();
    let output = trine(&["demo", "--quiet", "--program", "transfer", "--receipt", file]);
    let summary = last_json(&output);
    assert!(output.status.success(), "{summary}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((&summary["values"], &summary["released"]), (&summary["expected"], &true.into()));
    assert_eq!(summary["outputs"], serde_json::json!(["covered"]));
    assert_eq!(summary["sealed"], serde_json::json!(["sender's balance", "receiver's balance"]));
    let receipt: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let (outputs, released) = (&receipt["outputs"], &receipt["release"]["handles"]);
    assert_eq!((outputs.as_array().unwrap().len(), released.as_array().unwrap().len()), (3, 1));
    assert_eq!(released[0], outputs[0]["handle"]);
    let verified = trine(&["verify", file, "--development", "--json"]);
    assert!(verified.status.success());
    assert_eq!(last_json(&verified)["valid"], true);
}

/// Plays all attacks of a program and checks that each is reported as refused or harmless.
fn every_attack_holds(program: &str, count: usize) {
    assert!(has_services(), "build the workspace's binaries first");
    let output = trine(&["demo", "--quiet", "--program", program, "--attack", "all"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Vec<serde_json::Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|value: &serde_json::Value| value.get("attack").is_some())
        .collect();
    assert_eq!(reports.len(), count, "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    for report in &reports {
        assert!(report["refused"] == true || report["harmless"] == true, "{report}");
    }
    assert!(output.status.success());
}

#[test]
#[ignore = "slow: the tally, then 28 attacks, about four minutes with cached keys"]
fn every_attack_is_refused_by_name_or_harmless() {
    every_attack_holds("linear-tally", 28);
}

#[test]
#[ignore = "slow: a circuit, then 63 attacks with three more proofs, some minutes with cached keys, 5 GB"]
fn every_attack_on_a_circuit_is_refused_by_name_or_harmless() {
    every_attack_holds("age-check", 63);
}

#[test]
#[ignore = "slow: three age checks in two proofs on a cluster, then 17 attacks, some minutes with cached keys, 5 GB"]
fn jobs_proved_together_are_released_and_attacked_on_a_cluster() {
    assert!(has_services(), "build the workspace's binaries first");
    let folder = tempfile::tempdir().unwrap();
    let receipt = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let batch = ["--program", "age-check", "--jobs", "3", "--attack", "all"];
    let output = trine(&[&["demo", "--quiet", "--receipt", &receipt("receipt.json")], &batch[..]].concat());
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<serde_json::Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (reports, summaries): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| line.get("attack").is_some());
    let [summary] = summaries.as_slice() else { panic!("{text}\n{errors}") };
    let results = summary["results"].as_array().unwrap();
    assert_eq!((results.len(), &summary["jobs"]), (3, &3.into()));
    for result in results {
        assert_eq!((&result["values"], &result["released"]), (&result["expected"], &true.into()), "{result}");
    }
    let gas = summary["gas"].as_array().unwrap();
    assert!(gas.len() < 3 && summary["proofs"] == gas.len(), "{summary}");
    assert_eq!(gas.iter().map(|transaction| transaction["jobs"].as_u64().unwrap()).sum::<u64>(), 3);
    assert_eq!(reports.len(), 17, "{text}\n{errors}");
    for report in &reports {
        assert!(report["refused"] == true || report["harmless"] == true, "{report}");
    }
    assert!(output.status.success());
    for (name, result) in ["receipt.json", "receipt.2.json", "receipt.3.json"].iter().zip(results) {
        let verified = last_json(&trine(&["verify", &receipt(name), "--development", "--json"]));
        assert_eq!(verified["valid"], true, "{name}");
        assert_eq!(verified["jobs_in_proofs"], result["jobs_in_proofs"], "{name}");
    }
}
