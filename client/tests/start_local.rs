//! `deploy/start-local.sh`: a cluster from the files of `deploy/`, on which tally and receipt hold.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The script. Dropped, it is told to stop, and stops its processes.
struct Script(Child);

impl Drop for Script {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "slow: seven processes on the ports of deploy/, a minute and a half with cached keys"]
fn a_cluster_from_the_files_of_deploy_holds_a_tally() {
    let trine = Path::new(env!("CARGO_BIN_EXE_trine"));
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let child = Command::new(deploy.join("start-local.sh"))
        .env("TRINE_BIN", trine.parent().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut script = Script(child);
    let lines = BufReader::new(script.0.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).any(|line| line.starts_with("ready: trine"));
    assert!(ready, "the script ends before its cluster is ready");

    let folder = tempfile::tempdir().unwrap();
    let receipt = folder.path().join("receipt.json");
    let run = |arguments: &[&str]| {
        let output = Command::new(trine).args(arguments).args(["--json", "--quiet"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str::<serde_json::Value>(text.lines().last().unwrap()).unwrap()
    };
    let cluster = deploy.join("cluster.toml");
    let receipt = receipt.to_str().unwrap();
    let tally = ["--program", "linear-tally"];
    let demo = ["demo", "--cluster", cluster.to_str().unwrap(), "--receipt", receipt];
    let summary = run(&[&demo[..], &tally].concat());
    assert_eq!(summary["totals"], summary["expected"]);
    assert_eq!(summary["released"], true);

    let request = std::fs::read_to_string(receipt).unwrap();
    let request: serde_json::Value = serde_json::from_str(&request).unwrap();
    let request = request["request_id"].as_str().unwrap();
    let rpc = "http://127.0.0.1:8545";
    let verdict = run(&["verify", receipt, "--development", "--rpc", rpc, "--request", request]);
    assert_eq!(verdict["valid"], true);
    assert_eq!(verdict["plaintexts"], summary["totals"]);
    assert_eq!(verdict["chain"]["proof_checked"], true);
    assert_eq!(verdict["chain"]["release_checked"], true);
}
