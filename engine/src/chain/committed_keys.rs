//! The call by which the contract says which key set a digest of commitments is of.

alloy::sol! {
    /// Part of the `Coprocessor`.
    #[sol(rpc)]
    interface CommittedKeys {
        /// Content digest of a key; zero for one that is not registered.
        function contentOf(bytes32 keyDigest) external view returns (bytes32);
    }
}
