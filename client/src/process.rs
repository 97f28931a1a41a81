//! A child process of a local cluster: one binary, one log file, killed when dropped and when its parent is.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Sets the signal that the kernel sends to a process when its parent ends, and then runs it: `setpriv` of util-linux.
const SETPRIV: &str = "/usr/bin/setpriv";
/// Last bytes of a log that an error quotes.
const LOG_TAIL_BYTES: usize = 2048;

/// Why a process does not run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The binary is not where it is expected.
    #[error("{name}: no binary at {path}, expected beside the running one or named by {variable}")]
    Missing {
        /// Name of the process.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// Environment variable that overrides the place.
        variable: String,
    },
    /// The operating system refuses to start it.
    #[error("{name} does not start: {source}")]
    Spawn {
        /// Name of the process.
        name: String,
        /// The refusal.
        source: std::io::Error,
    },
    /// It ended while others still need it.
    #[error("{name} ended with {status}; end of {log}:\n{tail}")]
    Ended {
        /// Name of the process.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its log file.
        log: PathBuf,
        /// Last lines of the log.
        tail: String,
    },
    /// It runs, but does not answer in time.
    #[error("{name} is not ready after {seconds} s; end of {log}:\n{tail}")]
    NotReady {
        /// Name of the process.
        name: String,
        /// Time waited.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// Last lines of the log.
        tail: String,
    },
}

/// A running child. Dropping it kills it and waits until it is gone.
pub struct ManagedProcess {
    name: String,
    log: PathBuf,
    child: Child,
}

impl ManagedProcess {
    /// Starts `binary` with `arguments`, standard output and error appended to `log`.
    ///
    /// Where `setpriv` is installed, the kernel kills the process when the calling *thread* ends, be it by SIGKILL: call
    /// this from a thread that lives as long as the process should. Elsewhere only dropping ends it.
    pub fn start<S: AsRef<std::ffi::OsStr>>(
        name: &str,
        binary: &Path,
        arguments: &[S],
        log: &Path,
    ) -> Result<Self, ProcessError> {
        let spawn = |source| ProcessError::Spawn { name: name.into(), source };
        let out = File::options().create(true).append(true).open(log).map_err(spawn)?;
        let error = out.try_clone().map_err(spawn)?;
        let child = bound_to_this_thread(binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(error)
            .spawn()
            .map_err(spawn)?;
        Ok(Self { name: name.into(), log: log.into(), child })
    }

    /// Name of the process.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Fails with the end of the log when the process has ended.
    pub fn check(&mut self) -> Result<(), ProcessError> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(ProcessError::Ended {
                name: self.name.clone(),
                status,
                log: self.log.clone(),
                tail: self.log_tail(),
            }),
            Err(source) => Err(ProcessError::Spawn { name: self.name.clone(), source }),
        }
    }

    /// The error that says that the process did not answer for `seconds`.
    pub fn not_ready(&self, seconds: u64) -> ProcessError {
        ProcessError::NotReady {
            name: self.name.clone(),
            seconds,
            log: self.log.clone(),
            tail: self.log_tail(),
        }
    }

    /// Kills the process at once (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn log_tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let start = bytes.len().saturating_sub(LOG_TAIL_BYTES);
        String::from_utf8_lossy(&bytes[start..]).into_owned()
    }
}

impl Drop for ManagedProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command that does not outlive the thread that starts it, where the system can promise that.
fn bound_to_this_thread(binary: &Path) -> Command {
    if !Path::new(SETPRIV).is_file() {
        return Command::new(binary);
    }
    let mut command = Command::new(SETPRIV);
    command.args(["--pdeathsig", "KILL", "--"]).arg(binary);
    command
}

/// Finds the binary of a service: `TRINE_BIN_<NAME>` when set, else beside the running binary (or, for a test, one
/// folder above it).
pub fn find_binary(name: &str) -> Result<PathBuf, ProcessError> {
    let variable = format!("TRINE_BIN_{}", name.replace('-', "_").to_uppercase());
    if let Some(path) = std::env::var_os(&variable) {
        return existing(name, PathBuf::from(path), variable);
    }
    let own = std::env::current_exe().unwrap_or_default();
    let folder = own.parent().unwrap_or(Path::new("."));
    let beside = folder.join(name);
    if !beside.is_file() && folder.file_name().is_some_and(|f| f == "deps") {
        let above = folder.parent().unwrap_or(folder).join(name);
        return existing(name, above, variable);
    }
    existing(name, beside, variable)
}

fn existing(name: &str, path: PathBuf, variable: String) -> Result<PathBuf, ProcessError> {
    if path.is_file() { Ok(path) } else { Err(ProcessError::Missing { name: name.into(), path, variable }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn a_process_that_ends_is_named_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("sh.log");
        let mut process =
            ManagedProcess::start("sh", Path::new("/bin/sh"), &["-c", "echo last words; exit 3"], &log)
                .unwrap();
        let error = loop {
            match process.check() {
                Ok(()) => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.contains("last words") && error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("sleep.log");
        let process = ManagedProcess::start("sleep", Path::new("/bin/sleep"), &["60"], &log).unwrap();
        let stat = PathBuf::from(format!("/proc/{}", process.id()));
        assert!(stat.exists());
        drop(process);
        assert!(!stat.exists());
    }

    /// A parent that is killed drops nothing. What ends here in its place is the thread that started the process.
    #[test]
    fn a_process_ends_with_the_thread_that_started_it() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("sleep.log");
        let start = || {
            let process = ManagedProcess::start("sleep", Path::new("/bin/sleep"), &["60"], &log).unwrap();
            // The signal is set when the program itself runs.
            let name = PathBuf::from(format!("/proc/{}/comm", process.id()));
            while std::fs::read_to_string(&name).unwrap() != "sleep\n" {
                std::thread::sleep(Duration::from_millis(5));
            }
            process
        };
        let mut process = std::thread::scope(|scope| scope.spawn(start).join().unwrap());
        let deadline = Instant::now() + Duration::from_secs(10);
        while process.check().is_ok() {
            assert!(Instant::now() < deadline, "the process runs on without its parent");
            std::thread::sleep(Duration::from_millis(5));
        }
        let error = process.check().unwrap_err().to_string();
        assert!(error.contains("SIGKILL"), "{error}");
    }

    #[test]
    fn a_missing_binary_says_where_it_was_looked_for() {
        let error = find_binary("trine-nowhere").unwrap_err().to_string();
        assert!(error.contains("trine-nowhere") && error.contains("TRINE_BIN_TRINE_NOWHERE"), "{error}");
    }
}
