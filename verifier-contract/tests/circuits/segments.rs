//! Circuits of several segments: what is registered of them, and their proofs, one transaction each.

use crate::chain::{CONSUMER, Chain, OWNER, STRANGER, error_name, job_proof};
use crate::tiny::circuit::{PARAMETERS, circuit};
use alloy::primitives::{B256, U256, keccak256};
use alloy::sol_types::{SolCall, SolEvent, SolValue};
use proptest::prelude::*;
use trine_contract::bindings::{Coprocessor, ICoprocessor};
use trine_contract::calldata::registration::segment_claim;
use trine_contract::evm::{EvmError, Receipt};
use trine_program::circuit::{Circuit, Linear, Segment, Source, Term, Wire, segments};
use trine_program::{OperationList, lower};
use trine_verifier::bootstrapping::Statement;
use trine_verifier::bootstrapping::registration::{CircuitClaim, Registration, SegmentClaim};
use trine_verifier::bootstrapping::segment::segment_jobs;
use trine_verifier::bootstrapping::statement::Job;
use trine_verifier::{Bytes32, Commitment, NamedCommitment, Origin};

/// Ceilings of the gas of `fulfilJobs` for the segments of [`linked`], one by one.
const CEILINGS: [u64; 3] = [1_250_000, 1_250_000, 1_200_000];

/// Forty bootstrappings over three inputs, in three segments: every fifth reads an input, each other one the one before it.
pub fn linked() -> Circuit {
    let row = circuit(40, 3, 2);
    let single = |wire| Linear { terms: vec![Term { wire, coefficient: 1 }], constant: 0 };
    let mut list = row.bootstrappings().to_vec();
    for (index, bootstrapping) in list.iter_mut().enumerate().step_by(5) {
        let handle = (index / 5 % 3) as u8;
        bootstrapping.input = single(Wire::Input { handle, block: 0 });
    }
    let (inputs, outputs) = (row.inputs().to_vec(), row.outputs().to_vec());
    Circuit::new(inputs, outputs, row.tables().to_vec(), list, row.rows().to_vec()).unwrap()
}

/// A sum of integers of 64 bits.
fn sum() -> Circuit {
    let text = "trine operations 1\n\
        input uint64 compute 32 degree 3 level 1\n\
        input uint64 compute 32 degree 3 level 1\n\
        add uint64 %0 %1\n\
        release %2\n";
    lower(&OperationList::from_text(text.as_bytes()).unwrap()).unwrap()
}

fn registration_call(circuit: &Circuit, registration: &Registration) -> Coprocessor::registerSegmentsCall {
    let Registration::Segments { layouts, inputs, segments } = registration else {
        panic!("several segments")
    };
    Coprocessor::registerSegmentsCall {
        text: circuit.to_text().into_bytes().into(),
        layouts: layouts.map(U256::from_be_bytes),
        inputs: *inputs,
        segments: segments.iter().map(segment_claim).collect(),
    }
}

/// A request for a circuit of several segments, with what honest proofs of them prove.
pub struct Segmented {
    pub request_id: B256,
    inputs: Vec<NamedCommitment>,
    list: Vec<Segment>,
    claims: Vec<SegmentClaim>,
    /// Of each segment alone.
    pub statements: Vec<Statement>,
}

impl Segmented {
    pub fn ask(chain: &mut Chain, circuit: &Circuit) -> Self {
        let registration = Registration::of(&PARAMETERS, circuit).unwrap();
        let call = registration_call(circuit, &registration);
        let (reference, receipt) = chain.evm.send(OWNER, chain.coprocessor, &call).unwrap();
        println!("gas_register_segments {} of {}", receipt.gas, call.segments.len());
        let Registration::Segments { segments: claims, .. } = registration else { panic!() };

        let inputs: Vec<_> = circuit.inputs().iter().map(|declared| chain.input(declared)).collect();
        chain.evm.advance(1);
        let receipt = chain.request(reference, &inputs).unwrap();
        println!("gas_request {}", receipt.gas);
        let asked = receipt.logs.iter().find_map(|log| Coprocessor::Requested::decode_log(log).ok()).unwrap();
        let list = segments(circuit, &PARAMETERS.segment_limits()).unwrap();
        let statements = statements(chain, circuit, &list, asked.requestId, asked.salt, &inputs);
        chain.evm.advance(1);
        Self { request_id: asked.requestId, inputs, list, claims, statements }
    }

    pub fn job(&self, segment: usize) -> &Job {
        &self.statements[segment].jobs[0]
    }

