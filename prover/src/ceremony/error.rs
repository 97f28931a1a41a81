//! Why a ceremony is refused: one variant for each check.

use crate::groth::KeyError;

/// Why a ceremony, or a step of it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CeremonyError {
    /// Constraints and inputs do not fit into the domain of the first phase.
    #[error("CE.P1: the circuit needs a domain of 2^{needed} points, the powers are for 2^{got}")]
    Domain {
        /// log2 of the domain of the circuit.
        needed: u32,
        /// log2 of the domain of the powers.
        got: u32,
    },
    /// A number of points that does not belong to the size of the domain.
    #[error("CE.P1: {got} points {what}, expected {expected}")]
    PowerCount {
        /// The points.
        what: &'static str,
        /// Points given.
        got: usize,
        /// Points of the domain.
        expected: usize,
    },
    /// Points that are not successive multiples by tau, or do not start where they have to.
    #[error("CE.P2: the points {what} are not those of one tau")]
    PowersOfTau {
        /// The points.
        what: &'static str,
    },
    /// A secret of the first phase that is one: nobody has contributed.
    #[error("CE.P3: {what} is one: the first phase was never contributed to")]
    Untouched {
        /// "tau", "alpha" or "beta".
        what: &'static str,
    },
    /// The tau of the development reference string.
    #[error("CE.P4: tau is that of the development setup, which everybody knows")]
    DevelopmentTau,
    /// A recorder that was told to check values alone.
    #[error("the circuit was not recorded: it has no matrices")]
    NotRecorded,
    /// A transcript about another circuit.
    #[error("CE.V1: the transcript is of the circuit {got}, this one is {expected}")]
    OtherCircuit {
        /// Digest in the transcript.
        got: String,
        /// Digest of the circuit.
        expected: String,
    },
    /// A transcript about another first phase.
    #[error("CE.V2: the transcript stands on the powers {got}, these are {expected}")]
    OtherPowers {
        /// Digest in the transcript.
        got: String,
        /// Digest of the powers.
        expected: String,
    },
    /// A transcript that starts elsewhere than at the key that circuit and powers give.
    #[error("CE.V3: the transcript starts at the key {got}, circuit and powers give {expected}")]
    OtherInitialKey {
        /// Digest in the transcript.
        got: String,
        /// Digest recomputed.
        expected: String,
    },
    /// Another number of points than the circuit has.
    #[error("CE.V4: {got} points of the query {what}, the circuit has {expected}")]
    QueryCount {
        /// "l" or "h".
        what: &'static str,
        /// Points in the transcript.
        got: usize,
        /// Points of the initial key.
        expected: usize,
    },
    /// Points that are not those of the initial key, divided by delta.
    #[error("CE.V5: the query {what} is not that of the initial key divided by delta")]
    Query {
        /// "l" or "h".
        what: &'static str,
    },
    /// A record that was made on top of another one than stands before it.
    #[error("CE.C1: record {index} was made after {got}, it stands after {expected}")]
    Chain {
        /// Index of the record.
        index: usize,
        /// Hash that the record names.
        got: String,
        /// Hash of what stands before it.
        expected: String,
    },
    /// Anything behind the beacon.
    #[error("CE.C2: record {index} stands behind the beacon")]
    AfterBeacon {
        /// Index of the record.
        index: usize,
    },
    /// A factor of one: nobody contributed.
    #[error("CE.C3: record {index} leaves delta as it was")]
    Identity {
        /// Index of the record.
        index: usize,
    },
    /// `gamma = delta`: anyone forges.
    #[error("CE.C4: record {index} makes delta equal to gamma")]
    GammaIsDelta {
        /// Index of the record.
        index: usize,
    },
    /// No proof that the contributor knew the factor, or one that was made for another place or name.
    #[error("CE.C5: record {index}: the proof of knowledge of its factor does not verify")]
    Knowledge {
        /// Index of the record.
        index: usize,
    },
    /// A beacon that does not give its factor.
    #[error("CE.C6: record {index}: the bytes of the beacon do not give its factor")]
    Beacon {
        /// Index of the record.
        index: usize,
    },
    /// The two deltas are multiples by different factors.
    #[error("CE.C7: record {index}: delta in G1 and in G2 differ")]
    DeltaRatio {
        /// Index of the record.
        index: usize,
    },
    /// More records than a transcript holds.
    #[error("{got} records, at most {max}")]
    RecordCount {
        /// Records.
        got: usize,
        /// Most records.
        max: usize,
    },
    /// A name that does not print on one line.
    #[error("a name of {bytes} bytes, expected 1 to {max} without control characters")]
    Name {
        /// Bytes of the name.
        bytes: usize,
        /// Most bytes.
        max: usize,
    },
    /// A beacon outside what a verifier is ready to recompute.
    #[error(
        "a beacon of {bytes} bytes and {iterations} iterations, expected 1 to {max_bytes} and {least} to {most}"
    )]
    BeaconSize {
        /// Bytes given.
        bytes: usize,
        /// Most bytes.
        max_bytes: usize,
        /// Iterations given.
        iterations: u64,
        /// Fewest iterations.
        least: u64,
        /// Most iterations.
        most: u64,
    },
    /// A key that nobody contributed to.
    #[error("CE.K1: no contributor has contributed")]
    NoContribution,
    /// A key that was taken before the beacon.
    #[error("CE.K2: the ceremony was not closed by a beacon")]
    NoBeacon,
    /// A key of another circuit.
    #[error("CE.K3: the key is of the circuit {got}, expected {expected}")]
    KeyCircuit {
        /// Digest in the file.
        got: String,
        /// Digest of the circuit.
        expected: String,
    },
    /// A key whose delta is another than the records lead to.
    #[error("CE.K4: {what} of the key is another than the last record's")]
    KeyDelta {
        /// "delta in G1" or "delta in G2".
        what: &'static str,
    },
    /// A verifying key under which proofs can be forged.
    #[error("CE.K5: {0}")]
    Key(#[from] KeyError),
    /// A key that is another than circuit, powers and transcript give.
    #[error("CE.K6: circuit, powers and transcript give another key")]
    OtherKey,
}
