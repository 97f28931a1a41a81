//! Peak memory of this process, as Linux counts it.

/// `VmHWM` of `/proc/self/status` in bytes; absent where there is no such file.
pub fn peak_bytes() -> Option<u64> {
    parse_peak(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// Counts the peak from now on; where the kernel does not do it, it stays that of the whole run.
pub fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        assert_eq!(parse_peak("Name:\ttrine\nVmHWM:\t  5416 kB\nVmRSS:\t 12 kB\n"), Some(5416 * 1024));
        assert_eq!(parse_peak("VmRSS:\t 12 kB\n"), None);
        assert_eq!(parse_peak("VmHWM:\t many kB\n"), None);
    }

    #[test]
    fn memory_that_was_touched_counts() {
        let before = peak_bytes().unwrap();
        let block = std::hint::black_box(vec![1u8; 64 << 20]);
        assert!(peak_bytes().unwrap() >= before.max(block.len() as u64));
    }
}
