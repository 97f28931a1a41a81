//! Every field of a proof, tampered with: rejected by the check that should catch it.
//!
//! The destructuring below is the manifest: it names every field, so that a new one does not compile without a row here.

use crate::case::case;
use ark_bn254::{Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use trine_verifier::Class;
use trine_verifier::opening::OpeningProof;
use trine_verifier::proof::{FieldProof, GroupProof, InnerProof, LayerProof, TreeProof};

/// A change of one element, and the spec id of the check that rejects it.
struct Tampering {
    field: String,
    id: &'static str,
    proof: InnerProof,
}

/// One tampering for every element of every field.
fn tamperings(proof: &InnerProof) -> Vec<Tampering> {
    let InnerProof {
        group: GroupProof { columns, second, folds, closing: _ },
        field:
            FieldProof {
                tree: TreeProof { root, layers },
                reduction,
                values,
                opening: OpeningProof { f0_at_u: _, residues },
            },
    } = proof;
    let mut all = vec![];
    let mut add = |field: String, id, change: &dyn Fn(&mut InnerProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        all.push(Tampering { field, id, proof });
    };
    // A commit round that changes moves every later challenge: the first check that depends on one is layer 1.
    for i in 0..columns.len() {
        add(format!("columns[{i}]"), "PE.H4", &|p| shift(&mut p.group.columns[i]));
    }
    for i in 0..second.len() {
        add(format!("second[{i}]"), "PE.H4", &|p| shift(&mut p.group.second[i]));
    }
    for i in 0..root.len() {
        add(format!("root[{i}]"), "PE.H2", &|p| p.field.tree.root[i] += one());
    }
    for (l, LayerProof { rounds, children }) in layers.iter().enumerate() {
        for (i, k) in (0..rounds.len()).flat_map(|i| [(i, 0), (i, 1)]) {
            add(format!("layers[{l}].rounds[{i}][{k}]"), "PE.H4", &|p| {
                p.field.tree.layers[l].rounds[i][k] += one();
            });
        }
        for i in 0..children.len() {
            add(format!("layers[{l}].children[{i}]"), "PE.H4", &|p| {
                p.field.tree.layers[l].children[i] += one()
            });
        }
    }
    for (i, k) in (0..reduction.len()).flat_map(|i| [(i, 0), (i, 1)]) {
        add(format!("reduction[{i}][{k}]"), "PE.I3", &|p| p.field.reduction[i][k] += one());
    }
    for i in 0..values.len() {
        add(format!("values[{i}]"), "PE.I3", &|p| p.field.values[i] += one());
    }
    // f_0(U) and the residues of inner levels are bound by the group side, those of the last level by the fold chain.
    add("f0_at_u".into(), "PE.K1", &|p| p.field.opening.f0_at_u += one());
    for (l, level) in residues.iter().enumerate() {
        let id = if l + 1 == residues.len() { "PE.J3" } else { "PE.K1" };
        for b in 0..level.len() {
            add(format!("residues[{l}][{b}]"), id, &|p| p.field.opening.residues[l][b] += one());
        }
    }
    for i in 0..folds.len() {
        add(format!("folds[{i}]"), "PE.K1", &|p| shift(&mut p.group.folds[i]));
    }
    add("quotient".into(), "PE.K1", &|p| shift(&mut p.group.closing.quotient));
    add("remainder".into(), "PE.K1", &|p| shift(&mut p.group.closing.remainder));
    add("witness".into(), "PE.K2", &|p| shift(&mut p.group.closing.witness));
    all
}

fn one() -> Fr {
    Fr::from(1u64)
}

fn shift(point: &mut G1Affine) {
    *point = (*point + G1Affine::generator()).into_affine();
}

#[test]
fn every_element_is_rejected_by_its_check() {
    for class in [Class::REDUCED_TINY, Class::REDUCED_CHUNKS] {
        let case = case(class, 3, 2, 11);
        let proof = case.prove();
        for Tampering { field, id, proof } in tamperings(&proof) {
            let error = case.verify(&proof).expect_err(&field);
            assert_eq!(error.id(), id, "{field}: {error}");
        }
    }
}

#[test]
fn a_missing_or_excess_element_is_an_error_of_shape() {
    let case = case(Class::REDUCED_TINY, 3, 2, 12);
    let honest = case.prove();
    let changes: [&dyn Fn(&mut InnerProof); 9] = [
        &|p| p.group.columns.truncate(1),
        &|p| p.group.second.push(p.group.closing.quotient),
        &|p| p.group.folds.clear(),
        &|p| p.field.tree.layers.truncate(2),
        &|p| p.field.tree.layers[3].rounds.truncate(1),
        &|p| p.field.reduction.truncate(3),
        &|p| p.field.values.truncate(3),
        &|p| p.field.opening.residues.truncate(1),
        &|p| p.field.opening.residues[0].truncate(1),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut proof = honest.clone();
        change(&mut proof);
        assert!(case.verify(&proof).is_err(), "change {index}");
    }
}
