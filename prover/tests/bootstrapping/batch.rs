//! Proofs of several jobs: each job is bound to its own program, inputs and outputs, and to nothing of its neighbours.

use crate::attack::verdict_on;
use crate::case::{Case, key};
use crate::circuits::{declaration, table};
use crate::fast::{integer, witness};
use crate::plain::Prover as PlainProver;
use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_kernels::Backend;
use trine_kernels::msm::Bases;
use trine_program::KeyKind;
use trine_program::circuit::{Bootstrapping, Circuit, Linear, Term, Wire, merge};
use trine_prover::bootstrapping::{Partial, Prover, Unattended};
use trine_verifier::bootstrapping::batch::{BatchError, MAX_JOBS, Size};
use trine_verifier::bootstrapping::segment::{JobRejection, ProvenSegment, verify_job};
use trine_verifier::bootstrapping::statement::{Job, StatementError};
use trine_verifier::bootstrapping::{Batch, Checks, CircuitProof, Parameters, Rejection, Statement};
use trine_verifier::{Commitment, NamedCommitment, Origin};

const PARAMETERS: Parameters = Parameters::REDUCED;
/// More bootstrappings in one job than in the other, under other tables.
const BOOTSTRAPPINGS: [usize; 2] = [3, 2];

/// Each bootstrapping reads the one before it and the input; all circuits are declared alike.
fn circuit(bootstrappings: usize, seed: u64) -> Circuit {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let input = Term { wire: Wire::Input { handle: 0, block: 0 }, coefficient: 2 };
    let linear = |index: usize| {
        let before = index.checked_sub(1).map(|before| Term {
            wire: Wire::Output { bootstrapping: before as u32, function: 0 },
            coefficient: -1,
        });
        Linear { terms: [input].into_iter().chain(before).collect(), constant: 3 << 59 }
    };
    let tables = (0..bootstrappings).map(|_| table(1, &mut random)).collect();
    let list = (0..bootstrappings).map(|index| Bootstrapping {
        key_kind: KeyKind::Compute,
        table: index as u32,
        input: linear(index),
    });
    let declared = || vec![declaration(KeyKind::Compute, 1)];
    Circuit::new(declared(), declared(), tables, list.collect(), vec![linear(bootstrappings)]).unwrap()
}

fn circuits() -> [Circuit; 2] {
    [circuit(BOOTSTRAPPINGS[0], 61), circuit(BOOTSTRAPPINGS[1], 62)]
}

/// Two jobs, and the case of their merged circuit.
struct Batched {
    case: Case,
    outputs: Vec<Vec<Fr>>,
}

impl Batched {
    /// Evaluates circuits in this order.
    fn new(circuits: [&Circuit; 2]) -> Self {
        let merged = merge(&circuits).unwrap();
        let case = Case::new(PARAMETERS, merged, &mut ChaCha20Rng::seed_from_u64(63));
        let outputs = case.evaluate().outputs;
        Self { case, outputs }
    }

    fn named(&self, commitment: Commitment, origin: Origin) -> NamedCommitment {
        self.case.name(&declaration(KeyKind::Compute, 1), commitment, origin)
    }

    /// The job at a place: these circuits over the case's inputs and outputs.
    fn job(&self, place: u8, circuit: Circuit) -> Job {
        let (case, index) = (&self.case, usize::from(place));
        let request_id = [40 + place; 32];
        let input = Commitment::new(key().commit_words(&case.inputs[index]).unwrap()).unwrap();
        let output = Commitment::new(key().commit_fr(&self.outputs[index]).unwrap()).unwrap();
        let owner = Origin::Input { registrant: [place; 20], consumer: [6; 20] };
        let made = Origin::Output { request_id, job: 0, segment: 0, index: 0 };
        let (inputs, outputs) = (vec![self.named(input, owner)], vec![self.named(output, made)]);
        Job { request_id, salt: [50 + place; 32], segment: 0, circuit, inputs, outputs }
    }

    fn statement(&self, circuits: [Circuit; 2]) -> Statement {
        let [first, second] = circuits;
        let jobs = vec![self.job(0, first), self.job(1, second)];
        Statement { domain: self.case.domain, keys: self.case.commitments.clone(), jobs }
    }

