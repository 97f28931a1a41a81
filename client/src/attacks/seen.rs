//! What was seen: answers of a contract, of a service, of all nodes, as an observation.

use super::report::Observation;
use anyhow::{Context, bail};
use trine::chain::ChainError;
use trine::keyholders::Release;
use trine::rpc::RpcError;

/// What a contract did.
pub fn seen_on_chain<T: std::fmt::Debug>(result: Result<T, ChainError>) -> anyhow::Result<Observation> {
    match result {
        Ok(value) => Ok(Observation::accepted(format!("{value:?}"))),
        Err(error @ ChainError::Reverted { .. }) => {
            let ChainError::Reverted { data, .. } = &error else { bail!("unreachable") };
            let selector = hex::encode(data.get(..4).unwrap_or_default());
            let observed = format!("revert selector 0x{selector} = {}", error.revert_name());
            Ok(Observation::refused(error.revert_name(), error.to_string(), observed))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a service did.
pub fn seen_on_wire<T: std::fmt::Debug>(result: Result<T, RpcError>) -> anyhow::Result<Observation> {
    match result {
        Ok(value) => Ok(Observation::accepted(format!("{value:?}"))),
        Err(RpcError::Refused { service, call, code, name, message }) => {
            let observed = format!("gRPC status {code:?} of {service}.{call}, named {name}");
            Ok(Observation::refused(name, message, observed))
        }
        Err(error) => Err(error.into()),
    }
}

/// What all nodes did: refused when every node that answers refuses under the same name, taken when any gives
/// a result.
pub fn seen_of_nodes(answers: Vec<Result<Release, RpcError>>) -> anyhow::Result<Observation> {
    let mut seen: Option<Observation> = None;
    for answer in answers {
        let observation = match answer {
            // A node that is down says nothing.
            Err(RpcError::Connection { .. }) => continue,
            other => seen_on_wire(other)?,
        };
        match &seen {
            _ if !observation.refused => return Ok(observation),
            Some(first) if first.name != observation.name => {
                bail!("nodes disagree: {} and {}", first.error, observation.error)
            }
            _ => seen = Some(observation),
        }
    }
    let mut seen = seen.context("no node answers")?;
    seen.observed_as = format!("refusal of every node: {}", seen.observed_as);
    Ok(seen)
}

/// What became of several variants of one attack: taken when any is, else refused under the names that occur.
pub fn seen_of_all(seen: Vec<Observation>) -> anyhow::Result<Observation> {
    if let Some(taken) = seen.iter().position(|observation| !observation.refused) {
        return seen.into_iter().nth(taken).context("no such variant");
    }
    let mut names: Vec<&str> = seen.iter().map(|observation| observation.name.as_str()).collect();
    names.dedup();
    let (names, variants) = (names.join(", "), seen.len());
    let last = seen.into_iter().next_back().context("no variant")?;
    Ok(Observation { name: names, observed_as: format!("{variants} variants: {}", last.observed_as), ..last })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str) -> Observation {
        Observation::refused(name, "0x12", "selector")
    }

    #[test]
    fn one_variant_that_is_taken_counts() {
        let taken = Observation::accepted("0x");
        let seen =
            seen_of_all(vec![refused("PairingMismatch"), taken.clone(), refused("ProofLength")]).unwrap();
        assert_eq!(seen, taken);
    }

    #[test]
    fn variants_have_one_name_or_none_that_is_expected() {
        let same = seen_of_all(vec![refused("PairingMismatch"), refused("PairingMismatch")]).unwrap();
        assert_eq!((same.name.as_str(), same.refused), ("PairingMismatch", true));
        assert!(same.observed_as.starts_with("2 variants"));
        let mixed = seen_of_all(vec![refused("PairingMismatch"), refused("ProofLength")]).unwrap();
        assert_eq!(mixed.name, "PairingMismatch, ProofLength");
        assert!(seen_of_all(vec![]).is_err());
    }
}
