//! Development or production: what kind of setup a process accepts.

/// Which setups are accepted. Development setups have known secrets: whoever reads this code can forge with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Setups from constant seeds are made and accepted.
    Development,
    /// Only setups from a ceremony are accepted.
    Production,
}
