//! Whether a presented result may be released: a pure function of what the node read on chain by itself and what the
//! client presents. Each check has one named refusal. What passes is [`Authorised`], the only thing a node squashes.

use super::batch::PresentedBatch;
use super::evaluation::{CommittedKey, Evaluation, PresentedProof, Program};
use super::policy::{check_count, is_circuit, releasable_program};
use super::refusal::Refusal;
use trine_fhe::words::ValueWords;
use trine_program::DevelopmentPolicy;
use trine_program::circuit::NoiseModel;
use trine_verifier::srs::{CommitmentKey, SrsError};
use trine_verifier::{Address, Bytes32, Class, Commitment, Domain, HandleRecord, NamedCommitment, Origin};

/// What a node is configured to serve.
pub struct ReleaseRules {
    /// Chain, contract, verifier of linear programs, setup and key of this committee, the key by its content digest.
    pub domain: Domain,
    /// Class of proofs of linear programs.
    pub class: Class,
    /// Hash of the verifier of circuits; `None` where no circuit is served.
    pub circuit_verifier_hash: Option<Bytes32>,
    /// Blocks on top of the fulfilment after which it counts as final.
    pub confirmations: u64,
    /// Bounds on linear programs, whose outputs are not bootstrapped; `None` outside development mode, where nothing of
    /// theirs is released.
    pub development: Option<DevelopmentPolicy>,
    /// Noise of the parameter set: bounds on circuits.
    pub noise: NoiseModel,
    /// Commits to presented words; holds the verifier's part of the reference string.
    pub commitment_key: CommitmentKey,
}

/// A handle with its record on chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHandle {
    /// The handle.
    pub handle: Bytes32,
    /// Its record.
    pub record: HandleRecord,
    /// Whether the contract marks it as output of a proof that it accepted.
    pub proven: bool,
    /// Whether it is among the outputs that its consumer has named for release: one decision for all outputs of a request.
    pub released: bool,
    /// The consumer.
    pub consumer: Address,
}

/// What the node read on chain about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFacts {
    /// Chain, contract, verifier, setup and key, as the contract and the request have them.
    pub domain: Domain,
    /// Contract that made the request.
    pub consumer: Address,
    /// Latest block that the node knows.
    pub head: u64,
    /// Block of the fulfilment, if there is one.
    pub fulfilled_at: Option<u64>,
    /// Identifier of the program in its record.
    pub program_id: Bytes32,
    /// Text of the program from the event of its registration.
    pub program_text: Vec<u8>,
    /// Salt of the request.
    pub salt: Bytes32,
    /// Inputs in the order of the request.
    pub inputs: Vec<ChainHandle>,
    /// Outputs in the order of the fulfilment; none before it.
    pub outputs: Vec<ChainHandle>,
}

/// What a client presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The request.
    pub request_id: Bytes32,
    /// Of a circuit of several segments all but the last, in order.
    pub earlier_segments: Vec<PresentedSegment>,
    /// Canonical bytes of the proof of evaluation; of a circuit of several segments that of the last.
    pub proof: Vec<u8>,
    /// What else that proof covers.
    pub batch: PresentedBatch,
    /// Commitments that the input handles name.
    pub inputs: Vec<Commitment>,
    /// Words of all outputs, released or not: the statement of the proof names them all.
    pub outputs: Vec<ValueWords>,
}

/// A segment before the last, as a client presents it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedSegment {
    /// Commitments of its links: its outputs, which later segments read.
    pub links: Vec<Commitment>,
    /// Canonical bytes of its proof.
    pub proof: Vec<u8>,
    /// What else the proof covers.
    pub batch: PresentedBatch,
}

/// What may be squashed and decrypted: the outputs that the consumer has named, in the order of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorised {
    request_id: Bytes32,
    handles: Vec<Bytes32>,
    values: Vec<ValueWords>,
    variance: f64,
}

impl Authorised {
    /// The request.
    pub fn request_id(&self) -> &Bytes32 {
        &self.request_id
    }

    /// Released handles.
    pub fn handles(&self) -> &[Bytes32] {
        &self.handles
    }

    /// Their words.
    pub fn values(&self) -> &[ValueWords] {
        &self.values
    }

    /// Largest noise variance of a released block, from the program text, unit q^2.
    pub fn variance(&self) -> f64 {
        self.variance
    }
}

