//! Jobs and the states they pass through.

use super::work::Work;
use serde::{Deserialize, Serialize};
use trine_verifier::Bytes32;

/// Identifier of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub [u8; 16]);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// State of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// Checked and stored.
    Accepted,
    /// The program is being evaluated.
    Evaluating,
    /// Outputs are stored; their handles are unproven. Final for a circuit that answers no request.
    Evaluated,
    /// A prover works on it.
    Proving,
    /// The proof is stored. Final without a chain. Back to `Proving` where the proof is of several jobs and the chain refuses them.
    Proven,
    /// The signed transaction is stored and being sent.
    Submitting,
    /// The contract holds the outputs.
    Fulfilled,
    /// Ended by an error.
    Failed,
    /// Ended by its owner.
    Cancelled,
}

impl JobState {
    /// All states, in the order of a job's life.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Evaluating,
        Self::Evaluated,
        Self::Proving,
        Self::Proven,
        Self::Submitting,
        Self::Fulfilled,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Name, for messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Evaluating => "EVALUATING",
            Self::Evaluated => "EVALUATED",
            Self::Proving => "PROVING",
            Self::Proven => "PROVEN",
            Self::Submitting => "SUBMITTING",
            Self::Fulfilled => "FULFILLED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Failpoint between the state's arrival on disk and its announcement.
    pub const fn failpoint(self) -> &'static str {
        match self {
            Self::Accepted => "job-accepted",
            Self::Evaluating => "job-evaluating",
            Self::Evaluated => "job-evaluated",
            Self::Proving => "job-proving",
            Self::Proven => "job-proven",
            Self::Submitting => "job-submitting",
            Self::Fulfilled => "job-fulfilled",
            Self::Failed => "job-failed",
            Self::Cancelled => "job-cancelled",
        }
    }

    /// Whether the state comes before the outputs are stored.
    pub const fn is_before_outputs(self) -> bool {
        matches!(self, Self::Accepted | Self::Evaluating)
    }

    /// Whether no proof is asked for from here on: all are stored, or the job has ended.
    pub const fn is_after_proofs(self) -> bool {
        matches!(self, Self::Proven | Self::Submitting | Self::Fulfilled | Self::Failed | Self::Cancelled)
    }

    /// Whether nothing has left for the chain.
    const fn is_off_chain(self) -> bool {
        matches!(self, Self::Accepted | Self::Evaluating | Self::Evaluated | Self::Proving | Self::Proven)
    }

    fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Fulfilled | Self::Failed | Self::Cancelled, _) => false,
            (_, Self::Failed) => true,
            (_, Self::Cancelled) => self.is_off_chain(),
            (Self::Accepted, Self::Evaluating)
            | (Self::Evaluating, Self::Evaluated)
            | (Self::Evaluated, Self::Proving)
            | (Self::Proving, Self::Proven)
            | (Self::Proven, Self::Submitting)
            // Somebody else has fulfilled the request.
            | (Self::Proven, Self::Fulfilled)
            // The chain refuses the transaction of a batch: the job is proved by itself.
            | (Self::Proven | Self::Submitting, Self::Proving)
            // A transaction whose nonce another one used is replaced.
            | (Self::Submitting, Self::Submitting)
            | (Self::Submitting, Self::Fulfilled) => true,
            _ => false,
        }
    }
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFailure {
    /// Name of the error.
    pub name: String,
    /// What was wrong and what was expected.
    pub message: String,
    /// State in which it failed.
    pub state: JobState,
}

/// A signed transaction that is stored before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingTransaction {
    /// Its hash.
    pub hash: Bytes32,
    /// Nonce of the engine's account.
    pub nonce: u64,
    /// Signed bytes as they are sent.
    pub raw: Vec<u8>,
}

/// An output of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRef {
    /// Handle.
    pub handle: Bytes32,
    /// BLAKE3 of the canonical words.
    pub words_digest: Bytes32,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Identifier.
    pub id: JobId,
    /// State.
    pub state: JobState,
    /// Number of states so far, from 1.
    pub revision: u64,
    /// Who submitted it.
    pub owner: String,
    /// Request on chain, or the engine's own draw.
    pub request_id: Bytes32,
    /// Salt of the request.
    pub salt: Bytes32,
    /// What is computed.
    pub work: Work,
    /// Key set.
    pub key_digest: Bytes32,
    /// Input handles.
    pub inputs: Vec<Bytes32>,
    /// Outputs, from `Evaluated` on.
    pub outputs: Vec<OutputRef>,
    /// Set in `Failed`.
    pub failure: Option<JobFailure>,
    /// Set from `Submitting` on.
    pub pending: Option<PendingTransaction>,
    /// Transaction that fulfilled the request.
    pub fulfil_tx: Option<Bytes32>,
    /// Submission, milliseconds since 1970.
    pub created_ms: u64,
    /// Last change of state, milliseconds since 1970.
    pub updated_ms: u64,
}

/// A change of state that no job makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job does not go from {} to {}", from.name(), to.name())]
pub struct TransitionError {
    /// State of the job.
    pub from: JobState,
    /// State asked for.
    pub to: JobState,
}

impl Job {
    /// Whether no state follows. `Proven` is final only without a chain; `Evaluated` for a circuit that answers no request.
    pub const fn is_final(&self, chain: bool) -> bool {
        match self.state {
            JobState::Fulfilled | JobState::Failed | JobState::Cancelled => true,
            JobState::Proven => !chain,
            JobState::Evaluated => !self.work.is_proved(),
            _ => false,
        }
    }

    /// Whether the owner may still end the job: nothing has left for the chain, and it is not at its end.
    pub const fn is_cancellable(&self) -> bool {
        let done = matches!(self.state, JobState::Evaluated) && !self.work.is_proved();
        self.state.is_off_chain() && !done
    }

    /// The job in its next state.
    pub fn advance(&self, to: JobState, now_ms: u64) -> Result<Self, TransitionError> {
        if !self.state.may_become(to) {
            return Err(TransitionError { from: self.state, to });
        }
        Ok(Self { state: to, revision: self.revision + 1, updated_ms: now_ms, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_an_end_and_nothing_leaves_the_chain_again() {
        use JobState::*;
        for end in [Fulfilled, Failed, Cancelled] {
            assert!(JobState::ALL.iter().all(|next| !end.may_become(*next)), "{end:?}");
        }
        assert!(!Submitting.may_become(Cancelled));
        assert!(!Submitting.may_become(Proven));
        assert!(!Accepted.may_become(Proven));
        assert!(Proven.may_become(Cancelled));
        assert!(Proven.may_become(Proving) && Submitting.may_become(Proving), "out of a batch");
    }

    #[test]
    fn failpoints_are_distinct() {
        let names: std::collections::HashSet<_> = JobState::ALL.iter().map(|s| s.failpoint()).collect();
        assert_eq!(names.len(), JobState::ALL.len());
    }
}
