//! Several jobs in one proof: each fulfils its own request, and none reaches into another.

use crate::chain::{Asked, Chain, STRANGER, error_name, job_proof};
use crate::segments::{Segmented, linked, send};
use crate::tiny::circuit::{PARAMETERS, circuit};
use alloy::primitives::{B256, U256};
use alloy::sol_types::{SolCall, SolEvent};
use ark_bn254::Fr;
use trine_contract::bindings::{Coprocessor, ICoprocessor};
use trine_contract::calldata::circuit::key_points;
use trine_program::circuit::{Circuit, Wire};
use trine_verifier::bootstrapping::Statement;
use trine_verifier::bootstrapping::batch::{MAX_JOBS, Size};
use trine_verifier::bootstrapping::statement::Job;

/// Ceiling of the gas of `fulfilJobs` for two jobs of 8 bootstrappings, 6 inputs and one output.
const MOST_GAS_OF_TWO: u64 = 1_480_000;

/// Requests for circuits, to be proven together.
struct Together {
    asked: Vec<Asked>,
}

impl Together {
    fn ask(chain: &mut Chain, circuits: &[Circuit]) -> Self {
        let mut known: Vec<(&Circuit, B256)> = vec![];
        let mut asked = vec![];
        for circuit in circuits {
            let reference =
                known.iter().find(|(other, _)| *other == circuit).map(|(_, reference)| *reference);
            let reference = reference.unwrap_or_else(|| chain.register_circuit(circuit));
            known.push((circuit, reference));
            let inputs = circuit.inputs().iter().map(|declared| chain.input(declared)).collect();
            asked.push(chain.ask_over(reference, circuit, inputs));
        }
        Self { asked }
    }

    fn jobs(&self) -> Vec<Job> {
        self.asked.iter().map(|asked| asked.job().clone()).collect()
    }

    /// What one proof of all of them states.
    fn statement(&self, chain: &Chain) -> Statement {
        Statement { domain: chain.domain(), keys: chain.keys.clone(), jobs: self.jobs() }
    }

    fn job_proofs(&self) -> Vec<ICoprocessor::JobProof> {
        self.asked.iter().map(|asked| job_proof(asked.job())).collect()
    }

    /// The call with a proof of this statement, whatever it states.
    fn call_of(&self, chain: &mut Chain, statement: &Statement) -> Coprocessor::fulfilJobsCall {
        chain.fulfil_jobs(self.job_proofs(), statement)
    }

    fn call(&self, chain: &mut Chain) -> Coprocessor::fulfilJobsCall {
        let statement = self.statement(chain);
        self.call_of(chain, &statement)
    }
}

fn two(chain: &mut Chain) -> Together {
    Together::ask(chain, &[circuit(3, 2, 1), circuit(4, 3, 2)])
}

/// Stmt, shape, layouts and P(z) are those of the native definition, or the proof would not verify.
#[test]
fn batches_of_every_size() {
    let sizes: [&[(usize, usize, usize)]; 5] = [
        &[(8, 6, 1), (8, 6, 1)],
        &[(1, 1, 1), (2, 5, 3), (5, 9, 2)],
        &[(0, 1, 1), (1, 2, 1)],
        &[(16, 60, 1), (0, 4, 15)],
        &[(1, 4, 1); MAX_JOBS],
    ];
    for (index, sizes) in sizes.into_iter().enumerate() {
        let mut chain = Chain::new(true);
        let circuits: Vec<_> = sizes.iter().map(|&(b, i, o)| circuit(b, i, o)).collect();
        let size = circuits.iter().map(Size::of).reduce(|a, b| a.and(&b)).unwrap();
        assert!(size.fits(&PARAMETERS), "{size:?}");
        let together = Together::ask(&mut chain, &circuits);
        let call = together.call(&mut chain);
        let receipt = send(&mut chain, &call).unwrap();
        println!(
            "{sizes:?}: gas_fulfil_jobs {} calldata_bytes {} proof_bytes {}",
            receipt.gas,
            call.abi_encode().len(),
            call.proof.len()
        );
        assert!(index != 0 || receipt.gas <= MOST_GAS_OF_TWO, "gas_fulfil_jobs {}", receipt.gas);
        let events = receipt.logs.iter().filter_map(|log| Coprocessor::Fulfilled::decode_log(log).ok());
        let events: Vec<_> = events.collect();
        assert_eq!(events.len(), circuits.len());
        for (event, asked) in events.iter().zip(&together.asked) {
            let outputs: Vec<_> = asked.job().outputs.iter().map(|output| output.handle).collect();
            assert_eq!(event.requestId, asked.request_id);
            assert_eq!(event.outputs, outputs, "the handles of the native definition");
        }
        assert_eq!(error_name(send(&mut chain, &call)), "AlreadyFulfilled");
    }
}

