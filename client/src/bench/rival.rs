//! tfhe-rs, measured in the same run: its own keys, its own schedule of threads.

use anyhow::bail;
use std::num::NonZeroUsize;
use tfhe::core_crypto::prelude::ThreadCount;
use tfhe::shortint::atomic_pattern::AtomicPatternServerKey;
use tfhe::shortint::server_key::{LookupTableOwned, ShortintBootstrappingKey};
use tfhe::shortint::{Ciphertext, ClientKey, ServerKey};

/// How tfhe-rs shares the cores among its bootstrappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Bootstrappings at once.
    pub workers: NonZeroUsize,
    /// Threads of each; a classic bootstrapping always takes one.
    pub threads_each: NonZeroUsize,
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at once, {} threads each", self.workers, self.threads_each)
    }
}

/// A server key of tfhe-rs with the client key that reads what it computes.
pub struct Rival<'a> {
    client: &'a ClientKey,
    server: ServerKey,
}

impl<'a> Rival<'a> {
    /// With a server key made from the client key: a few seconds.
    pub fn new(client: &'a ClientKey) -> Self {
        Self { client, server: ServerKey::new(client) }
    }

    /// Encryptions of messages below 16.
    pub fn encrypt(&self, messages: &[u8]) -> Vec<Ciphertext> {
        messages.iter().map(|message| self.client.unchecked_encrypt(u64::from(*message))).collect()
    }

    /// The table of a function of sixteen plaintexts.
    pub fn table(&self, function: impl Fn(u8) -> u8) -> LookupTableOwned {
        self.server.generate_lookup_table(|plaintext| u64::from(function(plaintext as u8)))
    }

    /// Keyswitches and bootstraps every block, on the schedule.
    pub fn evaluate(
        &mut self,
        inputs: &[Ciphertext],
        table: &LookupTableOwned,
        schedule: Schedule,
    ) -> anyhow::Result<Vec<Ciphertext>> {
        set_threads_of(&mut self.server, schedule.threads_each.get())?;
        let server = &self.server;
        let share = inputs.len().div_ceil(schedule.workers.get()).max(1);
        let outputs = std::thread::scope(|scope| {
            let work = |part: &'_ [Ciphertext]| -> Vec<Ciphertext> {
                part.iter().map(|input| server.apply_lookup_table(input, table)).collect()
            };
            let workers: Vec<_> = inputs.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
            workers.into_iter().map(|worker| worker.join()).collect::<Result<Vec<_>, _>>()
        });
        let Ok(outputs) = outputs else { bail!("a bootstrapping of tfhe-rs panicked") };
        Ok(outputs.into_iter().flatten().collect())
    }

    /// Whether the blocks hold the function of the messages.
    pub fn check(
        &self,
        messages: &[u8],
        outputs: &[Ciphertext],
        function: impl Fn(u8) -> u8,
    ) -> anyhow::Result<()> {
        for (message, output) in messages.iter().zip(outputs) {
            let (got, expected) =
                (self.client.decrypt_message_and_carry(output), u64::from(function(*message)));
            anyhow::ensure!(got == expected, "{message} gave {got}, expected {expected}");
        }
        Ok(())
    }
}

/// Threads of each multi-bit bootstrapping under this key; a classic key has none to set.
pub fn set_threads_of(key: &mut ServerKey, threads: usize) -> anyhow::Result<()> {
    let AtomicPatternServerKey::Standard(key) = &mut key.atomic_pattern else {
        bail!("a server key of another atomic pattern");
    };
    if let ShortintBootstrappingKey::MultiBit { thread_count, .. } = &mut key.bootstrapping_key {
        *thread_count = ThreadCount(threads);
    }
    Ok(())
}

/// Schedules that keep all threads busy: one bootstrapping a thread, and two threads a bootstrapping.
pub fn schedules(threads: NonZeroUsize) -> [Schedule; 2] {
    const ONE: NonZeroUsize = NonZeroUsize::MIN;
    const TWO: NonZeroUsize = ONE.saturating_add(1);
    let pairs = NonZeroUsize::new(threads.get() / 2).unwrap_or(ONE);
    [Schedule { workers: threads, threads_each: ONE }, Schedule { workers: pairs, threads_each: TWO }]
}
