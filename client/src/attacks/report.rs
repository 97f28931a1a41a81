//! What an attack ends with: one JSON line.

use serde::Serialize;
use std::fmt;

/// Who is expected to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The contract `Coprocessor` with its verifier.
    Coprocessor,
    /// The engine.
    Engine,
    /// Each keyholder by itself.
    Keyholder,
    /// The keyholders together.
    Committee,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coprocessor => "Coprocessor",
            Self::Engine => "engine",
            Self::Keyholder => "keyholder",
            Self::Committee => "committee",
        })
    }
}

/// What the party is expected to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Refuse with an error of one of these names.
    Refused(&'static [&'static str]),
    /// Work on, for this reason.
    Harmless(&'static str),
}

/// What the party did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Name of the error, empty where there is none.
    pub name: String,
    /// Error as received on the wire, or what was seen instead.
    pub error: String,
    /// Where it was seen: revert selector, gRPC status, refusal of a node.
    pub observed_as: String,
    /// The message was refused.
    pub refused: bool,
    /// The result was still right, where the attack leaves one.
    pub works_on: bool,
}

impl Observation {
    /// A refusal.
    pub fn refused(
        name: impl Into<String>,
        error: impl Into<String>,
        observed_as: impl Into<String>,
    ) -> Self {
        let (name, error, observed_as) = (name.into(), error.into(), observed_as.into());
        Self { name, error, observed_as, refused: true, works_on: false }
    }

    /// The message was taken: the attack has gone through.
    pub fn accepted(what: impl Into<String>) -> Self {
        let error = what.into();
        Self { name: String::new(), error, observed_as: "accepted".into(), refused: false, works_on: false }
    }

    /// The system works on with the right result.
    pub fn harmless(seen: impl Into<String>, observed_as: impl Into<String>) -> Self {
        let (error, observed_as) = (seen.into(), observed_as.into());
        Self { name: String::new(), error, observed_as, refused: false, works_on: true }
    }
}

/// The JSON line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the attack.
    pub attack: &'static str,
    /// Party expected to refuse.
    pub party: String,
    /// Error as received.
    pub error: String,
    /// How it was observed.
    pub observed_as: String,
    /// Refused, by the right party, with the expected name.
    pub refused: bool,
    /// Harmless as said.
    pub harmless: bool,
    /// Why it is harmless, or what was expected where it is neither.
    pub reason: String,
}

impl Report {
    /// Compares what was seen with what was expected.
    pub fn new(attack: &'static str, party: Party, expected: Expectation, seen: Observation) -> Self {
        let (refused, harmless, reason) = match expected {
            Expectation::Refused(names) => {
                let named = seen.refused && names.contains(&seen.name.as_str());
                let reason = if named {
                    String::new()
                } else {
                    format!("expected a refusal named {}", names.join(" or "))
                };
                (named, false, reason)
            }
            Expectation::Harmless(reason) => (false, seen.works_on, reason.to_string()),
        };
        Self {
            attack,
            party: party.to_string(),
            error: seen.error,
            observed_as: seen.observed_as,
            refused,
            harmless,
            reason,
        }
    }

    /// Whether the system held.
    pub fn held(&self) -> bool {
        self.refused || self.harmless
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Expectation = Expectation::Refused(&["AlreadyFulfilled"]);

    #[test]
    fn only_the_named_refusal_counts() {
        let report = |seen| Report::new("replay", Party::Coprocessor, REFUSED, seen);
        assert!(report(Observation::refused("AlreadyFulfilled", "0x1234", "selector")).held());
        assert!(!report(Observation::refused("OutOfGas", "0x", "selector")).held());
        assert!(!report(Observation::accepted("transaction 0x12")).held());
        assert!(!report(Observation::harmless("released", "committee")).held());
    }

    #[test]
    fn harmless_needs_a_result() {
        let expected = Expectation::Harmless("three of four nodes suffice");
        let report = |seen| Report::new("silent", Party::Committee, expected, seen);
        assert!(report(Observation::harmless("[4, 5, 6]", "committee")).held());
        assert!(!report(Observation::refused("Quorum", "two nodes", "committee")).held());
    }
}