/// The same words in another place are other words: no proof of one order is one of another.
#[test]
fn a_proof_of_other_jobs() {
    type Change = fn(&mut Vec<Job>);
    let changes: [(&str, Change); 6] = [
        ("outputs exchanged", |jobs| {
            let [a, b, ..] = &mut jobs[..] else { panic!() };
            std::mem::swap(&mut a.outputs, &mut b.outputs);
        }),
        ("programs exchanged", |jobs| {
            let [a, b, ..] = &mut jobs[..] else { panic!() };
            std::mem::swap(&mut a.circuit, &mut b.circuit);
        }),
        ("one program twice", |jobs| jobs[1].circuit = jobs[0].circuit.clone()),
        ("order exchanged", |jobs| jobs.swap(0, 1)),
        ("another request", |jobs| jobs[1].request_id[0] ^= 1),
        ("another salt", |jobs| jobs[1].salt[0] ^= 1),
    ];
    for (what, change) in changes {
        let mut chain = Chain::new(true);
        let together = Together::ask(&mut chain, &twins());
        let mut statement = together.statement(&chain);
        change(&mut statement.jobs);
        let call = together.call_of(&mut chain, &statement);
        assert_eq!(error_name(send(&mut chain, &call)), "PairingMismatch", "{what}");
        let honest = together.call(&mut chain);
        send(&mut chain, &honest).unwrap();
    }
}

/// Two circuits of one size, so that the points of one fit the places of the other; the rows of the second are of the first
/// bootstrapping.
fn twins() -> [Circuit; 2] {
    let first = circuit(2, 2, 1);
    let mut rows = first.rows().to_vec();
    for row in &mut rows {
        row.terms[0].wire = Wire::Output { bootstrapping: 0, function: 0 };
    }
    let (inputs, outputs) = (first.inputs().to_vec(), first.outputs().to_vec());
    let second =
        Circuit::new(inputs, outputs, first.tables().to_vec(), first.bootstrappings().to_vec(), rows);
    [first, second.unwrap()]
}

/// The calldata is another than what was proven.
#[test]
fn jobs_exchanged_in_the_call() {
    let mut chain = Chain::new(true);
    let together = Together::ask(&mut chain, &twins());
    let honest = together.call(&mut chain);
    type Change = fn(&mut ICoprocessor::JobProof, &mut ICoprocessor::JobProof);
    let changes: [(&str, Change); 6] = [
        ("PairingMismatch", |a, b| std::mem::swap(&mut a.outputPoints, &mut b.outputPoints)),
        ("PairingMismatch", |a, b| std::mem::swap(a, b)),
        ("InputPointsMismatch", |a, b| std::mem::swap(&mut a.inputPoints, &mut b.inputPoints)),
        ("ProgramWordsMismatch", |a, b| std::mem::swap(&mut a.words, &mut b.words)),
        ("ProgramWordsMismatch", |a, b| b.words = a.words.clone()),
        ("DuplicateJob", |a, b| b.requestId = a.requestId),
    ];
    for (error, change) in changes {
        let mut call = honest.clone();
        let [a, b] = &mut call.jobs[..] else { panic!("two jobs") };
        change(a, b);
        if error == "DuplicateJob" {
            b.inputPoints = a.inputPoints.clone();
        }
        assert_eq!(error_name(send(&mut chain, &call)), error);
    }
    for jobs in [vec![honest.jobs[0].clone()], vec![]] {
        let error = if jobs.is_empty() { "NoJob" } else { "PairingMismatch" };
        let call = Coprocessor::fulfilJobsCall { jobs, ..honest.clone() };
        assert_eq!(error_name(send(&mut chain, &call)), error);
    }
    send(&mut chain, &honest).unwrap();
}

