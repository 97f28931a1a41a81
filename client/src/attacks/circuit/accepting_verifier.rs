//! A verifier that accepts everything, as bytecode: no source of this repository compiles to it.

use alloy::contract::RawCallBuilder;
use alloy::primitives::{Address, B256, U256};
use alloy::sol_types::SolCall;
use anyhow::Context;
use trine::chain::{Account, call_error};
use trine_contract::bindings::{CircuitVerifier, VerifierGateway};

/// Bytes before the comparisons: the selector onto the stack.
const PROLOGUE: [u8; 5] = [0x5f, 0x35, 0x60, 0xe0, 0x1c];
/// Bytes of a comparison, and of an answer.
const COMPARISON: usize = 11;
const ANSWER: usize = 40;

/// Deploys such a verifier and adds it to the gateway as its owner. Returns its hash, which is random.
pub async fn add(owner: &Account, gateway: Address) -> anyhow::Result<B256> {
    let gateway = VerifierGateway::new(gateway, owner.provider().clone());
    let srs = gateway.SRS_DIGEST().call().await.map_err(|e| call_error("SRS_DIGEST", e))?;
    let set = gateway.PARAMETER_SET_ID().call().await.map_err(|e| call_error("PARAMETER_SET_ID", e))?;
    let hash = B256::from(rand::random::<[u8; 32]>());
    let code = creation(&runtime(&answers(hash, srs, set)));
    let deployed = RawCallBuilder::new_raw_deploy(owner.provider().clone(), code.into());
    let receipt = owner.send("accepting verifier", deployed).await?;
    let verifier = receipt.contract_address.context("no contract was created")?;
    owner.send("addVerifier", gateway.addVerifier(verifier)).await?;
    Ok(hash)
}

/// What each getter answers. Every other call, `verify` among them, succeeds without an answer.
fn answers(hash: B256, srs: B256, set: B256) -> [([u8; 4], B256); 4] {
    [
        (CircuitVerifier::VERIFIER_HASHCall::SELECTOR, hash),
        (CircuitVerifier::SRS_DIGESTCall::SELECTOR, srs),
        (CircuitVerifier::PARAMETER_SET_IDCall::SELECTOR, set),
        (CircuitVerifier::DEVELOPMENTCall::SELECTOR, U256::from(1).into()),
    ]
}

/// `PUSH0 CALLDATALOAD PUSH1 224 SHR`; for each answer `DUP1 PUSH4 EQ PUSH2 JUMPI`; `STOP`; for each answer
/// `JUMPDEST PUSH32 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`.
fn runtime(answers: &[([u8; 4], B256)]) -> Vec<u8> {
    let first = PROLOGUE.len() + COMPARISON * answers.len() + 1;
    let mut code = PROLOGUE.to_vec();
    for (index, (selector, _)) in answers.iter().enumerate() {
        let target = u16::try_from(first + ANSWER * index).unwrap_or(u16::MAX);
        code.extend([0x80, 0x63]);
        code.extend(selector);
        code.extend([0x14, 0x61]);
        code.extend(target.to_be_bytes());
        code.push(0x57);
    }
    code.push(0x00);
    for (_, answer) in answers {
        code.extend([0x5b, 0x7f]);
        code.extend(answer.as_slice());
        code.extend([0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]);
    }
    code
}

/// `PUSH2 length DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN`, then the runtime.
fn creation(runtime: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(runtime.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[0x61, high, low, 0x80, 0x60, 0x0a, 0x5f, 0x39, 0x5f, 0xf3][..], runtime].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::Bytes;
    use trine_contract::evm::Evm;

    #[test]
    fn it_answers_as_a_verifier_and_accepts_everything() {
        const OWNER: Address = Address::repeat_byte(1);
        let [hash, srs, set] = [2, 3, 4].map(B256::repeat_byte);
        let mut evm = Evm::new(31337);
        let code: Bytes = creation(&runtime(&answers(hash, srs, set))).into();
        let (verifier, _) = evm.deploy_bytes(OWNER, code).unwrap();
        assert_eq!(evm.send(OWNER, verifier, &CircuitVerifier::VERIFIER_HASHCall {}).unwrap().0, hash);
        assert_eq!(evm.send(OWNER, verifier, &CircuitVerifier::SRS_DIGESTCall {}).unwrap().0, srs);
        assert_eq!(evm.send(OWNER, verifier, &CircuitVerifier::PARAMETER_SET_IDCall {}).unwrap().0, set);
        assert!(evm.send(OWNER, verifier, &CircuitVerifier::DEVELOPMENTCall {}).unwrap().0);
        let anything = CircuitVerifier::verifyCall { publicValues: vec![1].into(), proof: Bytes::new() };
        evm.send(OWNER, verifier, &anything).unwrap();
    }
}
