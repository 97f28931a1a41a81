//! What a workload is.

use crate::age_check::AgeCheck;
use crate::auction::Auction;
use crate::election::Election;
use crate::list_builder::NamedList;
use crate::tally::Tally;
use crate::transfer::Transfer;
use rand::RngCore;
use trine_program::lowering::LoweringError;
use trine_program::{Circuit, lower};

/// Most bootstrappings of a small instance.
pub const SMALL_BOOTSTRAPPINGS: usize = 40;

/// How large an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// At most [`SMALL_BOOTSTRAPPINGS`]: what a test runs and a prover can prove soon.
    Small,
    /// Of the size that an application has.
    Normal,
}

impl Size {
    /// Name in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Normal => "normal",
        }
    }
}

/// A workload with its parameters.
pub trait Workload {
    /// Name on the command line: lower-case letters and hyphens.
    fn name(&self) -> &'static str;

    /// The parameters in words.
    fn parameters(&self) -> String;

    /// What is computed. A function of the parameters alone: whoever evaluates it learns nothing of the inputs.
    fn operations(&self) -> NamedList;

    /// The circuit that is asked for on chain: of the list, unless the workload knows one with fewer bootstrappings. Types
    /// of inputs and outputs are those of the list.
    fn circuit(&self) -> Result<Circuit, LoweringError> {
        lower(&self.operations().list)
    }

    /// Random inputs in the order of the list, cases at the edge among them.
    fn draw(&self, rng: &mut dyn RngCore) -> Vec<u64>;

    /// The outputs for these inputs, from plaintexts and without the list.
    fn model(&self, inputs: &[u64]) -> Vec<u64>;
}

/// All workloads at one size.
pub fn all(size: Size) -> Vec<Box<dyn Workload>> {
    vec![
        Box::new(Election::sized(size)),
        Box::new(Tally::sized(size)),
        Box::new(Auction::sized(size)),
        Box::new(Transfer::sized(size)),
        Box::new(AgeCheck::sized(size)),
    ]
}

/// The workload with this name.
pub fn named(name: &str, size: Size) -> Option<Box<dyn Workload>> {
    all(size).into_iter().find(|workload| workload.name() == name)
}
