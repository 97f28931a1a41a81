//! What the owners of contracts may do against everybody else. The owner of the gateway adds a verifier that
//! accepts everything; the owner of the release verifier registers a committee of his own, which attests a
//! key of his choice. Neither helps with the honest keyholders, nor against the honest verifier.

use super::accepting_verifier;
use super::scene::{CircuitScene, Fulfilment};
use alloy::primitives::{B256, U256};
use anyhow::{Context, ensure};
use rand::rngs::OsRng;
use trine::chain::circuits::KeyRegistration;
use trine::chain::{Account, event};
use trine::cluster::preparation::account;
use trine_contract::bindings::Coprocessor;
use trine_contract::calldata::circuit::key_points;
use trine_keyholder::protocol::attest::{KeyAnswer, KeyAttestation, ReleaseDomain};
use trine_keyholder::protocol::committee::CommitteeSize;
use trine_keyholder::protocol::dealer::deal;
use trine_keyholder::protocol::sharing::KEY_DIMENSION;
use trine_verifier::bootstrapping::{KeyCommitments, Parameters};

/// Least epoch of a false committee.
const FALSE_EPOCHS: u64 = 1_000_000;

/// What the owners have done so far.
#[derive(Default)]
pub struct Insiders {
    accepting: Option<B256>,
    false_key: Option<FalseKey>,
}

/// A key that is not the committee's, and that the contract takes for attested.
#[derive(Clone)]
pub struct FalseKey {
    /// Digest of its commitments.
    pub digest: B256,
    /// Its commitments as the contract takes them.
    pub points: Vec<[U256; 2]>,
    /// The inputs' ciphertexts, registered by the stranger for itself under this key.
    pub handles: Vec<B256>,
}

impl CircuitScene {
    fn owner(&self) -> anyhow::Result<Account> {
        self.clients.account(account::DEPLOYER)
    }

    /// Hash of a verifier in the gateway that accepts everything; added once.
    async fn accepting_verifier(&mut self) -> anyhow::Result<B256> {
        if let Some(hash) = self.insiders.accepting {
            return Ok(hash);
        }
        let gateway = self.clients.file.chain.gateway.context("the cluster file names no gateway")?;
        let hash = accepting_verifier::add(&self.owner()?, gateway).await?;
        self.insiders.accepting = Some(hash);
        Ok(hash)
    }

    /// Has a fulfilment of the stranger's request recorded that nobody proved, and allows the release of its
    /// outputs.
    pub async fn record_unproven(&mut self, unproven: Fulfilment) -> anyhow::Result<()> {
        let hash = self.accepting_verifier().await?;
        let proof = hash.as_slice().get(..4).context("a hash")?.to_vec().into();
        let transaction = self.send_fulfil(&Fulfilment { proof, ..unproven }).await?;
        let receipt = self.stranger.receipt(transaction).await?;
        let fulfilled: Coprocessor::Fulfilled = event("fulfilCircuit", &receipt)?;
        Ok(self.stranger.allow_release(self.coprocessor(), &fulfilled.outputs).await?)
    }

    /// The commitments of the evaluation key with two exchanged, attested by a false committee; registered
    /// once.
    pub async fn falsely_attested_key(&mut self) -> anyhow::Result<FalseKey> {
        if let Some(key) = &self.insiders.false_key {
            return Ok(key.clone());
        }
        let commitments = exchanged(self.keys()?)?;
        let digest: B256 = commitments.digest(&Parameters::PRODUCTION).into();
        let attested = self.attest_falsely(digest).await?;
        self.owner()?.register_committed_key(self.coprocessor(), &attested).await?;
        let handles = self.handles_under(digest).await?;
        let key = FalseKey { digest, points: key_points(&commitments), handles };
        self.insiders.false_key = Some(key.clone());
        Ok(key)
    }

    /// A committee of the owner's own signs that a key has the bytes of the honest one.
    async fn attest_falsely(&self, key_digest: B256) -> anyhow::Result<KeyRegistration> {
        let chain = &self.clients.file.chain;
        let (content, epoch) = (self.material.key_digest, FALSE_EPOCHS + u64::from(rand::random::<u32>()));
        // Of the squashing key it has nothing: it only signs.
        let (record, nodes) = deal(CommitteeSize::FOUR, epoch, content.0, &[0; KEY_DIMENSION], &mut OsRng)?;
        let public_key = record.committee_key.public_key_eip2537()?.to_vec().into();
        let quorum = u16::try_from(record.size.quorum())?;
        let size = record.size.nodes().into();
        self.owner()?.register_epoch(chain.release_verifier, epoch, public_key, quorum, size).await?;
        let domain =
            ReleaseDomain { chain_id: chain.chain_id, verifying_contract: chain.release_verifier.0.0 };
        let attestation = KeyAttestation { epoch, key_digest: key_digest.0, content_digest: content.0 };
        let message = attestation.digest(domain);
        let mut answers = Vec::with_capacity(nodes.len());
        for (node, secrets) in record.size.all().zip(&nodes) {
            let share = secrets.signing_share.sign(&message)?.to_vec();
            answers.push(KeyAnswer { node, attestation, share });
        }
        let signed = record.committee_key.combine_attestation(domain, &answers)?;
        Ok(KeyRegistration {
            epoch,
            key_digest,
            content_digest: content,
            signature: signed.signature.eip2537()?.to_vec().into(),
        })
    }

    async fn handles_under(&self, key_digest: B256) -> anyhow::Result<Vec<B256>> {
        let (coprocessor, stranger) = (self.coprocessor(), self.stranger.address());
        let mut handles = Vec::with_capacity(self.honest.values.len());
        for value in &self.honest.values {
            let declared = value.words.declaration();
            let registered = self.stranger.register_ciphertext(
                coprocessor,
                stranger,
                key_digest,
                declared,
                &value.commitment,
            );
            handles.push(registered.await?);
        }
        Ok(handles)
    }
}

/// The commitments with the first two of the bootstrapping key exchanged: those of another key.
fn exchanged(keys: &KeyCommitments) -> anyhow::Result<KeyCommitments> {
    let mut other = keys.clone();
    let (first, rest) = other.bootstrapping.split_first_mut().context("no commitments")?;
    std::mem::swap(first, rest.first_mut().context("one commitment")?);
    ensure!(other != *keys, "the first two commitments are equal");
    Ok(other)
}
