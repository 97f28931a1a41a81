//! Arguments of `trine demo`, and the program that they ask for.

use crate::attacks::catalogue::Catalogue;
use crate::demo::jobs::{MAX_JOBS, workloads};
use crate::demo::workload;
use anyhow::{Context, ensure};
use std::path::PathBuf;
use trine::ballot::{MAX_VOTERS, MIN_VOTERS};
use trine_programs::Workload;
use trine_programs::election::Election;
use trine_programs::plurality::MAX_BALLOTS;
use trine_programs::workload::{Size, all, named};

/// The program of the linear tally.
const LINEAR_TALLY: &str = "linear-tally";

/// Arguments of `trine demo`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine demo
  trine demo --voters 9 --seed 7
  trine demo --cluster trine-cluster/cluster.toml
  trine demo --program age-check
  trine demo --program linear-tally --voters 15
  trine demo --attack list
  trine demo --attack flipped-output-word
  trine demo --program age-check --attack all
  trine demo --program age-check --jobs 3
  trine demo --program age-check --jobs 3 --attack all
  trine demo --no-chain")]
pub struct Arguments {
    /// What is computed: election, linear-tally, or another workload at its small size. Without it, an
    /// election; with --attack or --no-chain, the linear tally.
    #[arg(long, value_name = "NAME", value_parser = known_program)]
    pub(super) program: Option<String>,
    /// Number of voters: 2 to 12 of an election, 12 to 15 of a linear tally. Without it, the most.
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=MAX_VOTERS as u64))]
    pub(super) voters: Option<u64>,
    /// Requests of a workload, handed over together: those that wait for a proof at the same time and fit one get it together.
    /// Several age checks are of one person each, so that two fit one proof. With --attack, the attacks on such a proof; the
    /// first job mostly goes alone, so that it takes three.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=MAX_JOBS as i64))]
    pub(super) jobs: u8,
    /// Draw the inputs from this seed instead of at random. Encryption is random all the same.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Use a running cluster instead of starting one.
    #[arg(long, value_name = "FILE", conflicts_with = "no_chain")]
    pub(super) cluster: Option<PathBuf>,
    /// Keep the cluster's files, logs among them, in this folder.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["no_chain", "cluster"])]
    pub(super) directory: Option<PathBuf>,
    /// Write the receipt to this file.
    #[arg(long, value_name = "FILE", conflicts_with = "no_chain")]
    pub(super) receipt: Option<PathBuf>,
    /// Afterwards play this attack: a name, `all`, or `list` to print the names. With a workload as --program, the attacks
    /// on circuits; with one of several segments, those on segments.
    #[arg(long, value_name = "NAME", conflicts_with = "no_chain")]
    pub(super) attack: Option<String>,
    /// Run the linear tally in this process alone: native proof, no chain, decryption by the client key.
    #[arg(long)]
    pub(super) no_chain: bool,
}

/// What is computed, with its parameters.
pub enum Program {
    /// An election.
    Election(Election),
    /// The linear tally.
    LinearTally {
        /// Voters.
        voters: usize,
    },
    /// One for each job.
    Workload(Vec<Box<dyn Workload>>),
}

fn known_program(name: &str) -> Result<String, String> {
    if name == LINEAR_TALLY || named(name, Size::Small).is_some() {
        return Ok(name.into());
    }
    let names: Vec<&str> = all(Size::Small).iter().map(|workload| workload.name()).collect();
    Err(format!("expected {LINEAR_TALLY} or one of {}", names.join(", ")))
}

impl Arguments {
    /// What is computed.
    pub fn program(&self) -> anyhow::Result<Program> {
        let name = match &self.program {
            Some(name) => name.as_str(),
            None if self.attack.is_some() || self.no_chain => LINEAR_TALLY,
            None => "election",
        };
        ensure!(
            !self.no_chain || name == LINEAR_TALLY,
            "--no-chain is about the linear tally, not about {name}"
        );
        // Its consumer is a contract, which asks for nothing but its own ballots.
        ensure!(
            self.attack.is_none() || name != "election",
            "attacks are played on the linear tally, or on a workload with an account as its consumer, not on an election"
        );
        let jobs = usize::from(self.jobs);
        let workload = name != LINEAR_TALLY && name != "election";
        ensure!(jobs == 1 || workload, "{jobs} jobs, of {name} there is one");
        let voters = |fewest: usize, most: usize| -> anyhow::Result<usize> {
            let voters = self.voters.map_or(Ok(most), usize::try_from)?;
            ensure!((fewest..=most).contains(&voters), "{voters} voters, {name} takes {fewest} to {most}");
            Ok(voters)
        };
        Ok(match name {
            LINEAR_TALLY => Program::LinearTally { voters: voters(MIN_VOTERS, MAX_VOTERS)? },
            "election" => {
                let voters = voters(2, MAX_BALLOTS)?;
                Program::Election(Election { voters, ..Election::sized(Size::Small) })
            }
            _ => {
                ensure!(self.voters.is_none(), "{name} has no voters");
                Program::Workload(workloads(name, jobs).with_context(|| format!("no program {name}"))?)
            }
        })
    }
}

