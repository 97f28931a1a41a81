//! Who is told of states and progress.

use crate::domain::{Job, JobId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::broadcast;

/// Events that a slow reader may lag behind before progress is left out. A job has about ten states.
const CAPACITY: usize = 256;

/// A step inside a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// Step, for people.
    pub step: String,
    /// Thousandths of the state's work.
    pub permille: u32,
    /// Bootstrappings evaluated and persisted.
    pub bootstrappings_done: u32,
    /// Bootstrappings of the circuit; 0 where none are evaluated.
    pub bootstrappings: u32,
}

/// What a watcher hears.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// A state that is on disk.
    State(Box<Job>),
    /// Progress.
    Progress(JobProgress),
}

/// Channels of the jobs that somebody watches.
#[derive(Default)]
pub struct Announcements {
    channels: Mutex<HashMap<JobId, broadcast::Sender<JobEvent>>>,
}

impl Announcements {
    /// Hears everything from now on. The state until now is in the store.
    pub fn subscribe(&self, job: JobId) -> broadcast::Receiver<JobEvent> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.retain(|_, sender| sender.receiver_count() > 0);
        channels.entry(job).or_insert_with(|| broadcast::channel(CAPACITY).0).subscribe()
    }

    /// Tells those who watch.
    pub fn tell(&self, job: JobId, event: JobEvent) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.get(&job) {
            // No receiver: nobody watches any more.
            let _ = sender.send(event);
        }
    }
}
