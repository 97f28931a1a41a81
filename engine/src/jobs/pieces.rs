//! Pieces of a job: what one proof covers. A linear program is one piece, and so is a circuit that fits one proof; a larger one
//! has a piece for each of its segments.

use super::runner::JobRunner;
use crate::chain::{FulfilledJob, Fulfilment, SegmentPart};
use crate::circuit::statement::{circuit_statement, circuits, job_segments};
use crate::circuit::{self, CircuitRefusal};
use crate::domain::{CiphertextRecord, Job, KeyPoints, ProofRecord};
use crate::error::EngineError;
use crate::evaluation;
use crate::prover::{JobValues, ProofStatement, ProofTask};
use crate::store::LinkPlace;
use trine_program::LinearProgram;
use trine_program::circuit::{Segment, Source};
use trine_verifier::Bytes32;
use trine_verifier::bootstrapping::KeyCommitments;
use trine_verifier::bootstrapping::program::Words;
use trine_verifier::bootstrapping::registration::{RegistrationError, SegmentClaim};
use trine_verifier::digest::packed;

/// A statement about one job, or a segment of one, with the records of its values.
pub type Stated = (ProofStatement, JobValues);

/// Where a value of a piece is kept.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Among the ciphertexts.
    Handle(Bytes32),
    /// Among the links of the job.
    Link(LinkPlace),
}

/// A job and its cut.
pub struct Pieces<'a> {
    runner: &'a JobRunner,
    job: &'a Job,
    /// The segments of its circuit, where there are several.
    cut: Option<Vec<Segment>>,
}

impl<'a> Pieces<'a> {
    /// Of a job that is proved. The cut is a function of the text.
    pub fn of(runner: &'a JobRunner, job: &'a Job) -> Result<Self, EngineError> {
        let mut pieces = Self { runner, job, cut: None };
        if let Some(work) = job.work.circuit() {
            let parts = runner.parts();
            let circuit = circuit::evaluation::circuit(parts.store.as_ref(), work)?;
            let list = job_segments(&parts.setup, job, &circuit)?;
            pieces.cut = (list.len() > 1).then_some(list);
        }
        Ok(pieces)
    }

    /// Number of pieces.
    pub fn count(&self) -> u32 {
        self.cut.as_ref().map_or(1, |list| list.len() as u32)
    }

    /// The last piece, whose outputs are the job's.
    pub fn last(&self) -> u32 {
        self.count() - 1
    }

    /// What a proof of a piece states, with the words of its values.
    pub fn task(&self, piece: u32) -> Result<ProofTask, EngineError> {
        let (statement, values) = self.stated(piece)?;
        let words = self.places(piece)?.into_iter().map(|place| self.words(place));
        Ok(ProofTask { statement, jobs: vec![values], words: words.collect::<Result<_, _>>()? })
    }

    /// What fulfils a piece on chain, by its proof. Of a batch it fulfils all jobs.
    pub fn fulfilment(&self, piece: u32, proof: &ProofRecord) -> Result<Fulfilment, EngineError> {
        let (own, key_points) = self.fulfilled(piece)?;
        let of_batch = |id| {
            let job = self.runner.job(id)?;
            let (fulfilled, _) = Pieces::of(self.runner, &job)?.fulfilled(0)?;
            Ok(fulfilled)
        };
        let jobs = match proof.batch.as_slice() {
            [] => vec![own],
            batch => batch.iter().map(|id| of_batch(*id)).collect::<Result<_, EngineError>>()?,
        };
        let key_points = key_points.map(|KeyPoints(points)| points);
        let (request_id, proof) = (self.job.request_id, proof.wrapped.clone());
        Ok(Fulfilment { request_id, jobs, key_points, proof })
    }

    /// What a transaction says of a piece, and the points of its key.
    fn fulfilled(&self, piece: u32) -> Result<(FulfilledJob, Option<KeyPoints>), EngineError> {
        let (statement, values) = self.stated(piece)?;
        let points = |records: &[CiphertextRecord]| records.iter().map(|r| r.commitment).collect();
        let fulfilled = FulfilledJob {
            request_id: self.job.request_id,
            segment: self.part(piece)?,
            words: program_words(&statement)?,
            input_points: points(&values.inputs),
            output_points: points(&values.outputs),
        };
        Ok((fulfilled, statement.keys().map(|keys| KeyPoints(keys.to_xy()))))
    }