/// The catalogue of a program's attacks.
pub fn catalogue(program: &Program) -> anyhow::Result<Catalogue> {
    Ok(match program {
        Program::LinearTally { .. } => Catalogue::Linear,
        Program::Workload(workloads) => match workloads.as_slice() {
            [only] if workload::segment_count(only.as_ref())? > 1 => Catalogue::Segments,
            [_] => Catalogue::Circuit,
            _ => Catalogue::Batch,
        },
        Program::Election(_) => Catalogue::Circuit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attacks::catalogue::Attacks;
    use crate::attacks::circuit::batch::registry::ATTACKS as BATCH_ATTACKS;
    use crate::attacks::circuit::registry::ATTACKS as CIRCUIT_ATTACKS;
    use crate::attacks::circuit::segments::registry::ATTACKS as SEGMENT_ATTACKS;
    use crate::attacks::registry::ATTACKS;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn program(arguments: &[&str]) -> Result<Program, String> {
        let parsed = Command::try_parse_from([&["demo"], arguments].concat()).map_err(|e| e.to_string())?;
        parsed.arguments.program().map_err(|e| e.to_string())
    }

    #[test]
    fn the_program_follows_from_what_is_asked() {
        let elected = Program::Election(Election::sized(Size::Small));
        let voters = |program: Program| match program {
            Program::Election(election) => ("election", election.voters),
            Program::LinearTally { voters } => (LINEAR_TALLY, voters),
            Program::Workload(_) => ("workload", 0),
        };
        assert_eq!(voters(elected), ("election", 12));
        for (arguments, expected) in [
            (&[][..], ("election", 12)),
            (&["--voters", "9"], ("election", 9)),
            (&["--no-chain"], (LINEAR_TALLY, 15)),
            (&["--attack", "all", "--voters", "12"], (LINEAR_TALLY, 12)),
            (&["--program", LINEAR_TALLY], (LINEAR_TALLY, 15)),
            (&["--program", "age-check"], ("workload", 0)),
            (&["--program", "age-check", "--attack", "all"], ("workload", 0)),
        ] {
            assert_eq!(voters(program(arguments).unwrap()), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_numbers() {
        let refused = |arguments: &[&str]| program(arguments).err().unwrap();
        assert!(refused(&["--voters", "13"]).contains("13 voters, election takes 2 to 12"));
        assert!(refused(&["--program", LINEAR_TALLY, "--voters", "11"]).contains("takes 12 to 15"));
        assert!(refused(&["--voters", "16"]).contains("16"));
        assert!(refused(&["--program", "poker"]).contains("age-check"));
        assert!(refused(&["--program", "age-check", "--voters", "3"]).contains("no voters"));
        assert!(refused(&["--program", "election", "--no-chain"]).contains("linear tally"));
        assert!(refused(&["--program", "election", "--attack", "all"]).contains("not on an election"));
        assert!(
            refused(&["--program", LINEAR_TALLY, "--jobs", "2"])
                .contains("2 jobs, of linear-tally there is one")
        );
        assert!(refused(&["--jobs", "2"]).contains("of election there is one"));
        assert!(refused(&["--program", "age-check", "--jobs", "0"]).contains("0"));
        assert!(refused(&["--program", "age-check", "--jobs", "9"]).contains("9"));
    }

    #[test]
    fn attacks_are_of_the_catalogue_of_the_program() {
        let chosen = |arguments: &[&str], name: &str| {
            Attacks::chosen(Some(name), catalogue(&program(arguments).unwrap()).unwrap())
        };
        let linear = chosen(&["--program", LINEAR_TALLY], "all").unwrap();
        assert_eq!((linear.linear.len(), linear.circuit.len()), (ATTACKS.len(), 0));
        let circuit = chosen(&["--program", "age-check"], "all").unwrap();
        assert_eq!((circuit.linear.len(), circuit.circuit.len()), (0, CIRCUIT_ATTACKS.len()));
        let segments = chosen(&["--program", "auction"], "all").unwrap();
        assert_eq!((segments.circuit.len(), segments.segments.len()), (0, SEGMENT_ATTACKS.len()));
        let batch = chosen(&["--program", "age-check", "--jobs", "3"], "all").unwrap();
        assert_eq!((batch.circuit.len(), batch.batch.len()), (0, BATCH_ATTACKS.len()));
        assert!(chosen(&["--program", "age-check", "--jobs", "3"], "halves-of-two-proofs").is_err());
        assert!(chosen(&["--program", "age-check"], "outputs-exchanged").is_err());
        assert!(chosen(&["--program", "auction"], "halves-of-two-proofs").is_err());
        assert!(chosen(&["--program", "age-check"], "link-swapped").is_err());
        assert!(chosen(&["--program", "age-check"], "isolating-weights").is_err());
        let none = Attacks::chosen(None, Catalogue::Circuit).unwrap();
        assert_eq!((none.linear.len(), none.circuit.len()), (0, 0));
    }
}
