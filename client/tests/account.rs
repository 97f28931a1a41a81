//! Transactions of one account on a development chain.

use alloy::primitives::{Address, B256};
use alloy::providers::Provider;
use trine::chain::{Account, ChainError};
use trine::cluster::anvil;
use trine::port::free_addresses;

/// Reverts whatever is asked.
const REFUSES: &str = "0x5f5ffd";
/// Accepts whatever is asked.
const ACCEPTS: &str = "0x00";

/// A nonce that a refused transaction keeps is a gap: every later one waits behind it.
#[tokio::test]
async fn a_refused_estimate_takes_no_nonce() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_addresses(1).unwrap()[0];
    let accounts = folder.path().join("accounts.json");
    let _anvil = anvil::start(address, &accounts, &folder.path().join("anvil.log")).await.unwrap();
    let signer = anvil::read_accounts(&accounts).unwrap().remove(0);
    let account = Account::new(&format!("http://{address}"), signer).unwrap();
    let provider = account.provider();
    let contract = account.coprocessor(Address::repeat_byte(0x42));
    for nonce in 0..3 {
        for code in [REFUSES, ACCEPTS] {
            let put = provider.raw_request::<_, ()>("anvil_setCode".into(), (contract.address(), code));
            put.await.unwrap();
            let sent = account.send("allowRelease", contract.allowRelease(vec![B256::ZERO])).await;
            match code {
                REFUSES => assert!(matches!(sent, Err(ChainError::Reverted { .. })), "{sent:?}"),
                _ => drop(sent.unwrap()),
            }
        }
        assert_eq!(provider.get_transaction_count(account.address()).await.unwrap(), nonce + 1);
    }
}
