//! Setups: the development SRS and its cache, powers-of-tau files.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::Field;
use proptest::prelude::*;
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use trine_prover::Mode;
use trine_prover::srs::ptau::{self, PtauError};
use trine_prover::srs::{self, SetupError};
use trine_verifier::srs::{CommitmentKey, SrsError, VerifierSrs};

const SNARKJS: &[u8] = include_bytes!("../testdata/powers_of_tau_6.ptau");

#[test]
fn the_development_srs_is_reproducible() {
    let key = srs::development(4).unwrap();
    assert!(key.verifier().development);
    assert_eq!(key.powers().len(), 16);
    assert_eq!(key, srs::development(4).unwrap());
    assert_eq!(
        srs::development(5).unwrap().prefix(16).unwrap(),
        key,
        "one string, however many powers are made"
    );
    // Frozen: artifacts of contracts are built from it.
    assert_eq!(hex::encode(key.verifier().digest()), DEVELOPMENT_DIGEST);
    assert!(srs::development(3).is_err(), "too few powers to check");
    assert!(srs::development(23).is_err());
    assert!(srs::development(200).is_err());
}

const DEVELOPMENT_DIGEST: &str = "dee0611b368eb8fbc1b315898b552cb62755dee4aa59cd97ecfdbc5fb0427c0a";

#[test]
fn the_cache_is_written_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("dev-keys");
    let made = srs::load_or_generate(&cache, 5, Mode::Development).unwrap();
    let files: Vec<_> = fs::read_dir(&cache).unwrap().map(|f| f.unwrap()).collect();
    assert_eq!(files.len(), 1, "no partial file stays");
    let name = files[0].file_name().into_string().unwrap();
    assert!(name.contains("UNSAFE-development"), "{name}");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let written = files[0].metadata().unwrap().modified().unwrap();
    assert_eq!(srs::load_or_generate(&cache, 5, Mode::Development).unwrap(), made);
    assert_eq!(fs::metadata(files[0].path()).unwrap().modified().unwrap(), written);
}

