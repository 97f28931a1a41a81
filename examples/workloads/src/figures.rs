//! What a run prints.

use serde::{Serialize, Serializer};
use std::fmt;
use trine_programs::Size;

/// An output beside what the model says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutputFigures {
    /// Its name.
    pub name: String,
    /// Decrypted.
    pub decrypted: u64,
    /// From the model.
    pub expected: u64,
}

/// Figures of a workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Name.
    pub workload: &'static str,
    /// Size of the instance.
    #[serde(serialize_with = "size_name")]
    pub size: Size,
    /// Parameters in words.
    pub parameters: String,
    /// Seed of the inputs.
    pub seed: u64,
    /// Input handles.
    pub inputs: usize,
    /// Operations of the list.
    pub operations: usize,
    /// Bootstrappings of the circuit.
    pub bootstrappings: usize,
    /// Levels of the circuit: bootstrappings one after the other.
    pub depth: usize,
    /// Jobs over the same inputs.
    pub runs: usize,
    /// From submission to outputs, as the client sees it: the fastest job.
    pub seconds: f64,
    /// Bootstrappings of that job for each of its seconds.
    pub bootstrappings_per_second: f64,
    /// Encryption of all inputs and commitments to their words.
    pub encryption_seconds: f64,
    /// Upload of all inputs.
    pub upload_seconds: f64,
    /// Whether a proof covers the outputs.
    pub proven: bool,
    /// The last job.
    pub job: String,
    /// Outputs of the last job.
    pub outputs: Vec<OutputFigures>,
    /// Whether the outputs of every job are what the model says.
    pub correct: bool,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({}): {}; seed {}", self.workload, self.size.name(), self.parameters, self.seed)?;
        let names = self.outputs.iter().map(|o| o.name.len());
        let width = names.max().unwrap_or(0).max("output".len());
        writeln!(f, "\n{:width$}  {:>20}  {:>20}", "output", "decrypted", "model")?;
        for o in &self.outputs {
            let word = if o.decrypted == o.expected { "" } else { "  DIFFERS" };
            writeln!(f, "{:width$}  {:>20}  {:>20}{word}", o.name, o.decrypted, o.expected)?;
        }
        writeln!(f)?;
        let plural = if self.runs == 1 { "job" } else { "jobs, the fastest" };
        for (name, value, note) in [
            ("input handles", self.inputs.to_string(), String::new()),
            ("operations", self.operations.to_string(), String::new()),
            ("bootstrappings", self.bootstrappings.to_string(), String::new()),
            ("depth", self.depth.to_string(), "bootstrappings one after the other".into()),
            ("seconds", format!("{:.2}", self.seconds), format!("of {} {plural}", self.runs)),
            ("bootstrappings/s", format!("{:.1}", self.bootstrappings_per_second), String::new()),
            ("encryption", format!("{:.2}", self.encryption_seconds), "seconds, all inputs".into()),
            ("upload", format!("{:.2}", self.upload_seconds), "seconds, all inputs".into()),
            ("proven", self.proven.to_string(), String::new()),
            ("correct", self.correct.to_string(), "outputs of every job".into()),
        ] {
            writeln!(f, "{}", format!("{name:17} {value:>9}  {note}").trim_end())?;
        }
        Ok(())
    }
}

/// A size by its name.
fn size_name<S: Serializer>(size: &Size, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(size.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_differs_is_marked() {
        let output = |decrypted| OutputFigures { name: "bid".into(), decrypted, expected: 7 };
        let figures = Figures {
            workload: "auction",
            size: Size::Small,
            parameters: "4 bidders".into(),
            seed: 1,
            inputs: 4,
            operations: 9,
            bootstrappings: 30,
            depth: 6,
            runs: 2,
            seconds: 0.5,
            bootstrappings_per_second: 60.0,
            encryption_seconds: 0.1,
            upload_seconds: 0.1,
            proven: false,
            job: "00".into(),
            outputs: vec![output(7), output(8)],
            correct: false,
        };
        let table = figures.to_string();
        assert_eq!(table.matches("DIFFERS").count(), 1, "{table}");
        assert!(table.contains("of 2 jobs, the fastest"), "{table}");
        let line = serde_json::to_value(&figures).unwrap();
        assert_eq!((&line["size"], &line["correct"]), (&"small".into(), &false.into()));
    }
}
