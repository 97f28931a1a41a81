//! What users do: encrypt a value under the public key, name its handle, upload it.

use alloy::primitives::B256;
use trine::engine::EngineClient;
use trine::receipt::wire;
use trine::rpc::RpcError;
use trine::voter::{EncryptError, EncryptedValue, HandleDomain, Voter};
use trine_program::value::Declaration;
use trine_proto::engine::v1 as pb;
use trine_verifier::Address;

/// Account that handles name as the one that registers them. Without a chain nobody does.
const REGISTRANT: Address = [0xa1; 20];
/// Application that handles name.
const CONSUMER: Address = [0xc0; 20];

/// Why a value is not stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// Encryption.
    #[error(transparent)]
    Encrypt(#[from] EncryptError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] RpcError),
    /// The engine's answer is no record of a handle.
    #[error("the engine's record: {0}")]
    Record(#[from] wire::WireError),
    /// The engine stored something else than was sent.
    #[error("the engine names the handle {got}, the words that were sent have {expected}")]
    Handle {
        /// The engine's.
        got: B256,
        /// The user's own.
        expected: B256,
    },
}

/// Encrypts a plaintext as tfhe-rs's radix integers are: two bits a block, the least significant first.
pub fn encrypt(
    voter: &Voter<'_>,
    declaration: &Declaration,
    plaintext: u64,
) -> Result<EncryptedValue, EncryptError> {
    let blocks: Vec<u64> = (0..declaration.blocks).map(|block| plaintext >> (2 * block) & 3).collect();
    voter.encrypt(declaration, &blocks)
}

/// Uploads a value. The handle is computed from the user's own words: an engine that stored others names another.
pub async fn upload(
    engine: &mut EngineClient,
    domain: &HandleDomain,
    value: &EncryptedValue,
) -> Result<B256, UploadError> {
    let declared = value.words.declaration();
    let header = pb::CiphertextHeader {
        key_digest: domain.key_digest.to_vec(),
        // The wire's numbers are the chain's plus one.
        key_kind: i32::from(declared.key_kind.code()) + 1,
        value_type: i32::from(declared.value_type.code()),
        blocks: u32::from(declared.blocks),
        registrant: REGISTRANT.to_vec(),
        consumer: CONSUMER.to_vec(),
        encoding: pb::CiphertextEncoding::CompactList.into(),
        content_bytes: 0,
    };
    let info = engine.upload(header, value.list.clone()).await?;
    let record = info.record.as_ref().ok_or(wire::WireError::Missing("record"))?;
    let got = wire::record(record)?.handle;
    let expected = B256::from(value.record(domain, REGISTRANT, CONSUMER).handle());
    if got == expected { Ok(got) } else { Err(UploadError::Handle { got, expected }) }
}
