//! Every field of a proof, tampered with: rejected by the check that should catch it. Canonical bytes.
//!
//! The destructuring below is the manifest: it names every field, so that a new one does not compile without a row here.

use crate::attack::{case, verdict, verdict_on};
use crate::case::Case;
use crate::plain::{Proven, Prover};
use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, PrimeField};
use rayon::prelude::*;
use trine_verifier::bootstrapping::product::ProductProof;
use trine_verifier::bootstrapping::proof::FieldProof;
use trine_verifier::bootstrapping::switch::SwitchProof;
use trine_verifier::bootstrapping::{Checks, CircuitProof, Parameters};
use trine_verifier::opening::OpeningProof;
use trine_verifier::proof::{GroupProof, LayerProof, ProofError, TreeProof};

/// A change of one element, and the spec id of the check that rejects it.
struct Tampering {
    field: String,
    id: &'static str,
    proof: CircuitProof,
}

/// Collects one tampering for every element of every field.
struct Manifest<'a> {
    honest: &'a CircuitProof,
    all: Vec<Tampering>,
}

impl Manifest<'_> {
    fn add(&mut self, field: String, id: &'static str, change: impl Fn(&mut CircuitProof)) {
        let mut proof = self.honest.clone();
        change(&mut proof);
        self.all.push(Tampering { field, id, proof });
    }

    fn product(
        &mut self,
        name: &str,
        id: &'static str,
        product: &ProductProof,
        of: fn(&mut FieldProof) -> &mut ProductProof,
    ) {
        let ProductProof { inner, outer, left: _, right: _ } = product;
        for (i, k) in (0..inner.len()).flat_map(|i| [(i, 0), (i, 1)]) {
            self.add(format!("{name}.inner[{i}][{k}]"), id, |p| of(&mut p.field).inner[i][k] += one());
        }
        for (i, k) in (0..outer.len()).flat_map(|i| [(i, 0), (i, 1), (i, 2)]) {
            self.add(format!("{name}.outer[{i}][{k}]"), id, |p| of(&mut p.field).outer[i][k] += one());
        }
        self.add(format!("{name}.left"), id, |p| of(&mut p.field).left += one());
        self.add(format!("{name}.right"), id, |p| of(&mut p.field).right += one());
    }

    fn switch(&mut self, switch: &SwitchProof) {
        let SwitchProof { product: _, rounds, digits: _, key: _ } = switch;
        self.add("switch.product".into(), "PB.E4", |p| p.field.switch.product += one());
        for (i, k) in (0..rounds.len()).flat_map(|i| [(i, 0), (i, 1)]) {
            self.add(format!("switch.rounds[{i}][{k}]"), "PB.E4", |p| p.field.switch.rounds[i][k] += one());
        }
        self.add("switch.digits".into(), "PB.E4", |p| p.field.switch.digits += one());
        self.add("switch.key".into(), "PB.E4", |p| p.field.switch.key += one());
    }

    fn tree(&mut self, tree: &TreeProof) {
        let TreeProof { root, layers } = tree;
        for i in 0..root.len() {
            self.add(format!("tree.root[{i}]"), "PB.H2", |p| p.field.tree.root[i] += one());
        }
        for (l, LayerProof { rounds, children }) in layers.iter().enumerate() {
            for (i, k) in (0..rounds.len()).flat_map(|i| [(i, 0), (i, 1)]) {
                self.add(format!("tree.layers[{l}].rounds[{i}][{k}]"), "PB.H4", |p| {
                    p.field.tree.layers[l].rounds[i][k] += one();
                });
            }
            for i in 0..children.len() {
                self.add(format!("tree.layers[{l}].children[{i}]"), "PB.H4", |p| {
                    p.field.tree.layers[l].children[i] += one();
                });
            }
        }
    }

    /// The opening is bound by the group side, its last level by the fold chain.
    fn opening(&mut self, opening: &OpeningProof) {
        let OpeningProof { f0_at_u: _, residues } = opening;
        self.add("opening.f0_at_u".into(), "PE.K1", |p| p.field.opening.f0_at_u += one());
        for (l, level) in residues.iter().enumerate() {
            let id = if l + 1 == residues.len() { "PE.J3" } else { "PE.K1" };
            for b in 0..level.len() {
                self.add(format!("opening.residues[{l}][{b}]"), id, |p| {
                    p.field.opening.residues[l][b] += one();
                });
            }
        }
    }

    /// A commit round that changes moves every later challenge: the first check that depends on one rejects.
    fn group(&mut self, group: &GroupProof) {
        let GroupProof { columns, second, folds, closing: _ } = group;
        for i in 0..columns.len() {
            self.add(format!("columns[{i}]"), "PB.A4", |p| shift(&mut p.group.columns[i]));
        }
        for i in 0..second.len() {
            self.add(format!("second[{i}]"), "PB.E4", |p| shift(&mut p.group.second[i]));
        }
        for i in 0..folds.len() {
            self.add(format!("folds[{i}]"), "PE.K1", |p| shift(&mut p.group.folds[i]));
        }
        self.add("quotient".into(), "PE.K1", |p| shift(&mut p.group.closing.quotient));
        self.add("remainder".into(), "PE.K1", |p| shift(&mut p.group.closing.remainder));
        self.add("witness".into(), "PE.K2", |p| shift(&mut p.group.closing.witness));
    }
}