    fn output_digests(&self, segment: usize) -> Vec<B256> {
        let outputs = self.job(segment).outputs.iter();
        outputs.map(|output| output.commitment.digest().into()).collect()
    }

    fn output_handles(&self, segment: usize) -> Vec<B256> {
        self.job(segment).outputs.iter().map(|output| output.handle.into()).collect()
    }

    fn reads(&self, segment: usize, from: usize) -> bool {
        let of =
            |source: &Source| matches!(source, Source::Link { segment, .. } if *segment as usize == from);
        self.list[segment].sources.iter().any(of)
    }

    /// Handle of the first output of a segment, as if another one had made it.
    fn misplaced(&self, chain: &Chain, index: usize, segment: u32) -> Bytes32 {
        let (output, declared) = (self.job(index).outputs[0], self.list[index].circuit.outputs()[0]);
        let origin = Origin::Output { request_id: self.request_id.0, job: 0, segment, index: 0 };
        chain.record(origin, &declared, &output.commitment).handle()
    }

    /// A segment among the jobs of a proof.
    pub fn job_proof(&self, index: usize) -> ICoprocessor::JobProof {
        let links = |from| if self.reads(index, from) { self.output_digests(from) } else { vec![] };
        ICoprocessor::JobProof {
            segment: U256::from(index),
            claim: segment_claim(&self.claims[index]),
            requestInputs: self.inputs.iter().map(|input| input.handle.into()).collect(),
            links: (0..index).map(links).collect(),
            ..job_proof(self.job(index))
        }
    }

    /// The call for a segment alone, with a proof of this statement.
    fn call_of(&self, chain: &mut Chain, index: usize, statement: &Statement) -> Coprocessor::fulfilJobsCall {
        chain.fulfil_jobs(vec![self.job_proof(index)], statement)
    }

    fn call(&self, chain: &mut Chain, index: usize) -> Coprocessor::fulfilJobsCall {
        self.call_of(chain, index, &self.statements[index])
    }
}

/// What the segments of a request prove, by the native definition.
fn statements(
    chain: &mut Chain,
    circuit: &Circuit,
    list: &[Segment],
    request_id: B256,
    salt: B256,
    inputs: &[NamedCommitment],
) -> Vec<Statement> {
    let links: Vec<Vec<Commitment>> =
        list.iter().map(|segment| (0..segment.links).map(|_| chain.setup.commitment()).collect()).collect();
    let last = list.len() as u32 - 1;
    let outputs = (0..).zip(circuit.outputs()).map(|(index, declared)| {
        let commitment = chain.setup.commitment();
        let origin = Origin::Output { request_id: request_id.0, job: 0, segment: last, index };
        NamedCommitment::new(&chain.record(origin, declared, &commitment), commitment).unwrap()
    });
    let job = Job {
        request_id: request_id.0,
        salt: salt.0,
        segment: 0,
        circuit: circuit.clone(),
        outputs: outputs.collect(),
        inputs: inputs.to_vec(),
    };
    let domain = chain.domain();
    let jobs = segment_jobs(&domain, &job, list, &links).unwrap();
    jobs.into_iter().map(|job| Statement::single(domain, chain.keys.clone(), job)).collect()
}

pub fn send(chain: &mut Chain, call: &Coprocessor::fulfilJobsCall) -> Result<Receipt, EvmError> {
    Ok(chain.evm.send(STRANGER, chain.coprocessor, call)?.1)
}

#[test]
fn segments_from_ciphertexts_to_proven_values() {
    let mut chain = Chain::new(true);
    let asked = Segmented::ask(&mut chain, &linked());
    assert_eq!(asked.list.len(), CEILINGS.len());
    for (index, most) in CEILINGS.into_iter().enumerate() {
        let call = asked.call(&mut chain, index);
        let receipt = send(&mut chain, &call).unwrap();
        let bytes = call.abi_encode().len();
        let (inputs, outputs) = (call.jobs[0].inputPoints.len(), call.jobs[0].outputPoints.len());
        println!(
            "segment {index}, {inputs} / {outputs}: gas_fulfil_jobs {} calldata_bytes {bytes}",
            receipt.gas
        );
        assert!(receipt.gas <= most, "gas_fulfil_jobs {}", receipt.gas);

        let log = receipt.logs.last().unwrap();
        let named = match index + 1 == CEILINGS.len() {
            true => Coprocessor::Fulfilled::decode_log(log).unwrap().outputs.clone(),
            false => Coprocessor::SegmentProven::decode_log(log).unwrap().links.clone(),
        };
        assert_eq!(named, asked.output_handles(index), "the handles of the native definition");
        let proven =
            Coprocessor::provenSegmentCall { requestId: asked.request_id, segment: U256::from(index) };
        let (hash, _) = chain.evm.send(STRANGER, chain.coprocessor, &proven).unwrap();
        assert_eq!(hash, keccak256(asked.output_digests(index).concat()));
    }
    let record = Coprocessor::handleRecordCall { handle: asked.output_handles(2)[1] };
    let record = chain.evm.send(STRANGER, chain.coprocessor, &record).unwrap().0;
    assert_eq!((record.requestId, record.index, record.consumer), (asked.request_id, 1, CONSUMER));
    assert_eq!(record.state, 2, "proven");
}

