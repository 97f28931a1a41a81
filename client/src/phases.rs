//! Phases of a run: progress on standard error, then a table of durations.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Measures the phases of a run and shows where it is.
pub struct Phases {
    rows: Vec<Phase>,
    start: Instant,
    quiet: bool,
}

/// One finished phase.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// What was done.
    pub name: String,
    /// Time it took.
    pub duration: Duration,
    /// A word on the result, empty where there is none.
    pub note: String,
}

impl Phases {
    /// Starts the clock. A quiet run shows no progress.
    pub fn start(quiet: bool) -> Self {
        Self { rows: Vec::new(), start: Instant::now(), quiet }
    }

    /// Opens a phase; the guard is finished with [`OpenPhase::done`]. Dropped unfinished, it leaves no row.
    pub fn open(&self, name: &str) -> OpenPhase {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(name.to_string());
        bar.enable_steady_tick(Duration::from_millis(120));
        OpenPhase { name: name.into(), start: Instant::now(), bar }
    }

    /// Closes a phase and keeps its row.
    pub fn close(&mut self, phase: OpenPhase, note: impl Into<String>) -> Duration {
        let duration = phase.start.elapsed();
        phase.bar.finish_and_clear();
        self.rows.push(Phase { name: phase.name.clone(), duration, note: note.into() });
        duration
    }

    /// Finished phases in order.
    pub fn rows(&self) -> &[Phase] {
        &self.rows
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Duration of a finished phase in seconds.
    pub fn seconds(&self, name: &str) -> Option<f64> {
        self.rows.iter().find(|p| p.name == name).map(|p| p.duration.as_secs_f64())
    }

    /// The table: phase, seconds, note; the sum in the last row.
    pub fn table(&self) -> String {
        let width = self.rows.iter().map(|p| p.name.chars().count()).max().unwrap_or(0).max("phase".len());
        let mut out = format!("{:width$}  {:>9}  result\n", "phase", "seconds");
        for p in &self.rows {
            let line = format!("{:width$}  {:>9.2}  {}", p.name, p.duration.as_secs_f64(), p.note);
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out.push_str(&format!("{:width$}  {:>9.2}\n", "total", self.elapsed().as_secs_f64()));
        out
    }
}

/// A phase in progress.
pub struct OpenPhase {
    name: String,
    start: Instant,
    bar: ProgressBar,
}

impl OpenPhase {
    /// Says what is being done inside the phase.
    pub fn step(&self, text: &str) {
        self.bar.set_message(format!("{}: {text}", self.name));
    }
}

impl Drop for OpenPhase {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_finished_phase() {
        let mut phases = Phases::start(true);
        let first = phases.open("encrypt");
        phases.close(first, "12 ballots");
        drop(phases.open("never finished"));
        assert_eq!(phases.rows().len(), 1);
        assert!(phases.seconds("encrypt").is_some() && phases.seconds("never finished").is_none());
        let table = phases.table();
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.contains("12 ballots"));
    }
}
