//! Development identities of the committee's mTLS: one authority, one certificate for each node and client.
//!
//! The authority's key lives only while [`Authority`] does: it is written nowhere, so that nobody can add a node later.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why an identity is not made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// Making a key or certificate fails.
    #[error("certificate of {subject}: {source}")]
    Generate {
        /// Whose certificate.
        subject: String,
        /// What fails.
        source: rcgen::Error,
    },
    /// Writing a file fails.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What fails.
        source: std::io::Error,
    },
}

/// The authority that all nodes of one committee trust.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// Files of one identity, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityFiles {
    /// Certificate of the authority.
    pub authority: PathBuf,
    /// Certificate.
    pub certificate: PathBuf,
    /// Private key, mode 0600.
    pub key: PathBuf,
}

impl Authority {
    /// A new authority with a fresh key.
    pub fn new(name: &str) -> Result<Self, CertificateError> {
        let failed = |source| CertificateError::Generate { subject: name.into(), source };
        let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// Issues an identity for `name` and writes `<name>.crt`, `<name>.key` and the authority's `ca.crt` into `folder`.
    ///
    /// The certificate is good for both ends of a connection under the names `name`, `localhost` and 127.0.0.1.
    pub fn issue(&self, name: &str, folder: &Path) -> Result<IdentityFiles, CertificateError> {
        let failed = |source| CertificateError::Generate { subject: name.into(), source };
        let names = vec![name.to_string(), "localhost".into(), "127.0.0.1".into()];
        let mut params = CertificateParams::new(names).map_err(failed)?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        let files = IdentityFiles {
            authority: folder.join("ca.crt"),
            certificate: folder.join(format!("{name}.crt")),
            key: folder.join(format!("{name}.key")),
        };
        write_private(&files.authority, self.certificate.as_bytes())?;
        write_private(&files.certificate, certificate.pem().as_bytes())?;
        write_private(&files.key, key.serialize_pem().as_bytes())?;
        Ok(files)
    }
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), CertificateError> {
    let failed = |source| CertificateError::Write { path: path.into(), source };
    let mut file =
        fs::File::options().create(true).truncate(true).write(true).mode(0o600).open(path).map_err(failed)?;
    file.write_all(content).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_private_and_differ() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("test committee").unwrap();
        let first = authority.issue("node-0", folder.path()).unwrap();
        let second = authority.issue("node-1", folder.path()).unwrap();
        assert_eq!(first.authority, second.authority);
        assert_ne!(fs::read(&first.key).unwrap(), fs::read(&second.key).unwrap());
        assert_eq!(fs::metadata(&first.key).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