#[test]
fn production_refuses_development_setups() {
    let folder = tempfile::tempdir().unwrap();
    let refused = srs::load_or_generate(folder.path(), 5, Mode::Production);
    assert!(matches!(refused, Err(SetupError::DevelopmentSetupRefused)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    let path = folder.path().join("key");
    srs::store(&srs::development(4).unwrap(), &path).unwrap();
    assert!(matches!(srs::load(&path, Mode::Production), Err(SetupError::DevelopmentSetupRefused)));
    assert!(srs::load(&path, Mode::Development).is_ok());
    let ceremony = ptau::read(Cursor::new(SNARKJS), 64).unwrap();
    srs::store(&ceremony, &path).unwrap();
    assert_eq!(srs::load(&path, Mode::Production).unwrap(), ceremony);
}

#[test]
fn a_damaged_or_foreign_cache_is_named() {
    let folder = tempfile::tempdir().unwrap();
    srs::load_or_generate(folder.path(), 4, Mode::Development).unwrap();
    let path = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let other = CommitmentKey::new(
        vec![G1Affine::generator(); 16],
        VerifierSrs::new([G2Affine::generator(); 3], 16, true).unwrap(),
    );
    srs::store(&other.unwrap(), &path).unwrap();
    let refused = srs::load_or_generate(folder.path(), 4, Mode::Development);
    assert!(matches!(refused, Err(SetupError::OtherSrs { log_powers: 4, .. })));
    fs::write(&path, b"TRINESRS").unwrap();
    let refused = srs::load_or_generate(folder.path(), 4, Mode::Development);
    assert!(matches!(&refused, Err(SetupError::Cached { path: named, .. }) if *named == path));
}

#[test]
fn known_bytes_are_those_of_a_development_key() {
    let key = srs::development(4).unwrap();
    let bytes = key.to_bytes();
    assert_eq!(CommitmentKey::from_known_bytes(&bytes).unwrap(), key);
    let changed = |at: usize, to: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = to;
        CommitmentKey::from_known_bytes(&bytes)
    };
    // The flags follow magic and version.
    assert_eq!(changed(12, 0), Err(SrsError::Unchecked));
    assert_eq!(changed(bytes.len() - 1, !bytes[bytes.len() - 1]), Err(SrsError::Power { index: 15 }));
    assert!(matches!(CommitmentKey::from_known_bytes(&bytes[1..]), Err(SrsError::Magic { .. })));
    assert!(matches!(
        CommitmentKey::from_known_bytes(&bytes[..bytes.len() - 1]),
        Err(SrsError::Length { .. })
    ));
}

#[test]
fn a_file_of_snarkjs_is_read() {
    for count in [16, 17, 64, 127] {
        let key = ptau::read(Cursor::new(SNARKJS), count).unwrap();
        assert_eq!(key.powers().len(), count);
        assert!(!key.verifier().development);
        assert_eq!(key.verifier().max_powers, count as u64);
    }
    let key = ptau::read(Cursor::new(SNARKJS), 127).unwrap();
    assert_eq!(ptau::read(Cursor::new(SNARKJS), 64).unwrap().powers(), &key.powers()[..64]);
    assert_ne!(key.powers()[1], G1Affine::generator(), "tau is not 1");
    let too_many = ptau::read(Cursor::new(SNARKJS), 128).unwrap_err();
    assert!(matches!(too_many, PtauError::Srs(SrsError::TooFewPowers { wanted: 128, powers: 127 })));
    for few in [0, 1, 15] {
        assert!(ptau::read(Cursor::new(SNARKJS), few).is_err(), "{few} powers");
    }
}

/// Sections of a file, written by the layout that the reader documents.
struct Ptau {
    version: u32,
    sections: Vec<(u32, Vec<u8>)>,
}

impl Ptau {
    fn of_tau(tau: Fr, power: u32) -> Self {
        let mut header = 32u32.to_le_bytes().to_vec();
        header.extend(
            "47fd7cd8168c203c8dca7168916a81975d588181b64550b829a031e1724e6430"
                .as_bytes()
                .chunks(2)
                .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 16).unwrap()),
        );
        header.extend(power.to_le_bytes());
        header.extend(power.to_le_bytes());
        let mut g1 = vec![];
        for i in 0..(2u64 << power) - 1 {
            let point = (G1Projective::generator() * tau.pow([i])).into_affine();
            g1.extend(montgomery(&[point.x, point.y]));
        }
        let mut g2 = vec![];
        for i in 0..1u64 << power {
            let point = (G2Affine::generator() * tau.pow([i])).into_affine();
            g2.extend(montgomery(&[point.x.c0, point.x.c1, point.y.c0, point.y.c1]));
        }
        // An unknown section between the known ones, as later sections of a ceremony are.
        Self { version: 1, sections: vec![(1, header), (7, vec![9; 5]), (2, g1), (3, g2)] }
    }

    fn section(&mut self, section: u32) -> &mut Vec<u8> {
        &mut self.sections.iter_mut().find(|(s, _)| *s == section).unwrap().1
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = b"ptau".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend((self.sections.len() as u32).to_le_bytes());
        for (section, bytes) in &self.sections {
            out.extend(section.to_le_bytes());
            out.extend((bytes.len() as u64).to_le_bytes());
            out.extend(bytes);
        }
        out
    }

    fn read(&self) -> Result<CommitmentKey, PtauError> {
        ptau::read(Cursor::new(self.bytes()), 16)
    }
}

fn montgomery(coordinates: &[Fq]) -> Vec<u8> {
    coordinates.iter().flat_map(|c| c.0.0).flat_map(u64::to_le_bytes).collect()
}

#[test]
fn the_layout_is_that_of_the_file() {
    let tau = Fr::from(11u64);
    let key = Ptau::of_tau(tau, 5).read().unwrap();
    for (i, power) in key.powers().iter().enumerate() {
        assert_eq!(*power, (G1Projective::generator() * tau.pow([i as u64])).into_affine());
    }
    assert_eq!(
        *key.verifier(),
        VerifierSrs { development: false, ..VerifierSrs::of_known_tau(tau, 16).unwrap() }
    );
}

