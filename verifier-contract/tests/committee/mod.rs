//! A committee whose key the test holds whole: its contract, and its signatures by blst of the digests that the contract
//! states.

use alloy::primitives::{Address, B256, U256};
use trine_contract::bindings::ReleaseVerifier;
use trine_contract::evm::Evm;

pub const EPOCH: u64 = 1;

/// Deploys a release verifier that knows the committee.
pub fn deploy(evm: &mut Evm, owner: Address) -> Address {
    let arguments = ReleaseVerifier::constructorCall { firstOwner: owner };
    let (release, _) = evm.deploy(owner, &ReleaseVerifier::BYTECODE, &arguments).unwrap();
    let epoch = ReleaseVerifier::registerEpochCall {
        epoch: U256::from(EPOCH),
        publicKey: public_key().into(),
        threshold: 3,
        nodes: 4,
    };
    evm.send(owner, release, &epoch).unwrap();
    release
}

/// The signature under a digest, as in EIP-2537.
pub fn sign(digest: B256) -> Vec<u8> {
    let tag = b"TRINE-V1-RELEASE-BLS12381G2_XMD:SHA-256_SSWU_RO_";
    let signature = secret().sign(&digest.0, tag, &[]).serialize();
    // blst: x_c1, x_c0, y_c1, y_c0; EIP-2537 has c0 first.
    [1usize, 0, 3, 2].iter().flat_map(|i| padded(&signature[48 * i..48 * (i + 1)])).collect()
}

fn secret() -> blst::min_pk::SecretKey {
    blst::min_pk::SecretKey::key_gen(&[7; 32], &[]).unwrap()
}

fn public_key() -> Vec<u8> {
    let bytes = secret().sk_to_pk().serialize();
    bytes.chunks_exact(48).flat_map(padded).collect()
}

fn padded(coordinate: &[u8]) -> Vec<u8> {
    [&[0; 16], coordinate].concat()
}
