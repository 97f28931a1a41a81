//! Free ports on loopback.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Reserves `count` different free ports of 127.0.0.1 at once and gives them back.
///
/// The kernel hands out ephemeral ports in turn, so that a port given back is not soon given to somebody else; a
/// process that finds its port taken all the same fails at its start and is named.
pub fn free_addresses(count: usize) -> std::io::Result<Vec<SocketAddr>> {
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    held.iter().map(TcpListener::local_addr).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_are_free() {
        let addresses = free_addresses(8).unwrap();
        for (i, address) in addresses.iter().enumerate() {
            assert!(address.ip().is_loopback());
            assert!(!addresses[..i].contains(address));
            TcpListener::bind(address).unwrap();
        }
    }
}