    /// Hash of the links of a segment before the last, as the contract keeps it.
    pub fn links_hash(&self, piece: u32) -> Result<Bytes32, EngineError> {
        Ok(packed(&self.link_digests(piece)?))
    }

    /// Records of the links of a segment; of the last one there are none.
    pub fn links(&self, piece: u32) -> Result<Vec<CiphertextRecord>, EngineError> {
        let links = self.segment(piece)?.map_or(0, |segment| segment.links);
        self.link_places(piece, links).map(|place| self.record(place)).collect()
    }

    fn stated(&self, piece: u32) -> Result<Stated, EngineError> {
        let Some(segment) = self.segment(piece)? else { return self.runner.statement(self.job) };
        let records = self.places(piece)?.into_iter().map(|place| self.record(place));
        let mut inputs = records.collect::<Result<Vec<_>, _>>()?;
        let outputs = inputs.split_off(segment.sources.len());
        let values = JobValues { inputs, outputs };
        let keys = self.runner.keys_of(self.job)?;
        let (setup, circuit) = (&self.runner.parts().setup, segment.circuit.clone());
        let statement = circuit_statement(setup, self.job, piece, circuit, keys, &values)?;
        Ok((ProofStatement::Circuit(statement), values))
    }

    /// The segment that a piece is; none of a job of one piece.
    fn segment(&self, piece: u32) -> Result<Option<&Segment>, EngineError> {
        let Some(list) = &self.cut else { return Ok(None) };
        let missing = || EngineError::Task(format!("piece {piece} of {}", list.len()));
        list.get(piece as usize).map(Some).ok_or_else(missing)
    }

    /// Inputs, then outputs of a piece.
    fn places(&self, piece: u32) -> Result<Vec<Place>, EngineError> {
        let outputs = self.job.outputs.iter().map(|output| Place::Handle(output.handle));
        let Some(segment) = self.segment(piece)? else {
            let inputs = self.job.inputs.iter().map(|handle| Place::Handle(*handle));
            return Ok(inputs.chain(outputs).collect());
        };
        let mut places =
            segment.sources.iter().map(|source| self.place(source)).collect::<Result<Vec<_>, _>>()?;
        places.extend(self.link_places(piece, segment.links));
        if piece == self.last() {
            places.extend(outputs);
        }
        Ok(places)
    }

    fn place(&self, source: &Source) -> Result<Place, EngineError> {
        match *source {
            Source::Link { segment, output } => {
                Ok(Place::Link(LinkPlace { job: self.job.id, segment, output }))
            }
            Source::Input(index) => {
                let (got, index) = (self.job.inputs.len(), usize::from(index));
                let handle = self.job.inputs.get(index).copied();
                Ok(Place::Handle(handle.ok_or(EngineError::InputCount { got, expected: index + 1 })?))
            }
        }
    }

    fn link_places(&self, piece: u32, links: usize) -> impl Iterator<Item = Place> + use<> {
        let job = self.job.id;
        // A segment has fewer outputs than 256.
        (0..links).map(move |output| Place::Link(LinkPlace { job, segment: piece, output: output as u8 }))
    }

    fn record(&self, place: Place) -> Result<CiphertextRecord, EngineError> {
        match place {
            Place::Handle(handle) => self.runner.record(&handle),
            Place::Link(place) => {
                let link = self.runner.parts().store.link(place)?;
                link.ok_or_else(|| EngineError::not_found("link of job", &place.job.0))
            }
        }
    }

    fn words(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        match place {
            Place::Handle(handle) => self.runner.words(&handle),
            Place::Link(place) => {
                let words = self.runner.parts().store.link_words(place)?;
                words.ok_or_else(|| EngineError::not_found("words of a link of job", &place.job.0))
            }
        }
    }

    fn link_digests(&self, piece: u32) -> Result<Vec<Bytes32>, EngineError> {
        self.links(piece)?.iter().map(|link| Ok(link.point()?.digest())).collect()
    }

