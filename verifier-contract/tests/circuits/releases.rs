//! Which outputs of a request are released: the consumer's one decision, what it costs, and that it stays.

use crate::chain::{CONSUMER, Chain, STRANGER, error_name};
use crate::tiny::circuit::circuit;
use alloy::primitives::B256;
use alloy::sol_types::SolEvent;
use trine_contract::bindings::Coprocessor;

/// Ceilings of the gas of `allowRelease`, by outputs of the request and outputs that are named.
const CEILINGS: [(usize, usize, u64); 3] = [(1, 1, 45_000), (16, 1, 45_000), (16, 16, 180_000)];

#[test]
fn outputs_are_named_once_in_one_transaction() {
    for (outputs, named, most_gas) in CEILINGS {
        let mut chain = Chain::new(false);
        let asked = chain.ask(&circuit(3, 16, outputs));
        let call = chain.fulfilment(&asked);
        chain.fulfil(&call).unwrap();
        let handles: Vec<B256> = asked.job().outputs.iter().map(|output| output.handle.into()).collect();
        // The last ones: the first stay encrypted.
        let call = Coprocessor::allowReleaseCall { outputs: handles[outputs - named..].to_vec() };
        let (_, receipt) = chain.evm.send(CONSUMER, chain.coprocessor, &call).unwrap();
        println!("{named} of {outputs}: gas_allow_release {}", receipt.gas);
        assert!(receipt.gas <= most_gas, "gas_allow_release {}", receipt.gas);
        let event = Coprocessor::ReleaseAllowed::decode_log(receipt.logs.last().unwrap()).unwrap();
        assert_eq!((event.requestId, event.consumer), (asked.request_id, CONSUMER));
        assert_eq!(event.outputs, call.outputs);
        for (place, handle) in handles.iter().enumerate() {
            let allowed = Coprocessor::isReleaseAllowedCall { handle: *handle };
            let allowed = chain.evm.send(STRANGER, chain.coprocessor, &allowed).unwrap().0;
            assert_eq!(allowed, place >= outputs - named, "output {place}");
        }
        let later = Coprocessor::allowReleaseCall { outputs: handles[..1].to_vec() };
        let refused = chain.evm.send(CONSUMER, chain.coprocessor, &later).map(|(_, receipt)| receipt);
        assert_eq!(error_name(refused), "ReleaseAlreadyAllowed");
    }
}
