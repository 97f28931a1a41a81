//! Whole jobs at the production parameters, over keys and ciphertexts of random words: what a proof states holds for all
//! words. With keys of tfhe-rs, and with decryption: `trine bench prove` and the workloads.

mod setup;

use setup::{Setup, circuit};
use std::time::Instant;
use trine_prover::bootstrapping::job::JobControl;
use trine_prover::bootstrapping::{Control, Partial, Phase};
use trine_verifier::bootstrapping::segment::{JobRejection, verify_job};
use trine_verifier::bootstrapping::{Parameters, Rejection, Shape, Statement};

/// Prints seconds by phase.
struct Clock(Instant);

impl Control for Clock {
    fn begin(&mut self, phase: Phase) -> bool {
        eprintln!("{:>10}: {:.2} s", phase.name(), self.0.elapsed().as_secs_f64());
        true
    }

    fn end(&mut self, phase: Phase, _partial: &Partial) {
        eprintln!("{:>10}  {:.2} s", phase.name(), self.0.elapsed().as_secs_f64());
    }
}

impl JobControl for Clock {
    fn segment(&mut self, index: usize, segments: usize, _: &Statement, _: &Shape) -> Partial {
        eprintln!("segment {index} of {segments}: {:.2} s", self.0.elapsed().as_secs_f64());
        Partial::default()
    }
}

fn size() -> usize {
    std::env::var("TRINE_BOOTSTRAPPINGS").ok().and_then(|n| n.parse().ok()).unwrap_or(18)
}

#[test]
#[ignore = "slow: two proofs at the production parameters, keys committed to afresh"]
fn a_job_of_two_segments_is_proven_and_its_links_are_bound() {
    let setup = Setup::new();
    let circuit = circuit(size());
    let (job, values) = setup.job(&circuit);
    let proven = setup.prover().prove(job, &values, &mut Clock(Instant::now())).unwrap();
    let parameters = Parameters::PRODUCTION;
    let (srs, domain, keys) = (setup.srs.verifier(), setup.domain(), &setup.commitments);
    let start = Instant::now();
    verify_job(&parameters, srs, &domain, keys, &proven.job, &proven.segments).unwrap();
    eprintln!("verified in {:.1} ms", 1e3 * start.elapsed().as_secs_f64());

    // Another request: every handle that the job makes is another, though the commitments are the same.
    let mut other = proven.job.clone();
    other.request_id = [9; 32];
    let rejected = verify_job(&parameters, srs, &domain, keys, &other, &proven.segments);
    assert!(matches!(rejected, Err(JobRejection::Segment { segment: 0, .. })), "{rejected:?}");
    if proven.segments.len() < 2 {
        return;
    }
    // A link under another commitment, and a segment left out.
    let mut swapped = proven.segments.clone();
    swapped[0].links[0] = proven.job.inputs[0].commitment;
    let rejected = verify_job(&parameters, srs, &domain, keys, &proven.job, &swapped);
    let first = |error| Err(JobRejection::Segment { segment: 0, error });
    assert_eq!(rejected, first(Rejection::Accumulator));
    let rejected = verify_job(&parameters, srs, &domain, keys, &proven.job, &proven.segments[1..]);
    assert!(matches!(rejected, Err(JobRejection::Count { what: "segments", .. })), "{rejected:?}");
}