/// Runs all checks, cheap ones first (TR.A1 to TR.A9). `key` holds the commitments of this node's evaluation key, which
/// circuits are verified with, and handles under the digest of these.
///
/// What the caller must still discharge: that `facts` were read from a node that it trusts, that it computed the
/// commitments in `key` itself (TR.K4), that the epoch's budget allows the blocks (TR.M3), and that a quorum computes the
/// same squashed ciphertext (TR.S3).
pub fn authorise(
    rules: &ReleaseRules,
    key: Option<&CommittedKey>,
    facts: &ChainFacts,
    presented: Presented,
) -> Result<Authorised, Refusal> {
    check_final(rules, facts)?;
    let domain = own_domain(rules, key, facts)?;
    check_domain(&domain, &facts.domain)?;
    let (program, variance) = releasable_program(rules, facts)?;
    if !facts.outputs.iter().any(|output| output.released) {
        return Err(Refusal::ReleaseNotAllowed);
    }
    check_segments(&program, &presented.earlier_segments)?;
    let inputs = check_inputs(&domain, &program, facts, &presented)?;
    let outputs = check_outputs(rules, &domain, &program, facts, &presented)?;

    let request_id = presented.request_id;
    let evaluation = Evaluation { domain, request_id, salt: facts.salt, program, inputs, outputs };
    let last = PresentedProof { proof: &presented.proof, batch: &presented.batch };
    evaluation.verify(rules, key, &presented.earlier_segments, last)?;
    let pairs = facts.outputs.iter().zip(presented.outputs);
    let released = pairs.filter(|(output, _)| output.released);
    let (handles, values) = released.map(|(output, value)| (output.handle, value)).unzip();
    Ok(Authorised { request_id, handles, values, variance })
}

/// TR.A1 and TR.A2.
fn check_final(rules: &ReleaseRules, facts: &ChainFacts) -> Result<(), Refusal> {
    let fulfilled_at = facts.fulfilled_at.ok_or(Refusal::NotFulfilled)?;
    let got = (facts.head + 1).saturating_sub(fulfilled_at);
    if got < rules.confirmations {
        return Err(Refusal::NotFinal { fulfilled_at, got, needed: rules.confirmations });
    }
    Ok(())
}

/// The domain that this node serves programs of this kind in. Its key has two digests: linear programs run under either,
/// circuits under that of the commitments.
fn own_domain(
    rules: &ReleaseRules,
    key: Option<&CommittedKey>,
    facts: &ChainFacts,
) -> Result<Domain, Refusal> {
    let committed = key.map(|key| *key.digest());
    if is_circuit(&facts.program_text) {
        let verifier_hash = rules.circuit_verifier_hash.ok_or(Refusal::CircuitsNotServed)?;
        let key_digest = committed.ok_or(Refusal::KeyNotCommitted)?;
        return Ok(Domain { verifier_hash, key_digest, ..rules.domain });
    }
    let named = committed.filter(|digest| *digest == facts.domain.key_digest);
    Ok(Domain { key_digest: named.unwrap_or(rules.domain.key_digest), ..rules.domain })
}

/// TR.A3.
fn check_domain(own: &Domain, chain: &Domain) -> Result<(), Refusal> {
    let fields = [
        ("chain", chain.chain_id.to_string(), own.chain_id.to_string()),
        ("contract", hex::encode(chain.coprocessor), hex::encode(own.coprocessor)),
        ("verifier hash", hex::encode(chain.verifier_hash), hex::encode(own.verifier_hash)),
        ("SRS digest", hex::encode(chain.srs_digest), hex::encode(own.srs_digest)),
        ("parameter set", hex::encode(chain.parameter_set_id), hex::encode(own.parameter_set_id)),
        ("key digest", hex::encode(chain.key_digest), hex::encode(own.key_digest)),
    ];
    match fields.into_iter().find(|(_, got, expected)| got != expected) {
        Some((field, got, expected)) => Err(Refusal::Domain { field, got, expected }),
        None => Ok(()),
    }
}

/// TR.A7 for segments: those of this node's own cut, each with its links.
fn check_segments(program: &Program, earlier: &[PresentedSegment]) -> Result<(), Refusal> {
    let segments = program.segments();
    let (got, expected) = (earlier.len() + 1, segments.len().max(1));
    if got != expected {
        return Err(Refusal::SegmentCount { got, expected });
    }
    for (segment, (presented, cut)) in earlier.iter().zip(segments).enumerate() {
        let (got, expected) = (presented.links.len(), cut.links);
        if got != expected {
            return Err(Refusal::LinkCount { segment, got, expected });
        }
    }
    Ok(())
}