/// Words that the contract did not move, or moved twice, are not the merged circuit's.
#[test]
fn words_of_the_merged_circuit_are_bound() {
    let mut chain = Chain::new(true);
    let together = two(&mut chain);
    let statement = together.statement(&chain);
    let own: Vec<_> = together.asked.iter().map(|asked| chain.honest(&asked.statement).words).collect();
    let mut unmoved = chain.honest(&statement);
    assert_eq!(unmoved.words.slots[..3], own[0].slots[..], "the first job's stay");
    assert_ne!(unmoved.words.slots[3..], own[1].slots[..]);
    unmoved.words.slots[3..].copy_from_slice(&own[1].slots);
    let mut raised = chain.honest(&statement);
    let last = raised.words.rows.len() - 1;
    raised.words.rows[last] += Fr::from(1u64);
    for proven in [unmoved, raised] {
        let proof = chain.proof(&proven);
        let call = Coprocessor::fulfilJobsCall {
            jobs: together.job_proofs(),
            keyPoints: key_points(&chain.keys),
            proof,
        };
        assert_eq!(error_name(send(&mut chain, &call)), "PairingMismatch");
    }
}

/// Whoever is faster with one job stalls no other.
#[test]
fn a_job_that_is_fulfilled_already() {
    let mut chain = Chain::new(true);
    let together = two(&mut chain);
    let batch = together.call(&mut chain);
    let alone = chain.fulfilment(&together.asked[0]);
    chain.fulfil(&alone).unwrap();
    let receipt = send(&mut chain, &batch).unwrap();
    let events = receipt.logs.iter().filter_map(|log| Coprocessor::Fulfilled::decode_log(log).ok());
    let fulfilled: Vec<_> = events.map(|event| event.requestId).collect();
    assert_eq!(fulfilled, [together.asked[1].request_id]);
}

#[test]
fn a_segment_beside_a_circuit() {
    let mut chain = Chain::new(true);
    let circuits = Together::ask(&mut chain, &[circuit(4, 2, 1)]);
    let segmented = Segmented::ask(&mut chain, &linked());
    let last = segmented.statements.len() - 1;
    for index in 0..last {
        let statement = segmented.statements[index].clone();
        let call = chain.fulfil_jobs(vec![segmented.job_proof(index)], &statement);
        send(&mut chain, &call).unwrap();
    }
    // The last segment has eight bootstrappings: room for a circuit of four.
    let mut statement = circuits.statement(&chain);
    statement.jobs.push(segmented.job(last).clone());
    let mut jobs = circuits.job_proofs();
    jobs.push(segmented.job_proof(last));
    let call = chain.fulfil_jobs(jobs, &statement);
    let receipt = send(&mut chain, &call).unwrap();
    let events = receipt.logs.iter().filter_map(|log| Coprocessor::Fulfilled::decode_log(log).ok());
    let fulfilled: Vec<_> = events.map(|event| event.requestId).collect();
    assert_eq!(fulfilled, [circuits.asked[0].request_id, segmented.request_id]);
}

/// The claim of a segment is that of its own program, whatever stands beside it.
#[test]
fn the_claim_of_a_neighbour() {
    let mut chain = Chain::new(true);
    let segmented = Segmented::ask(&mut chain, &linked());
    let circuits = two(&mut chain);
    let mut jobs = circuits.job_proofs();
    jobs[1] = ICoprocessor::JobProof { claim: segmented.job_proof(1).claim, ..segmented.job_proof(0) };
    let call = Coprocessor::fulfilJobsCall { jobs, ..circuits.call(&mut chain) };
    assert_eq!(error_name(send(&mut chain, &call)), "SegmentClaimMismatch");
    // A circuit of one piece under a segment's number.
    let mut call = circuits.call(&mut chain);
    call.jobs[1].segment = U256::from(1);
    assert_eq!(error_name(send(&mut chain, &call)), "UnknownSegment");
}

#[test]
fn more_than_a_proof_has_room_for() {
    let mut chain = Chain::new(true);
    for (sizes, error) in [
        ([(9, 1, 1), (8, 1, 1)], "TooManyBootstrappings"),
        ([(1, 40, 1), (1, 25, 1)], "TooManyInputs"),
        ([(1, 1, 9), (1, 1, 8)], "TooManyOutputs"),
    ] {
        let together = Together::ask(&mut chain, &sizes.map(|(b, i, o)| circuit(b, i, o)));
        assert!(together.statement(&chain).inputs(&PARAMETERS).is_err(), "natively neither");
        let proof = chain.fulfilment(&together.asked[0]).proof;
        let call = Coprocessor::fulfilJobsCall {
            jobs: together.job_proofs(),
            keyPoints: key_points(&chain.keys),
            proof,
        };
        let sent = chain.evm.send(STRANGER, chain.coprocessor, &call).map(|(_, receipt)| receipt);
        assert_eq!(error_name(sent), error);
    }
}
