//! Several jobs of one run: what each computes, and figures of each and of the transactions that they share.

use super::clients::{Fulfilled, Included};
use alloy::primitives::B256;
use serde::Serialize;
use std::collections::BTreeSet;
use trine_programs::Workload;
use trine_programs::age_check::AgeCheck;
use trine_programs::workload::{Size, named};

/// Most jobs of a run.
pub const MAX_JOBS: usize = 8;
/// Ages that age checks ask for, in turn.
const AGES: [u16; 2] = [18, 21];

/// The workloads of so many jobs, at the small size.
///
/// Several age checks are of one person each, so that two fit one proof, and ask for another age than their neighbours: other
/// programs of the same shape.
pub fn workloads(name: &str, jobs: usize) -> Option<Vec<Box<dyn Workload>>> {
    let small = AgeCheck::sized(Size::Small);
    if name == small.name() && jobs > 1 {
        let ages = AGES.iter().cycle().take(jobs);
        return Some(ages.map(|age| Box::new(AgeCheck { persons: 1, age: *age, ..small }) as _).collect());
    }
    (0..jobs).map(|_| named(name, Size::Small)).collect()
}

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobFigures {
    /// Its request.
    pub request: B256,
    /// Parameters of the instance.
    pub parameters: String,
    /// Released values, output by output.
    pub values: Vec<u64>,
    /// What the model says of these.
    pub expected: Vec<u64>,
    /// The committee's signature was accepted by the release verifier.
    pub released: bool,
    /// How many jobs each of its proofs covers, this one included; one proof for each segment.
    pub jobs_in_proofs: Vec<usize>,
    /// Transaction of each segment, in order.
    pub transactions: Vec<B256>,
}

impl JobFigures {
    /// Whether the right values were released.
    pub fn passed(&self) -> bool {
        self.values == self.expected && self.released
    }
}

/// One transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransactionFigures {
    /// Its hash.
    pub transaction: B256,
    /// Jobs of this run that it brought a proof of.
    pub jobs: usize,
    /// Its gas.
    pub gas: u64,
}

impl TransactionFigures {
    /// Of all jobs, each transaction once.
    pub fn of(fulfilled: &[&Fulfilled]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for job in fulfilled {
            let earlier = job.earlier.iter().map(|Included { transaction, gas, .. }| (*transaction, *gas));
            for (transaction, gas) in earlier.chain([(job.fulfil_tx, job.gas)]) {
                match all.iter_mut().find(|known| known.transaction == transaction) {
                    Some(known) => known.jobs += 1,
                    None => all.push(Self { transaction, jobs: 1, gas }),
                }
            }
        }
        all
    }
}

/// How many proofs there are: jobs of one proof name the same one.
pub fn proofs_of(fulfilled: &[&Fulfilled]) -> usize {
    let proofs = fulfilled.iter().flat_map(|job| job.receipt.proofs()).map(|(inner, _)| inner);
    proofs.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine_verifier::bootstrapping::Parameters;
    use trine_verifier::bootstrapping::batch::Size as ProofSize;

    #[test]
    fn two_age_checks_fit_one_proof_and_are_of_two_programs() {
        let jobs = workloads("age-check", 3).unwrap();
        let circuits: Vec<_> = jobs.iter().map(|job| job.circuit().unwrap()).collect();
        let [first, second, third] = circuits.as_slice() else { panic!("three jobs") };
        assert_ne!(first.id(), second.id());
        assert_eq!(first, third);
        let size = ProofSize::of(first).and(&ProofSize::of(second));
        assert!(size.fits(&Parameters::PRODUCTION), "{size:?}");
    }

    #[test]
    fn one_job_is_the_small_instance() {
        for name in ["age-check", "tally"] {
            let [only] = <[_; 1]>::try_from(workloads(name, 1).unwrap()).ok().unwrap();
            assert_eq!(only.parameters(), named(name, Size::Small).unwrap().parameters());
        }
        assert!(workloads("poker", 2).is_none());
        assert_eq!(workloads("tally", 2).unwrap().len(), 2);
    }
}