/// The verifier under test accepts any statement: what is tested is that the contract computes its own.
#[test]
fn a_proof_of_another_place_proves_nothing() {
    let mut chain = Chain::new(true);
    let asked = Segmented::ask(&mut chain, &linked());
    let mut wrong = vec![asked.statements[1].clone(); 5];
    wrong[0].jobs[0].segment = 0;
    wrong[1].jobs[0].segment = 2;
    wrong[2].jobs[0].salt[0] ^= 1;
    wrong[3].jobs[0].outputs[0].handle = asked.misplaced(&chain, 1, 0);
    wrong[4].jobs[0].inputs.last_mut().unwrap().handle = asked.misplaced(&chain, 0, 1);
    let first = asked.call(&mut chain, 0);
    send(&mut chain, &first).unwrap();
    for (k, statement) in wrong.iter().enumerate() {
        let call = asked.call_of(&mut chain, 1, statement);
        assert_eq!(error_name(send(&mut chain, &call)), "PairingMismatch", "change {k}");
    }
    let honest = asked.call(&mut chain, 1);
    send(&mut chain, &honest).unwrap();
    assert_eq!(error_name(send(&mut chain, &honest)), "SegmentAlreadyProven");
}

/// Whoever has the text computes the reference that the contract gives.
#[test]
fn references_are_those_of_the_native_definition() {
    let mut chain = Chain::new(true);
    for circuit in [linked(), circuit(33, 64, 16), sum()] {
        let registration = Registration::of(&PARAMETERS, &circuit).unwrap();
        let call = registration_call(&circuit, &registration);
        let (reference, receipt) = chain.evm.send(OWNER, chain.coprocessor, &call).unwrap();
        println!("{} segments: gas_register_segments {}", call.segments.len(), receipt.gas);
        assert_eq!(reference.0, registration.reference(&circuit.id().0));
        let record = Coprocessor::segmentedRecordCall { programRef: reference };
        let (record, _) = chain.evm.send(STRANGER, chain.coprocessor, &record).unwrap();
        let digests = call.segments.iter().map(|segment| keccak256(segment.abi_encode())).collect::<Vec<_>>();
        assert_eq!((record.segments, record.layouts, record.inputs), (digests, call.layouts, call.inputs));
        assert_eq!(usize::from(record.outputs), circuit.outputs().len());
    }
}

prop_compose! {
    fn any_claim()(
        circuit_id: [u8; 32],
        program: [u8; 32],
        layouts: [[u8; 32]; 6],
        counts: [u8; 3],
        sources in prop::collection::vec(any::<u16>(), 0..70),
    ) -> SegmentClaim {
        let [bootstrappings, inputs, outputs] = counts;
        let claim = CircuitClaim { program, layouts, bootstrappings, inputs, outputs };
        SegmentClaim { circuit_id, claim, sources }
    }
}

proptest! {
    #[test]
    fn digests_are_those_of_the_abi(
        segments in prop::collection::vec(any_claim(), 0..5),
        program_id: [u8; 32],
        layouts: [[u8; 32]; 6],
        inputs: u8,
    ) {
        let mut digests = vec![];
        for segment in &segments {
            let encoded = keccak256(segment_claim(segment).abi_encode());
            prop_assert_eq!(encoded.0, segment.digest());
            digests.push(encoded);
        }
        let parts = (
            keccak256("trine.v1.segmented_program"),
            B256::from(program_id),
            layouts.map(U256::from_be_bytes),
            U256::from(inputs),
            keccak256(digests.concat()),
        );
        let registration = Registration::Segments { layouts, inputs, segments };
        prop_assert_eq!(keccak256(parts.abi_encode_params()).0, registration.reference(&program_id));
    }
}
