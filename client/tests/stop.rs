//! Signals to a command that has started a cluster: no process outlives it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Anvil, engine, prover, four keyholders.
const PROCESSES: usize = 7;
/// Time that the processes get to start, and to be gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// Direct children of a process.
fn children(of: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{of}/task")).unwrap();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(|id| id.parse().unwrap()).collect::<Vec<_>>()).collect()
}

/// Whether a process still runs: one that has ended may wait for its parent to read its status.
fn runs(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start().chars().next();
    state.is_some_and(|state| !['Z', 'X'].contains(&state))
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Sends the signal, waits for the end, and returns whether it was a success and what standard error says.
fn end(child: Child, signal: &str) -> (bool, String) {
    let processes = children(child.id());
    assert_eq!(processes.len(), PROCESSES);
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    wait_until("all processes are gone", || !processes.iter().any(|process| runs(*process)));
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
#[ignore = "slow: four clusters are started, two minutes with cached keys"]
fn no_process_outlives_the_command_that_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let started = |child: &Child| wait_until("all processes run", || children(child.id()).len() == PROCESSES);

    let mut ready = start(&["up", "--folder", &place("ready"), "--json", "--quiet"]);
    let line = BufReader::new(ready.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(line.contains("cluster.toml"), "{line}");
    assert_eq!(end(ready, "TERM"), (true, String::new()));

    let starting = start(&["up", "--folder", &place("starting"), "--quiet"]);
    started(&starting);
    let (success, error) = end(starting, "INT");
    assert!(!success && error.contains("interrupted while starting"), "{error}");

    let demo = start(&["demo", "--directory", &place("demo"), "--quiet"]);
    started(&demo);
    let (success, error) = end(demo, "TERM");
    assert!(!success && error.contains("terminated"), "{error}");
    assert!(Path::new(&place("demo")).join("state/logs").is_dir(), "the logs stay");

    // Nothing can be done on SIGKILL: the kernel ends the processes.
    let killed = start(&["up", "--folder", &place("killed"), "--quiet"]);
    started(&killed);
    assert!(!end(killed, "KILL").0);
}
