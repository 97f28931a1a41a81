//! The other nodes, over mTLS. Who calls is decided by its certificate, who answers by its certificate and by the
//! signature on what it answers.

use super::config::{ConfigError, PeerConfig, TlsConfig};
use crate::protocol::committee::NodeIndex;
use crate::protocol::message::MessageKind;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, ServerTlsConfig};
use trine_proto::keyholder::v1::peer_service_client::PeerServiceClient;
use trine_proto::keyholder::v1::{self as wire, FetchRequest};

/// Longest answer of a peer.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// Why identities or peers are not used.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
    /// Not one certificate in PEM.
    #[error("{path}: not a PEM file with one certificate")]
    Certificate {
        /// The file.
        path: PathBuf,
    },
    /// Two nodes with one certificate: neither could be told from the other.
    #[error("nodes {first} and {second} have the same certificate")]
    SameCertificate {
        /// One.
        first: u8,
        /// The other.
        second: u8,
    },
    /// Addresses or TLS do not fit.
    #[error("peer {index}: {reason}")]
    Endpoint {
        /// The peer.
        index: u8,
        /// What is wrong.
        reason: String,
    },
    /// The configuration does not fit.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

fn read(path: &Path) -> Result<Vec<u8>, PeerError> {
    std::fs::read(path).map_err(|source| PeerError::Read { path: path.into(), source })
}

/// This node's identity and the authority of the committee.
pub struct TlsIdentity {
    authority: Certificate,
    identity: Identity,
}

impl TlsIdentity {
    /// Reads the PEM files.
    pub fn read(config: &TlsConfig) -> Result<Self, PeerError> {
        Ok(Self {
            authority: Certificate::from_pem(read(&config.authority)?),
            identity: Identity::from_pem(read(&config.certificate)?, read(&config.key)?),
        })
    }

    /// For peers: whoever connects must have a certificate of the authority.
    pub fn for_peers(&self) -> ServerTlsConfig {
        ServerTlsConfig::new().identity(self.identity.clone()).client_ca_root(self.authority.clone())
    }

    /// For clients: they need none.
    pub fn for_clients(&self) -> ServerTlsConfig {
        ServerTlsConfig::new().identity(self.identity.clone())
    }
}

/// Certificates of the other nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentities {
    by_certificate: BTreeMap<Vec<u8>, NodeIndex>,
}

impl PeerIdentities {
    /// Reads the certificates; each node needs its own.
    pub fn read(peers: &[(NodeIndex, &PeerConfig)]) -> Result<Self, PeerError> {
        let mut by_certificate = BTreeMap::new();
        for (node, peer) in peers {
            let certificate = der_of_pem(&read(&peer.certificate)?)
                .ok_or_else(|| PeerError::Certificate { path: peer.certificate.clone() })?;
            if let Some(first) = by_certificate.insert(certificate, *node) {
                return Err(PeerError::SameCertificate { first: first.get(), second: node.get() });
            }
        }
        Ok(Self { by_certificate })
    }

    /// The node with this certificate (DER).
    pub fn node(&self, certificate: &[u8]) -> Option<NodeIndex> {
        self.by_certificate.get(certificate).copied()
    }
}

/// The bytes of the only certificate in a PEM text.
fn der_of_pem(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, after) = rest.split_once("-----END CERTIFICATE-----")?;
    if after.contains("-----BEGIN CERTIFICATE-----") {
        return None;
    }
    let digits: Vec<u8> = body.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let unpadded: &[u8] = match digits.as_slice() {
        [head @ .., b'=', b'='] | [head @ .., b'='] => head,
        all => all,
    };
    if !digits.len().is_multiple_of(4) || unpadded.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for digit in unpadded {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(out)
}

/// Asks one other node.
#[derive(Clone)]
pub struct Peer {
    node: NodeIndex,
    client: PeerServiceClient<Channel>,
}

/// What a peer answers.
pub enum Answer {
    /// Signed bytes, to be checked.
    Message(Vec<u8>),
    /// Nothing yet, or no connection: ask again.
    NotYet(String),
}

impl Peer {
    /// A connection that is made when it is needed.
    pub fn new(node: NodeIndex, config: &PeerConfig, tls: &TlsIdentity) -> Result<Self, PeerError> {
        let failed = |reason: String| PeerError::Endpoint { index: node.get(), reason };
        let tls = ClientTlsConfig::new()
            .ca_certificate(tls.authority.clone())
            .identity(tls.identity.clone())
            .domain_name(&config.name);
        let channel = Endpoint::from_shared(config.endpoint.clone())
            .and_then(|e| e.tls_config(tls))
            .map_err(|e| failed(e.to_string()))?
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .connect_lazy();
        let client = PeerServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Ok(Self { node, client })
    }

    /// The node.
    pub fn node(&self) -> NodeIndex {
        self.node
    }

    /// Asks for its message about a request.
    pub async fn fetch(&self, request_id: &[u8; 32], epoch: u64, kind: MessageKind) -> Answer {
        let request = FetchRequest { request_id: request_id.to_vec(), epoch, kind: wire_kind(kind).into() };
        match self.client.clone().fetch(request).await {
            Ok(answer) => Answer::Message(answer.into_inner().signed_message),
            Err(status) => Answer::NotYet(format!("{:?}: {}", status.code(), status.message())),
        }
    }
}

/// The kind on the wire.
pub fn wire_kind(kind: MessageKind) -> wire::MessageKind {
    match kind {
        MessageKind::SquashDigest => wire::MessageKind::SquashDigest,
        MessageKind::Share => wire::MessageKind::Share,
        MessageKind::Signature => wire::MessageKind::Signature,
    }
}

/// The kind from the wire; none for codes that nobody knows.
pub fn kind_of_wire(code: i32) -> Option<MessageKind> {
    match wire::MessageKind::try_from(code).ok()? {
        wire::MessageKind::Unspecified => None,
        wire::MessageKind::SquashDigest => Some(MessageKind::SquashDigest),
        wire::MessageKind::Share => Some(MessageKind::Share),
        wire::MessageKind::Signature => Some(MessageKind::Signature),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_gives_the_certificate_as_the_wire_does() {
        let key = rcgen::KeyPair::generate().unwrap();
        for name in ["a", "ab", "abc", "abcd"] {
            let certificate =
                rcgen::CertificateParams::new(vec![name.into()]).unwrap().self_signed(&key).unwrap();
            assert_eq!(der_of_pem(certificate.pem().as_bytes()).as_deref(), Some(certificate.der().as_ref()));
        }
    }

    #[test]
    fn hostile_pem_is_refused() {
        for body in ["", "no pem", "-----BEGIN CERTIFICATE-----AAA-----END CERTIFICATE-----"] {
            assert_eq!(der_of_pem(body.as_bytes()), None);
        }
        let strange = "-----BEGIN CERTIFICATE-----AA*A-----END CERTIFICATE-----";
        assert_eq!(der_of_pem(strange.as_bytes()), None);
        let one = "-----BEGIN CERTIFICATE-----AAAA-----END CERTIFICATE-----";
        assert_eq!(der_of_pem(one.as_bytes()), Some(vec![0; 3]));
        assert_eq!(der_of_pem(format!("{one}{one}").as_bytes()), None);
    }
}
