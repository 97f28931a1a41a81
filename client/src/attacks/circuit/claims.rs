//! What a registrant claims about a circuit's text, entry by entry: one for each handle, inputs first.

use alloy::primitives::U256;
use anyhow::{Context, ensure};
use trine_contract::bindings::coprocessor::ICoprocessor::CircuitClaim;

const ENTRIES_PER_LAYOUT: usize = 15;
const ENTRY_BITS: usize = 16;
/// First bit of the number of blocks, less one.
const BLOCKS_SHIFT: u32 = 8;

/// The entries of a claim.
pub fn entries(claim: &CircuitClaim) -> Vec<u16> {
    let count = usize::from(claim.inputs) + usize::from(claim.outputs);
    let entry = |i: usize| {
        let layout = claim.layouts.get(i / ENTRIES_PER_LAYOUT).copied().unwrap_or_default();
        let entry: U256 = (layout >> (ENTRY_BITS * (i % ENTRIES_PER_LAYOUT))) & U256::from(u16::MAX);
        entry.to::<u16>()
    };
    (0..count).map(entry).collect()
}

/// The claim with other entries, of which the last are outputs, as many as before.
fn with_entries(claim: &CircuitClaim, entries: &[u16]) -> anyhow::Result<CircuitClaim> {
    let inputs =
        entries.len().checked_sub(usize::from(claim.outputs)).context("fewer entries than outputs")?;
    let mut changed =
        CircuitClaim { layouts: Default::default(), inputs: u8::try_from(inputs)?, ..claim.clone() };
    ensure!(entries.len() <= ENTRIES_PER_LAYOUT * changed.layouts.len(), "{} entries", entries.len());
    for (layout, entries) in changed.layouts.iter_mut().zip(entries.chunks(ENTRIES_PER_LAYOUT)) {
        let shifted = entries.iter().enumerate().map(|(i, entry)| U256::from(*entry) << (ENTRY_BITS * i));
        *layout = shifted.fold(U256::ZERO, |word, entry| word | entry);
    }
    Ok(changed)
}

/// One input fewer than the text has: the last.
pub fn without_last_input(claim: &CircuitClaim) -> anyhow::Result<CircuitClaim> {
    let mut entries = entries(claim);
    let last = usize::from(claim.inputs).checked_sub(1).context("no inputs")?;
    ensure!(last > 0, "nothing is left of one input");
    entries.remove(last);
    with_entries(claim, &entries)
}

/// The first output of so many blocks more.
pub fn with_more_output_blocks(claim: &CircuitClaim, more: u8) -> anyhow::Result<CircuitClaim> {
    let mut entries = entries(claim);
    let output = entries.get_mut(usize::from(claim.inputs)).context("no output")?;
    let raised = output.checked_add(u16::from(more) << BLOCKS_SHIFT);
    *output = raised.context("the entry has more than 16 bits")?;
    with_entries(claim, &entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trine::chain::circuits::circuit_claim;
    use trine_programs::Workload;
    use trine_programs::election::Election;
    use trine_programs::workload::Size;

    fn claim() -> CircuitClaim {
        circuit_claim(&Election::sized(Size::Small).circuit().unwrap()).unwrap()
    }

    #[test]
    fn entries_are_bools_then_an_integer_of_four_blocks() {
        let claim = claim();
        let entries = entries(&claim);
        assert_eq!((entries.len(), entries[35], entries[36]), (37, 1, 2 | 3 << 8));
        assert_eq!(with_entries(&claim, &entries).unwrap(), claim);
    }

    #[test]
    fn alterations_change_what_they_name_and_nothing_else() {
        let claim = claim();
        let fewer = without_last_input(&claim).unwrap();
        assert_eq!((fewer.inputs, fewer.outputs, fewer.program), (35, 1, claim.program));
        assert_eq!(entries(&fewer)[35], 2 | 3 << 8);
        let wider = with_more_output_blocks(&claim, 1).unwrap();
        assert_eq!((wider.inputs, entries(&wider)[36]), (36, 2 | 4 << 8));
        assert_eq!(entries(&wider)[..36], entries(&claim)[..36]);
        assert!(with_more_output_blocks(&claim, u8::MAX).is_err());
        assert!(without_last_input(&CircuitClaim { inputs: 1, ..claim }).is_err());
    }
}
