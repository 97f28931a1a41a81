//! Words that arrive in chunks: inputs, then outputs of each job, each block its mask words and its body word.

use super::refusal::Refusal;
use trine_program::Declaration;
use trine_proto::prover::v1 as pb;
use trine_verifier::Class;

/// Most bytes of a chunk.
pub const MAX_CHUNK_BYTES: usize = 1 << 20;

/// Words of one block as they travel: `N` mask words and one body word.
pub const fn words_per_block(class: &Class) -> usize {
    (1 << class.log_n) + 1
}

/// Words of values in the layout that is committed to.
pub type Values = Vec<Vec<u64>>;

/// What a job declares: inputs, outputs.
pub type Declared<'a> = (&'a [Declaration], &'a [Declaration]);

/// The words received so far.
pub struct Intake {
    words_per_block: usize,
    /// Blocks of each input and each output, job by job.
    jobs: Vec<(Vec<usize>, Vec<usize>)>,
    bytes: Vec<u8>,
    expected: usize,
}

impl Intake {
    /// For values as programs declare them: at most some hundred of at most 64 blocks.
    pub fn new<'a>(words_per_block: usize, jobs: impl IntoIterator<Item = Declared<'a>>) -> Self {
        let blocks = |list: &[Declaration]| list.iter().map(|d| usize::from(d.blocks)).collect::<Vec<_>>();
        let jobs: Vec<_> =
            jobs.into_iter().map(|(inputs, outputs)| (blocks(inputs), blocks(outputs))).collect();
        let all: usize = jobs.iter().flat_map(|(inputs, outputs)| inputs.iter().chain(outputs)).sum();
        Self { words_per_block, jobs, bytes: Vec::new(), expected: 8 * words_per_block * all }
    }

    /// The next chunk, in order and within what the values have.
    pub fn take(&mut self, chunk: &pb::WordChunk) -> Result<(), Refusal> {
        let (got, expected) = (chunk.data.len(), self.bytes.len());
        let most = MAX_CHUNK_BYTES.min(self.expected - expected);
        if got == 0 || got > most || chunk.offset != expected as u64 {
            return Err(Refusal::Chunk { got, offset: chunk.offset, expected: expected as u64, most });
        }
        self.bytes.extend_from_slice(&chunk.data);
        Ok(())
    }

    /// Inputs of all jobs and outputs of all jobs, each block in `2N` words with the body at index N and zeros above.
    pub fn finish(self) -> Result<(Values, Values), Refusal> {
        let (got, expected) = (self.bytes.len(), self.expected);
        if got != expected {
            return Err(Refusal::WordsShort { got, expected });
        }
        let mut blocks = self.bytes.chunks_exact(8 * self.words_per_block);
        let stride = 2 * (self.words_per_block - 1);
        let mut value = |count: &usize| {
            let mut words = Vec::with_capacity(count * stride);
            for block in blocks.by_ref().take(*count) {
                words.extend(block.as_chunks::<8>().0.iter().map(|w| u64::from_le_bytes(*w)));
                words.resize(words.len() + stride - self.words_per_block, 0);
            }
            words
        };
        let (mut inputs, mut outputs) = (Values::new(), Values::new());
        for job in &self.jobs {
            inputs.extend(job.0.iter().map(&mut value));
            outputs.extend(job.1.iter().map(&mut value));
        }
        Ok((inputs, outputs))
    }
}
