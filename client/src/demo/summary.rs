//! The last line of the demonstration: what came out, in figures, and what of it is real.

use alloy::primitives::B256;
use serde::Serialize;

/// Which parts of the system took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// `absent`, `native` (inner argument only) or `wrapped` (Groth16 around it).
    pub proof: &'static str,
    /// `absent` or `anvil`.
    pub chain: &'static str,
    /// `client-key` (decrypted by the key that made the ballots) or `threshold`.
    pub release: &'static str,
    /// `one` process or `many`.
    pub processes: &'static str,
}

/// The JSON line. A field of a part that took no part is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Voters.
    pub voters: usize,
    /// Totals as the system reports them: from the event on chain where there is a chain.
    pub totals: Vec<u64>,
    /// Totals from the clients' plaintexts.
    pub expected: Vec<u64>,
    /// Bytes of the proof that the contract takes.
    pub proof_bytes: Option<usize>,
    /// Bytes of the transaction's input that fulfils the request.
    pub calldata_bytes: Option<usize>,
    /// Seconds of proving, argument and wrap.
    pub prove_seconds: Option<f64>,
    /// Milliseconds of native verification of the receipt.
    pub native_verify_ms: Option<f64>,
    /// Gas of the fulfilment.
    pub gas_fulfil: Option<u64>,
    /// Gas of the transaction in which the consumer accepts the release.
    pub gas_release: Option<u64>,
    /// Both transactions succeeded.
    pub released: bool,
    /// Transaction that fulfilled the request.
    pub fulfil_tx: Option<B256>,
    /// Transaction that brought the result.
    pub release_tx: Option<B256>,
    /// Hash of the verifier.
    pub verifier_hash: Option<B256>,
    /// Digest of the reference string.
    pub srs_digest: Option<B256>,
    /// Seconds of the whole run.
    pub seconds_after_build: f64,
    /// FHE keys, reference string and Groth16 keys were there already.
    pub keys_cached: bool,
    /// What is real.
    pub stages: Stages,
    /// What this version does not exclude.
    pub open: &'static [&'static str],
}

/// What stays open without proofs about inputs.
pub const OPEN: &[&str] = &[
    "copied ballots: whoever sees an uploaded ciphertext can register an altered copy of it as a ballot of their own \
     (the contract refuses the identical one)",
    "chosen ballots: a block is not proved to hold 0 or 1, so a voter can cast up to 15 votes or take votes away",
    "setups: reference string and Groth16 keys come from public seeds, the committee's keys from one dealer",
];

impl Summary {
    /// Whether the run did what it should: right totals, and released where there is a committee.
    pub fn passed(&self) -> bool {
        self.totals == self.expected && (self.released || self.stages.release == "client-key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Summary {
        Summary {
            voters: 12,
            totals: vec![4, 4, 4],
            expected: vec![4, 4, 4],
            proof_bytes: None,
            calldata_bytes: None,
            prove_seconds: None,
            native_verify_ms: None,
            gas_fulfil: None,
            gas_release: None,
            released: true,
            fulfil_tx: None,
            release_tx: None,
            verifier_hash: None,
            srs_digest: None,
            seconds_after_build: 1.0,
            keys_cached: true,
            stages: Stages { proof: "wrapped", chain: "anvil", release: "threshold", processes: "many" },
            open: OPEN,
        }
    }

    #[test]
    fn a_run_passes_only_with_right_and_released_totals() {
        assert!(example().passed());
        assert!(!Summary { totals: vec![4, 5, 4], ..example() }.passed());
        assert!(!Summary { released: false, ..example() }.passed());
    }

    #[test]
    fn the_line_has_every_field_that_readers_parse() {
        let value = serde_json::to_value(example()).unwrap();
        for field in [
            "voters",
            "totals",
            "expected",
            "proof_bytes",
            "calldata_bytes",
            "prove_seconds",
            "native_verify_ms",
            "gas_fulfil",
            "gas_release",
            "released",
            "fulfil_tx",
            "release_tx",
            "verifier_hash",
            "srs_digest",
            "seconds_after_build",
            "keys_cached",
            "stages",
        ] {
            assert!(value.get(field).is_some(), "{field}");
        }
    }
}
