//! SIGINT and SIGTERM: a command that has started processes stops them before it ends.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask a command to stop. From the making of this value on they no longer end the process at once, so
/// whoever makes it waits for them beside its work.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes over both signals. Make it before the first process, so that no signal leaves one behind.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them and says what it does.
    pub async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "terminated",
            _ = self.interrupt.recv() => "interrupted",
        }
    }
}
