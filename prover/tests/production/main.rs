//! Whole jobs at the production parameters, over keys and ciphertexts of random words: what a proof states holds for all
//! words. With keys of tfhe-rs, and with decryption: `trine bench prove` and the workloads.

mod setup;

use setup::{Setup, circuit};
use std::time::Instant;
use trine_program::circuit::merge;
use trine_prover::bootstrapping::job::JobControl;
use trine_prover::bootstrapping::witness::Witness;
use trine_prover::bootstrapping::{Control, Partial, Phase};
use trine_verifier::bootstrapping::segment::{JobRejection, ProvenSegment, link_record, verify_job};
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{Batch, Parameters, Rejection, Shape, Statement};
use trine_verifier::{Commitment, NamedCommitment};

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

/// Two requests for circuits of their own in one proof, which convinces of each, and of neither under the other's name.
#[test]
#[ignore = "slow: a proof at the production parameters, keys committed to afresh"]
fn two_jobs_are_proven_at_once_and_kept_apart() {
    let setup = Setup::new();
    let parameters = Parameters::PRODUCTION;
    let (srs, domain, keys) = (setup.srs.verifier(), setup.domain(), &setup.commitments);
    let circuits = [circuit(5), circuit(3)];
    let merged = merge(&circuits.each_ref()).unwrap();
    let mut values = vec![];
    let mut jobs: Vec<Job> = (0u8..)
        .zip(&circuits)
        .map(|(place, circuit)| {
            let (job, own) = setup.job(circuit);
            values.extend(own);
            Job { request_id: [20 + place; 32], ..job }
        })
        .collect();
    let witness = Witness::new(&merged, &values, &setup.evaluation_key).unwrap();
    let mut words = witness.outputs.iter();
    for job in &mut jobs {
        for (index, declared) in job.circuit.outputs().iter().enumerate() {
            let point = setup.bases.commit_u64(words.next().unwrap()).unwrap();
            let commitment = Commitment::new(point).unwrap();
            let record = link_record(&domain, job, 0, index, declared, &commitment);
            job.outputs.push(NamedCommitment::new(&record, commitment).unwrap());
        }
    }
    let statement = Statement { domain, keys: keys.clone(), jobs };
    let inputs = statement.inputs(&parameters).unwrap();
    let mut clock = Clock(Instant::now());
    let proof = setup.prover().prover.prove(&inputs, &witness, Partial::default(), &mut clock).unwrap();

    let verify = |job: &Job, batch: Batch| {
        let proven = [ProvenSegment { links: vec![], proof: proof.clone(), batch }];
        verify_job(&parameters, srs, &domain, keys, job, &proven)
    };
    let [first, second] = [&statement.jobs[0], &statement.jobs[1]];
    verify(first, Batch { place: 0, others: vec![second.clone()] }).unwrap();
    verify(second, Batch { place: 1, others: vec![first.clone()] }).unwrap();
    let swapped = |part: &dyn Fn(&mut Job, &mut Job)| {
        let (mut own, mut other) = (first.clone(), second.clone());
        part(&mut own, &mut other);
        verify(&own, Batch { place: 0, others: vec![other] }).unwrap_err()
    };
    let rejected = |error| JobRejection::Segment { segment: 0, error };
    let accumulator = rejected(Rejection::Accumulator);
    assert_eq!(swapped(&|own, other| std::mem::swap(&mut own.outputs, &mut other.outputs)), accumulator);
    assert_eq!(swapped(&|own, other| std::mem::swap(&mut own.circuit, &mut other.circuit)), accumulator);
    let twice = swapped(&|own, other| other.circuit.clone_from(&own.circuit));
    assert!(matches!(twice, JobRejection::Segment { .. }), "one program twice: {twice}");
    assert_eq!(swapped(&|own, other| std::mem::swap(own, other)), accumulator);
}