    /// By the fast prover.
    fn prove(&self, statement: &Statement) -> CircuitProof {
        let backend = Backend::detect();
        let bases = Bases::new(backend, key().powers());
        let prover = Prover { backend, bases: &bases, keys: &self.case.keys };
        let witness = witness(&self.case, &self.case.evaluate());
        let inputs = statement.inputs(&PARAMETERS).unwrap();
        prover.prove(&inputs, &witness, Partial::default(), &mut Unattended).unwrap()
    }

    fn verdict(&self, statement: &Statement, proof: &CircuitProof) -> Result<(), Rejection> {
        verdict_on(&self.case, statement, proof, &Checks::ALL)
    }
}

fn honest() -> (Batched, Statement, CircuitProof) {
    let [first, second] = circuits();
    let batched = Batched::new([&first, &second]);
    let statement = batched.statement([first, second]);
    let proof = batched.prove(&statement);
    assert_eq!(batched.verdict(&statement, &proof), Ok(()));
    (batched, statement, proof)
}

type Change<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Statement));

/// Exchanges something of both jobs.
fn exchange<T>(statement: &mut Statement, part: impl Fn(&mut Job) -> &mut T) {
    if let [first, second] = statement.jobs.as_mut_slice() {
        std::mem::swap(part(first), part(second));
    }
}

#[test]
fn each_job_of_a_batch_is_bound_to_what_is_its_own() {
    let (batched, statement, proof) = honest();
    let changes: [Change<'_>; 12] = [
        ("outputs", "PB.A4", &|s| exchange(s, |job| &mut job.outputs)),
        ("inputs", "PB.A4", &|s| exchange(s, |job| &mut job.inputs)),
        ("programs", "PB.A4", &|s| exchange(s, |job| &mut job.circuit)),
        ("requests", "PB.A4", &|s| exchange(s, |job| &mut job.request_id)),
        ("salts", "PB.A4", &|s| exchange(s, |job| &mut job.salt)),
        ("places", "PB.A4", &|s| s.jobs.swap(0, 1)),
        ("one program twice", "PB.A4", &|s| s.jobs[1].circuit = s.jobs[0].circuit.clone()),
        ("one input twice", "PB.A4", &|s| s.jobs[1].inputs = s.jobs[0].inputs.clone()),
        ("commitments of outputs", "PE.K1", &|s| exchange(s, |job| &mut job.outputs[0].commitment)),
        ("commitments of inputs", "PE.K1", &|s| exchange(s, |job| &mut job.inputs[0].commitment)),
        ("a job left out", "PB.T2", &|s| s.jobs.truncate(1)),
        ("a job added", "PB.A4", &|s| {
            let mut added = s.jobs[1].clone();
            added.outputs[0].handle[0] ^= 1;
            s.jobs.push(added);
        }),
    ];
    for (what, id, change) in changes {
        let mut changed = statement.clone();
        change(&mut changed);
        let rejected = batched.verdict(&changed, &proof).expect_err(what);
        assert_eq!(rejected.id(), id, "{what}: {rejected}");
    }
}

/// Proofs made for statements that are false of one job, though the words are those of an evaluation.
#[test]
fn an_evaluation_of_a_neighbours_program_has_no_proof() {
    let [first, second] = circuits();
    for evaluated in [[&second, &first], [&first, &first], [&second, &second]] {
        let cheat = Batched::new(evaluated);
        let statement = cheat.statement([first.clone(), second.clone()]);
        let trace = cheat.case.evaluate();
        let stated = merge(&[&first, &second]).unwrap();
        if stated.bootstrappings().len() > 1 << cheat.case.shape.log_bootstrappings {
            continue;
        }
        let proven = PlainProver::honest(&cheat.case, &trace).prove_statement(statement);
        let verdict = cheat.verdict(&proven.statement, &proven.proof);
        let rejected = verdict.expect_err("outputs of other programs");
        assert!(["PB.I3", "PB.H2", "PB.H4"].contains(&rejected.id()), "{rejected}");
    }
}

