//! A signature that `threshold_crypto` and `blst` make is the one that the precompiles of EIP-2537 accept.

use alloy::primitives::{Address, B256, Bytes, U256};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use trine_contract::bindings::ReleaseVerifier;
use trine_contract::evm::{Evm, EvmError};
use trine_keyholder::protocol::attest::{Release, ReleaseDomain};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;

const CHAIN_ID: u64 = 31337;
const OWNER: Address = Address::repeat_byte(0xaa);

#[test]
fn the_contract_accepts_the_committee_and_nothing_else() {
    let mut evm = Evm::new(CHAIN_ID);
    let arguments = ReleaseVerifier::constructorCall { firstOwner: OWNER };
    let (address, _) = evm.deploy(OWNER, &ReleaseVerifier::BYTECODE, &arguments).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let (record, nodes) = deal(CommitteeSize::FOUR, 5, [7; 32], &[1; KEY_DIMENSION], &mut rng).unwrap();
    let epoch = ReleaseVerifier::registerEpochCall {
        epoch: U256::from(record.epoch),
        publicKey: Bytes::from(record.committee_key.public_key_eip2537().unwrap()),
        threshold: 3,
        nodes: 4,
    };
    evm.send(OWNER, address, &epoch).unwrap();

    let release = Release {
        epoch: record.epoch,
        request_id: [1; 32],
        handles: vec![[2; 32], [3; 32]],
        plaintexts: vec![0, 15, 7, 3, 1],
    };
    let domain = ReleaseDomain { chain_id: CHAIN_ID, verifying_contract: address.into_array() };
    let digest = release.digest(domain);
    let shares: Vec<_> = nodes[1..]
        .iter()
        .map(|node| {
            let share = node.signing_share.sign(&digest).unwrap();
            record.committee_key.verify_share(node.key_share.node(), &digest, &share).unwrap()
        })
        .collect();
    let signature = record.committee_key.combine(&shares).unwrap().eip2537().unwrap();

    let call = |release: &Release| ReleaseVerifier::verifyReleaseCall {
        epoch: U256::from(release.epoch),
        requestId: B256::from(release.request_id),
        handles: release.handles.iter().map(|h| B256::from(*h)).collect(),
        plaintexts: release.plaintexts.iter().map(|p| U256::from(*p)).collect(),
        signature: Bytes::from(signature),
    };
    let honest = call(&release);
    evm.send(OWNER, address, &honest).unwrap();
    let digest_call = ReleaseVerifier::releaseDigestCall {
        epoch: honest.epoch,
        requestId: honest.requestId,
        handles: honest.handles.clone(),
        plaintexts: honest.plaintexts.clone(),
    };
    assert_eq!(evm.send(OWNER, address, &digest_call).unwrap().0.0, digest, "TR.B1");

    let mut refused = |release: &Release| match evm.send(OWNER, address, &call(release)).unwrap_err() {
        EvmError::Revert(error) => error.name().to_string(),
        other => panic!("expected a revert, not {other}"),
    };
    let changed = [
        Release { plaintexts: vec![0, 15, 7, 3, 2], ..release.clone() },
        Release { request_id: [9; 32], ..release.clone() },
        Release { handles: vec![[3; 32], [2; 32]], ..release.clone() },
    ];
    for release in &changed {
        assert_eq!(refused(release), "SignatureMismatch");
    }
    assert_eq!(refused(&Release { epoch: 6, ..release }), "UnknownEpoch");
}