    /// What a segment's transaction says beside points and proof.
    fn part(&self, piece: u32) -> Result<Option<SegmentPart>, EngineError> {
        let Some(segment) = self.segment(piece)? else { return Ok(None) };
        let reads = |earlier| {
            segment.sources.iter().any(|s| matches!(s, Source::Link { segment, .. } if *segment == earlier))
        };
        let links = (0..piece).map(
            |earlier| {
                if reads(earlier) { self.link_digests(earlier) } else { Ok(Vec::new()) }
            },
        );
        Ok(Some(SegmentPart {
            index: piece,
            claim: self.claim(segment)?,
            request_inputs: self.job.inputs.clone(),
            links: links.collect::<Result<_, _>>()?,
        }))
    }

    /// What is registered of a segment.
    fn claim(&self, segment: &Segment) -> Result<SegmentClaim, EngineError> {
        let parameters = circuits(&self.runner.parts().setup)?.parameters;
        Ok(SegmentClaim::of(&parameters, segment).map_err(CircuitRefusal::from)?)
    }
}

/// Words of what a statement about one job names; none of a linear program.
fn program_words(statement: &ProofStatement) -> Result<Vec<Bytes32>, EngineError> {
    let ProofStatement::Circuit(statement) = statement else { return Ok(Vec::new()) };
    let words = |circuit| Words::of(circuit).map(|words| words.to_words());
    let words = statement.jobs.iter().map(|job| words(&job.circuit)).collect::<Result<Vec<_>, _>>();
    Ok(words.map_err(|e| CircuitRefusal::from(RegistrationError::from(e)))?.concat())
}

impl JobRunner {
    /// What the job states as a whole, with the records of inputs and outputs: what a proof of one piece covers, and what the
    /// proofs of several cover together.
    pub fn statement(&self, job: &Job) -> Result<Stated, EngineError> {
        let inputs = job.inputs.iter().map(|h| self.record(h)).collect::<Result<Vec<_>, _>>()?;
        let outputs = job.outputs.iter().map(|o| self.record(&o.handle)).collect::<Result<Vec<_>, _>>()?;
        let values = JobValues { inputs, outputs };
        let setup = &self.parts().setup;
        let statement = match job.work.circuit() {
            None => {
                let program = self.program(job.work.program_id())?;
                let statement = evaluation::statement(setup, job, program, &values.inputs, &values.outputs)?;
                ProofStatement::Linear(statement)
            }
            Some(work) => {
                let circuit = circuit::evaluation::circuit(self.parts().store.as_ref(), work)?;
                let keys = self.keys_of(job)?;
                ProofStatement::Circuit(circuit_statement(setup, job, 0, circuit, keys, &values)?)
            }
        };
        Ok((statement, values))
    }

    /// Stored commitments of the job's key set.
    fn keys_of(&self, job: &Job) -> Result<KeyCommitments, EngineError> {
        let parts = self.parts();
        let parameters = circuits(&parts.setup)?.parameters;
        let points = parts.store.key_points(&job.key_digest)?;
        let KeyPoints(points) =
            points.ok_or_else(|| EngineError::not_found("commitments of key", &job.key_digest))?;
        Ok(KeyCommitments::from_xy(&parameters, &points).map_err(CircuitRefusal::from)?)
    }

    /// A stored program.
    pub fn program(&self, id: &Bytes32) -> Result<LinearProgram, EngineError> {
        let text = self.parts().store.program(id)?;
        let text = text.ok_or_else(|| EngineError::not_found("program", id))?;
        Ok(LinearProgram::from_text(text.as_bytes())?)
    }

    pub(super) fn record(&self, handle: &Bytes32) -> Result<CiphertextRecord, EngineError> {
        let record = self.parts().store.ciphertext(handle)?;
        record.ok_or_else(|| EngineError::not_found("ciphertext", handle))
    }

    pub(super) fn words(&self, handle: &Bytes32) -> Result<Vec<u8>, EngineError> {
        let words = self.parts().store.words(handle)?;
        words.ok_or_else(|| EngineError::not_found("words of ciphertext", handle))
    }
}