fn tamperings(proof: &CircuitProof) -> Vec<Tampering> {
    let CircuitProof {
        group,
        field: FieldProof { accumulator: _, product, key, switch, tree, reduction, values, opening },
    } = proof;
    let mut manifest = Manifest { honest: proof, all: vec![] };
    manifest.group(group);
    manifest.add("accumulator".into(), "PB.A4", |p| p.field.accumulator += one());
    manifest.product("product", "PB.A4", product, |field| &mut field.product);
    manifest.product("key", "PB.C2", key, |field| &mut field.key);
    manifest.switch(switch);
    manifest.tree(tree);
    for (i, k) in (0..reduction.len()).flat_map(|i| [(i, 0), (i, 1)]) {
        manifest.add(format!("reduction[{i}][{k}]"), "PB.I3", |p| p.field.reduction[i][k] += one());
    }
    for i in 0..values.len() {
        manifest.add(format!("values[{i}]"), "PB.I3", |p| p.field.values[i] += one());
    }
    manifest.opening(opening);
    manifest.all
}

fn one() -> Fr {
    Fr::from(1u64)
}

fn shift(point: &mut G1Affine) {
    *point = (*point + G1Affine::generator()).into_affine();
}

fn honest() -> (Case, Proven) {
    let case = case(Parameters::REDUCED, 11);
    let proven = Prover::honest(&case, &case.evaluate()).prove();
    (case, proven)
}

/// Id of the check that fails, and what is changed.
type Change<'a> = (&'a str, &'a (dyn Fn(&mut CircuitProof) + Sync));

#[test]
fn every_element_is_rejected_by_its_check() {
    let (case, proven) = honest();
    assert_eq!(verdict(&case, &proven, &Checks::ALL), Ok(()));
    let all = tamperings(&proven.proof);
    all.into_par_iter().for_each(|Tampering { field, id, proof }| {
        let error = verdict_on(&case, &proven.statement, &proof, &Checks::ALL).expect_err(&field);
        assert_eq!(error.id(), id, "{field}: {error}");
    });
}

#[test]
fn a_missing_or_excess_element_is_an_error_of_shape() {
    let (case, proven) = honest();
    let changes: [Change<'_>; 18] = [
        ("PB.T2", &|p| p.group.columns.truncate(1)),
        ("PB.T2", &|p| p.group.columns.push(p.group.closing.quotient)),
        ("PB.T2", &|p| p.group.second.clear()),
        ("PB.T2", &|p| p.group.folds.push(p.group.closing.quotient)),
        ("PB.T2", &|p| p.field.product.inner.truncate(1)),
        ("PB.T2", &|p| p.field.product.outer.push([one(); 3])),
        ("PB.T2", &|p| p.field.key.inner.push([one(); 2])),
        ("PB.T2", &|p| p.field.key.outer.truncate(1)),
        ("PB.T2", &|p| p.field.switch.rounds.truncate(1)),
        ("PB.T2", &|p| p.field.tree.layers.truncate(2)),
        ("PB.T2", &|p| p.field.tree.layers[3].rounds.truncate(1)),
        ("PB.T2", &|p| p.field.reduction.truncate(3)),
        ("PB.T2", &|p| p.field.reduction.push([one(); 2])),
        ("PB.T2", &|p| p.field.values.truncate(3)),
        ("PB.T2", &|p| p.field.values.push(one())),
        ("PE.J3", &|p| p.field.opening.residues.truncate(1)),
        ("PE.J3", &|p| p.field.opening.residues[0].truncate(1)),
        ("PE.J3", &|p| p.field.opening.residues[0].push(one())),
    ];
    for (index, (id, change)) in changes.iter().enumerate() {
        let mut proof = proven.proof.clone();
        change(&mut proof);
        let error = verdict_on(&case, &proven.statement, &proof, &Checks::ALL).unwrap_err();
        assert_eq!(error.id(), *id, "change {index}: {error}");
    }
}

#[test]
fn exactly_one_byte_string_encodes_a_proof() {
    let (case, proven) = honest();
    let shape = &case.shape;
    let bytes = proven.proof.to_bytes(shape);
    let read = |bytes: &[u8]| CircuitProof::from_bytes(shape, bytes);
    assert_eq!(read(&bytes), Ok(proven.proof.clone()));
    for length in [0, 6, 7, 8, 38, bytes.len() - 32, bytes.len() - 1] {
        assert!(read(&bytes[..length]).is_err(), "{length} bytes");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let expected = bytes.len();
    assert_eq!(read(&longer), Err(ProofError::Length { got: expected + 1, expected }));
    for place in 0..7 {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(read(&changed).is_err(), "header byte {place}");
    }
    // A field element plus the modulus is the same number, and another string.
    let points = 2
        * (proven.proof.group.columns.len()
            + proven.proof.group.second.len()
            + proven.proof.group.folds.len()
            + 2);
    let words = (bytes.len() - 7) / 32;
    for word in 0..words {
        let start = 7 + 32 * word;
        let mut changed = bytes.clone();
        let carried = if word < points {
            add::<Fq>(&mut changed[start..start + 32])
        } else {
            add::<Fr>(&mut changed[start..start + 32])
        };
        assert!(carried || read(&changed).is_err(), "word {word} plus the modulus");
        // Above every modulus.
        changed[start..start + 32].fill(0xff);
        assert!(read(&changed).is_err(), "word {word}");
    }
    // A point off the curve.
    let mut off = bytes;
    off[7..7 + 64].fill(1);
    assert!(matches!(read(&off), Err(ProofError::Point { .. })), "(0101.., 0101..) is on no curve");
}

/// Adds the modulus to a big-endian word; whether it overflowed.
fn add<F: PrimeField>(word: &mut [u8]) -> bool {
    let modulus = F::MODULUS.to_bytes_be();
    let mut carry = 0;
    for (byte, addend) in word.iter_mut().zip(&modulus).rev() {
        let sum = u16::from(*byte) + u16::from(*addend) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    carry == 1
}