#[test]
fn malformed_batches_are_refused_by_name() {
    let (batched, statement, proof) = honest();
    let refused = |change: &dyn Fn(&mut Statement)| {
        let mut changed = statement.clone();
        change(&mut changed);
        match batched.verdict(&changed, &proof) {
            Err(Rejection::Statement(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&|s| s.jobs.clear()), StatementError::NoJob);
    // One job's output as the other's input would be proved before it is made.
    let repeated = StatementError::RepeatedHandle { index: 0 };
    assert_eq!(refused(&|s| s.jobs[1].inputs = s.jobs[0].outputs.clone()), repeated);
    let repeated = StatementError::RepeatedHandle { index: 1 };
    assert_eq!(refused(&|s| s.jobs[1].outputs = s.jobs[0].outputs.clone()), repeated);
    assert_eq!(refused(&|s| s.jobs.push(s.jobs[0].clone())), StatementError::RepeatedHandle { index: 2 });
    let miscounted = StatementError::HandleCount { job: 1, what: "inputs", got: 2, expected: 1 };
    assert_eq!(refused(&|s| s.jobs[1].inputs.push(statement.jobs[0].inputs[0])), miscounted);
    let too_large = refused(&|s| s.jobs = vec![s.jobs[0].clone(); 4]);
    assert!(matches!(too_large, StatementError::Shape(_)), "{too_large}");
}

/// Whoever verifies one job's proof is told the other jobs.
#[test]
fn a_batch_is_verified_for_each_of_its_jobs() {
    let (batched, statement, proof) = honest();
    let Statement { domain, keys, jobs } = &statement;
    let verify = |job: &Job, batch: Batch| {
        let proven = [ProvenSegment { links: vec![], proof: proof.clone(), batch }];
        verify_job(&PARAMETERS, key().verifier(), domain, keys, job, &proven)
    };
    let beside = |place: usize| Batch { place, others: vec![jobs[1 - place].clone()] };
    for (place, job) in jobs.iter().enumerate() {
        assert_eq!(verify(job, beside(place)), Ok(()));
        let rejected = |batch| match verify(job, batch) {
            Err(JobRejection::Segment { segment: 0, error }) => error.id(),
            other => panic!("{other:?}"),
        };
        assert_eq!(rejected(Batch { place: 1 - place, ..beside(place) }), "PB.A4", "another place");
        assert_eq!(rejected(Batch::alone()), "PB.T2", "no other job");
        let mut of_another = beside(place);
        of_another.others[0].request_id = [9; 32];
        assert_eq!(rejected(of_another), "PB.A4");
        let own = Batch { place, others: vec![job.clone()] };
        assert_eq!(rejected(own), "PB.S1", "its own handles twice");
    }
    let behind = Batch { place: 2, ..beside(0) };
    let error = BatchError::Place { place: 2, jobs: 2 };
    assert_eq!(verify(&jobs[0], behind), Err(JobRejection::Batch { segment: 0, error }));
    let many = Batch { place: 0, others: vec![jobs[1].clone(); MAX_JOBS] };
    let error = BatchError::Jobs { got: MAX_JOBS + 1 };
    assert_eq!(verify(&jobs[0], many), Err(JobRejection::Batch { segment: 0, error }));
    // The words of the output are the evaluation's.
    let words: Vec<u64> = batched.outputs[1].iter().map(integer).collect();
    let commitment = Commitment::new(key().commit_words(&words).unwrap()).unwrap();
    assert_eq!(commitment, jobs[1].outputs[0].commitment);
}

#[test]
fn sizes_add_up_to_the_class() {
    let [first, second] = circuits();
    let [one, other] = [&first, &second].map(Size::of);
    assert!(one.and(&other).fits(&PARAMETERS));
    assert_eq!(Size::of(&merge(&[&first, &second]).unwrap()), Size { jobs: 1, ..one.and(&other) });
    assert!(!one.and(&one).and(&one).fits(&PARAMETERS), "nine bootstrappings");
    assert!(!other.and(&other).and(&other).and(&other).fits(&PARAMETERS), "four outputs");
}