#[test]
fn every_part_of_a_ptau_file_is_checked() {
    let refused = |change: &dyn Fn(&mut Ptau)| {
        let mut file = Ptau::of_tau(Fr::from(11u64), 5);
        change(&mut file);
        file.read().unwrap_err()
    };
    assert!(matches!(refused(&|f| f.version = 2), PtauError::Version { got: 2 }));
    for section in 1..=3 {
        let error = refused(&|f| f.sections.retain(|(s, _)| *s != section));
        assert!(matches!(error, PtauError::MissingSection { section: s } if s == section));
        let error = refused(&|f| {
            let copy = f.section(section).clone();
            f.sections.push((section, copy));
        });
        assert!(matches!(error, PtauError::RepeatedSection { section: s } if s == section));
        let error = refused(&|f| f.section(section).push(0));
        assert!(matches!(error, PtauError::SectionLength { section: s, .. } if s == section));
    }
    assert!(matches!(refused(&|f| f.section(1)[0] = 31), PtauError::Field));
    assert!(matches!(refused(&|f| f.section(1)[4] ^= 1), PtauError::Field));
    assert!(matches!(refused(&|f| f.section(1)[36] = 0), PtauError::Power { power: 0, .. }));
    assert!(matches!(refused(&|f| f.section(1)[40] = 2), PtauError::Power { power: 5, ceremony: 2 }));
    assert!(matches!(refused(&|f| f.section(1)[40] = 29), PtauError::Power { power: 5, ceremony: 29 }));
    assert!(matches!(refused(&|f| f.section(1)[36..44].fill(255)), PtauError::Power { .. }));
    assert!(matches!(refused(&|f| f.section(3)[0] ^= 1), PtauError::Generator2));
    for exponent in [1, 16, 17] {
        let named = |error| matches!(error, PtauError::Srs(SrsError::PowerOfH { exponent: e }) if e == exponent as u64);
        assert!(named(refused(&|f| f.section(3)[exponent * 128] ^= 1)));
        assert!(named(refused(&|f| f.section(3)[exponent * 128 + 31] = 255)));
    }
    let moved = refused(&|f| f.section(3).copy_within(15 * 128..16 * 128, 16 * 128));
    assert!(matches!(moved, PtauError::Srs(SrsError::Powers)));
    let short = Ptau::of_tau(Fr::from(11u64), 4).read().unwrap_err();
    assert!(matches!(short, PtauError::TooFewPowers { wanted: 5, power: 4 }), "{short}");
    assert!(matches!(refused(&|f| f.section(2)[0] ^= 1), PtauError::Srs(SrsError::Power { index: 0 })));
    let off = refused(&|f| f.section(2)[5 * 64 + 31] = 255);
    assert!(matches!(off, PtauError::Srs(SrsError::Power { index: 5 })));
    let infinity = refused(&|f| f.section(2)[6 * 64..7 * 64].fill(0));
    assert!(matches!(infinity, PtauError::Srs(SrsError::Power { index: 6 })));
    let swapped = refused(&|f| f.section(2).copy_within(2 * 64..3 * 64, 3 * 64));
    assert!(matches!(swapped, PtauError::Srs(SrsError::Powers)));
    let other = refused(&|f| *f.section(3) = Ptau::of_tau(Fr::from(12u64), 5).section(3).clone());
    assert!(matches!(other, PtauError::Srs(SrsError::Powers)));
}

/// Lengths that the file cannot have are refused before anything is allocated for them.
#[test]
fn claimed_lengths_are_compared_with_the_file() {
    let honest = Ptau::of_tau(Fr::from(11u64), 5).bytes();
    let mut bytes = honest.clone();
    bytes[16..24].fill(255);
    assert!(matches!(
        ptau::read(Cursor::new(&bytes), 16),
        Err(PtauError::SectionLength { section: 1, got: u64::MAX, .. })
    ));
    let mut bytes = honest.clone();
    bytes[8..12].fill(255);
    assert!(matches!(ptau::read(Cursor::new(&bytes), 16), Err(PtauError::SectionCount { .. })));
    let mut bytes = honest;
    bytes[0] = b'q';
    assert!(matches!(ptau::read(Cursor::new(&bytes), 16), Err(PtauError::Magic { .. })));
    assert!(ptau::read(Cursor::new(SNARKJS), usize::MAX).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn truncated_files_are_refused(at in 0usize..SNARKJS.len()) {
        // The last sections hold contributions, which are not read; their section headers must still fit.
        prop_assert!(ptau::read(Cursor::new(&SNARKJS[..at]), 16).is_err());
    }

    #[test]
    fn hostile_bytes_never_panic(
        head in proptest::collection::vec(any::<u8>(), 0..200),
        changes in proptest::collection::vec((0usize..SNARKJS.len(), any::<u8>()), 1..20),
    ) {
        let mut bytes = b"ptau\x01\0\0\0".to_vec();
        bytes.extend(head);
        prop_assert!(ptau::read(Cursor::new(&bytes), 16).is_err());
        let mut bytes = SNARKJS.to_vec();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        let _ = ptau::read(Cursor::new(&bytes), 16);
    }
}
