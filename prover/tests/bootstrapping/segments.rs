//! Jobs of two segments: links are bound on both sides, and no segment can be left out.

use crate::case::{Case, commit_keys, key, random_keys, random_words};
use crate::circuits::declaration;
use crate::fast::{integer, witness};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Segment, Source, Table, Term, Wire};
use trine_prover::bootstrapping::{Partial, Prover, Unattended};
use trine_verifier::bootstrapping::segment::{
    JobRejection, ProvenSegment, job_segments, link_record, segment_jobs, verify_job,
};
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::bootstrapping::{Batch, Parameters, Rejection, Shape, Statement};
use trine_verifier::{Commitment, NamedCommitment, Origin};

const PARAMETERS: Parameters = Parameters::REDUCED;
/// Two more than one proof takes.
const BOOTSTRAPPINGS: usize = 10;

fn random(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Each bootstrapping reads the one before it, the first one the input.
fn circuit() -> Circuit {
    let mut table: Table = crate::circuits::table(1, &mut random(51));
    table.functions = 1;
    let wire = |index: usize| match index.checked_sub(1) {
        None => Wire::Input { handle: 0, block: 0 },
        Some(before) => Wire::Output { bootstrapping: before as u32, function: 0 },
    };
    let linear =
        |index| Linear { terms: vec![Term { wire: wire(index), coefficient: 1 }], constant: 7 << 59 };
    let list = (0..BOOTSTRAPPINGS).map(|index| Bootstrapping {
        key_kind: KeyKind::Compute,
        table: 0,
        input: linear(index),
    });
    let declared = || vec![declaration(KeyKind::Compute, 1)];
    Circuit::new(declared(), declared(), vec![table], list.collect(), vec![linear(BOOTSTRAPPINGS)]).unwrap()
}

/// A segment over input words, under the key of all segments.
fn case(segment: &Segment, inputs: Vec<Vec<u64>>) -> Case {
    let mut case = Case::new(PARAMETERS, segment.circuit.clone(), &mut random(52));
    case.keys = random_keys(&PARAMETERS, &mut random(53));
    case.commitments = commit_keys(&PARAMETERS, &case.keys);
    case.domain.key_digest = case.commitments.digest(&PARAMETERS);
    case.shape = Shape::new(PARAMETERS, &segment.circuit).unwrap();
    case.inputs = inputs;
    case
}

fn outputs(case: &Case) -> Vec<Vec<u64>> {
    case.evaluate().outputs.iter().map(|words| words.iter().map(integer).collect()).collect()
}

fn commit(words: &[u64]) -> Commitment {
    Commitment::new(key().commit_words(words).unwrap()).unwrap()
}

/// The job, its segments, and the cases that prove them.
struct Linked {
    job: Job,
    cases: [Case; 2],
    links: Vec<Vec<Commitment>>,
}

impl Linked {
    /// `link`: the words that the second segment reads; those of the first where there are none.
    fn new(link: Option<Vec<u64>>) -> Self {
        let circuit = circuit();
        let input = random_words(&PARAMETERS, 1, &mut random(54));
        let mut job = Job {
            request_id: [4; 32],
            salt: [5; 32],
            segment: 0,
            circuit: circuit.clone(),
            inputs: vec![],
            outputs: vec![],
        };
        let list = job_segments(&PARAMETERS, &job).unwrap();
        let [first, second] = &list[..] else { panic!("{} segments", list.len()) };
        assert_eq!((first.links, &second.sources[..]), (1, &[Source::Link { segment: 0, output: 0 }][..]));
        let first = case(first, vec![input.clone()]);
        let honest = outputs(&first).remove(0);
        let second = case(second, vec![link.unwrap_or(honest)]);
        let origin = Origin::Input { registrant: [1; 20], consumer: [6; 20] };
        job.inputs = vec![first.name(&circuit.inputs()[0], commit(&input), origin)];
        let output = commit(&outputs(&second)[0]);
        let record = link_record(&first.domain, &job, 1, 0, &circuit.outputs()[0], &output);
        job.outputs = vec![NamedCommitment::new(&record, output).unwrap()];
        let links = vec![vec![commit(&second.inputs[0])], vec![]];
        Self { job, cases: [first, second], links }
    }

    fn prove(&self) -> Vec<ProvenSegment> {
        let list = job_segments(&PARAMETERS, &self.job).unwrap();
        let jobs = segment_jobs(&self.cases[0].domain, &self.job, &list, &self.links).unwrap();
        let backend = Backend::detect();
        let bases = Bases::new(backend, key().powers());
        let prove = |((case, job), links): ((&Case, Job), &Vec<Commitment>)| {
            let statement = Statement::single(case.domain, case.commitments.clone(), job);
            let witness = witness(case, &case.evaluate());
            let prover = Prover { backend, bases: &bases, keys: &case.keys };
            let inputs = statement.inputs(&PARAMETERS).unwrap();
            let proof = prover.prove(&inputs, &witness, Partial::default(), &mut Unattended);
            ProvenSegment { links: links.clone(), proof: proof.unwrap(), batch: Batch::alone() }
        };
        self.cases.iter().zip(jobs).zip(&self.links).map(prove).collect()
    }

    fn verify(&self, proven: &[ProvenSegment]) -> Result<(), JobRejection> {
        let case = &self.cases[0];
        verify_job(&PARAMETERS, key().verifier(), &case.domain, &case.commitments, &self.job, proven)
    }
}

#[test]
fn segments_are_accepted_together_and_bound_to_each_other() {
    let honest = Linked::new(None);
    let proven = honest.prove();
    assert_eq!(honest.verify(&proven), Ok(()));

    let count = |what, got, expected| Err(JobRejection::Count { what, got, expected });
    assert_eq!(honest.verify(&proven[..1]), count("segments", 1, 2));
    let mut unlinked = proven.clone();
    unlinked[0].links.clear();
    assert_eq!(honest.verify(&unlinked), count("links", 0, 1));

    let failed = |segment, error| Err(JobRejection::Segment { segment, error });
    let mut swapped = proven.clone();
    swapped[0].links[0] = honest.job.inputs[0].commitment;
    assert_eq!(honest.verify(&swapped), failed(0, Rejection::Accumulator));

    // The second segment is true of a link that the first one did not make.
    let chosen = Linked::new(Some(random_words(&PARAMETERS, 1, &mut random(55))));
    let of_chosen = vec![proven[0].clone(), chosen.prove().remove(1)];
    assert_eq!(chosen.verify(&of_chosen), failed(1, Rejection::Accumulator));

    let mut other = Linked::new(None);
    other.job.request_id = [9; 32];
    assert_eq!(other.verify(&proven), failed(0, Rejection::Accumulator));
}