/// TR.A7 for inputs: the records give their handles and fit the program, the presented commitments fit the records.
fn check_inputs(
    domain: &Domain,
    program: &Program,
    facts: &ChainFacts,
    presented: &Presented,
) -> Result<Vec<NamedCommitment>, Refusal> {
    check_count("inputs on chain", facts.inputs.len(), program.inputs().len())?;
    check_count("input commitments", presented.inputs.len(), program.inputs().len())?;
    let mut named = Vec::with_capacity(facts.inputs.len());
    for (index, (input, declaration)) in facts.inputs.iter().zip(program.inputs()).enumerate() {
        let refuse = |fault| Refusal::Record { what: "input", index, fault };
        let record = &input.record;
        // The policy reads one program text: the result of another program may be a weighted, shifted or noisy form of
        // one owner's value, whatever the last program adds up.
        if !matches!(input.record.origin, Origin::Input { .. }) {
            return Err(refuse(
                "is of a computed value; only registered ciphertexts enter a released program",
            ));
        }
        if record.handle() != input.handle {
            return Err(refuse("does not give its handle"));
        }
        let place = (record.chain_id, record.coprocessor, record.key_digest);
        if place != (domain.chain_id, domain.coprocessor, domain.key_digest) {
            return Err(refuse("is of another chain, contract or key than the request"));
        }
        if !input.record.matches(declaration) {
            return Err(refuse("is not what the program declares"));
        }
        if input.consumer != facts.consumer {
            return Err(refuse("is of another consumer than the request"));
        }
        let commitment = presented.inputs[index];
        let input = NamedCommitment::new(&input.record, commitment);
        named.push(input.map_err(|_| Refusal::InputCommitment { index })?);
    }
    Ok(named)
}

/// TR.A7 for outputs, and TR.A8: the handle recomputed from the presented words is the one on chain.
fn check_outputs(
    rules: &ReleaseRules,
    domain: &Domain,
    program: &Program,
    facts: &ChainFacts,
    presented: &Presented,
) -> Result<Vec<NamedCommitment>, Refusal> {
    check_count("outputs on chain", facts.outputs.len(), program.outputs().len())?;
    check_count("presented outputs", presented.outputs.len(), program.outputs().len())?;
    let mut named = Vec::with_capacity(facts.outputs.len());
    for (index, (output, declaration)) in facts.outputs.iter().zip(program.outputs()).enumerate() {
        let refuse = |fault| Refusal::Record { what: "output", index, fault };
        if !output.proven {
            return Err(refuse("is not marked as proven"));
        }
        if output.consumer != facts.consumer {
            return Err(refuse("is of another consumer than the request"));
        }
        if !output.record.matches(declaration) {
            return Err(refuse("is not what the program declares"));
        }
        let value = &presented.outputs[index];
        if value.declaration() != declaration {
            return Err(Refusal::Declaration { index });
        }
        let commitment = commit(&rules.commitment_key, value)
            .map_err(|reason| Refusal::Uncommittable { index, reason })?;
        let (request_id, segment) = (presented.request_id, program.last_segment());
        let origin = Origin::Output { request_id, job: 0, segment, index: index as u32 };
        let own = HandleRecord {
            chain_id: domain.chain_id,
            coprocessor: domain.coprocessor,
            key_digest: domain.key_digest,
            key_kind: declaration.key_kind,
            value_type: declaration.value_type,
            blocks: declaration.blocks,
            origin,
            commitment_digest: commitment.digest(),
        };
        let own = NamedCommitment::new(&own, commitment)
            .map_err(|e| Refusal::Uncommittable { index, reason: e.to_string() })?;
        if own.handle != output.handle {
            let (got, expected) = (hex::encode(own.handle), hex::encode(output.handle));
            return Err(Refusal::HandleMismatch { index, got, expected });
        }
        named.push(own);
    }
    Ok(named)
}

fn commit(key: &CommitmentKey, value: &ValueWords) -> Result<Commitment, String> {
    let point = key.commit_words(&value.commitment_words()).map_err(|e: SrsError| e.to_string())?;
    Commitment::new(point).map_err(|e| e.to_string())
}
