//! The wrap circuit: one rank-1 constraint system for each class that proves what
//! [`trine_verifier::verify::verify_field`] checks, and that `prog` is the digest of a well-formed program.
//!
//! Written from the spec's message table a second time; a property test breaks both in the same ways.
//!
//! | module | step |
//! | --- | --- |
//! | [`wire`], [`checks`] | linear combinations, constraints under spec ids |
//! | [`transcript`] | Poseidon (spec section 6) |
//! | [`program`] | PE.T1: the program behind `prog` |
//! | [`tree`] | PE.H: the range tree |
//! | [`claim`], [`relation`] | PE.G, PE.O, PE.H5: weights in closed form |
//! | [`reduction`] | PE.I: one point |
//! | [`sumcheck`] | rounds of sumchecks |
//! | [`opening`] | PE.J: fold chain, challenges, remainder |
//! | [`bootstrapping`] | the circuit of the proof of bootstrapping, of the same parts |

pub mod bootstrapping;
pub mod checks;
pub mod claim;
pub mod opening;
pub mod program;
pub mod reduction;
pub mod relation;
pub mod sumcheck;
pub mod transcript;
pub mod tree;
pub mod wire;

use ark_bn254::Fr;
use checks::Checks;
use claim::ReducedPoint;
use opening::OpeningInputs;
use program::ProgramInputs;
use relation::{LayerGadget, Values};
use transcript::TranscriptGadget;
use trine_verifier::class::Class;
use trine_verifier::opening::{OpeningProof, residue_counts};
use trine_verifier::program::ProgramMatrix;
use trine_verifier::proof::{FieldProof, LayerProof, TreeProof};
use trine_verifier::statement::PublicInputs;
use trine_verifier::transcript::{ARGUMENT_TAG, TranscriptEvent};

/// What the circuit takes as its witness. Its layouts and shape are not read: those are public inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrapWitness {
    /// The program in the class.
    pub matrix: ProgramMatrix,
    /// The field side of the inner proof.
    pub field: FieldProof,
}

impl WrapWitness {
    /// The all-zero witness of a class, on which a setup runs.
    pub fn zero(class: &Class) -> Self {
        let zero = Fr::from(0u64);
        let rows = class.outputs() * class.blocks();
        let layer = |l: usize| LayerProof { rounds: vec![[zero; 2]; l], children: [zero; 4] };
        Self {
            matrix: ProgramMatrix {
                coefficients: vec![vec![0; class.inputs * class.blocks()]; rows],
                constants: vec![0; rows],
                layouts: [zero; 2],
                shape: zero,
            },
            field: FieldProof {
                tree: TreeProof { root: [zero; 4], layers: (1..class.layers()).map(layer).collect() },
                reduction: vec![[zero; 2]; class.log_chunk],
                values: vec![zero; class.polynomials()],
                opening: OpeningProof {
                    f0_at_u: zero,
                    residues: residue_counts(class.log_chunk).into_iter().map(|c| vec![zero; c]).collect(),
                },
            },
        }
    }

    /// Spec id of the step whose message has the wrong shape for the class.
    pub fn shape_failure(&self, class: &Class) -> Option<&'static str> {
        let (rows, places) = (class.outputs() * class.blocks(), class.inputs * class.blocks());
        let (matrix, field) = (&self.matrix, &self.field);
        let program = matrix.coefficients.len() == rows
            && matrix.coefficients.iter().all(|row| row.len() == places)
            && matrix.constants.len() == rows;
        let tree = field.tree.layers.len() + 1 == class.layers()
            && field.tree.layers.iter().enumerate().all(|(l, layer)| layer.rounds.len() == l + 1);
        let reduction = field.reduction.len() == class.log_chunk && field.values.len() == class.polynomials();
        if !(program && tree && reduction) {
            return Some("PE.T1");
        }
        let opening = field.opening.residues.iter().map(Vec::len).eq(residue_counts(class.log_chunk));
        if opening { None } else { Some("PE.J3") }
    }
}

/// Spec id of the first check that public inputs and witness break; `None` if a proof exists.
///
/// Never panics and never fails otherwise: every inverse is witnessed, so a zero denominator breaks its named check.
pub fn first_failure(class: &Class, public: &PublicInputs, witness: &WrapWitness) -> Option<&'static str> {
    let failure = witness.shape_failure(class);
    if failure.is_some() {
        return failure;
    }
    let mut checks = Checks::values(&public.to_array());
    synthesise(&mut checks, class, witness);
    checks.first_failure()
}

/// Number of constraints of each part of the circuit, in order.
pub fn constraint_report(class: &Class) -> Vec<(&'static str, usize)> {
    structure(class).report()
}

/// The circuit of a class on the all-zero witness: its structure is that on every witness.
pub fn structure(class: &Class) -> Checks {
    let mut checks = Checks::recording(&[Fr::from(0u64); trine_verifier::statement::PUBLIC_INPUTS]);
    synthesise(&mut checks, class, &WrapWitness::zero(class));
    checks
}

/// The circuit, top to bottom as the spec's message table. The witness has the shape of the class.
///
/// Returns what was absorbed and drawn.
pub fn synthesise(checks: &mut Checks, class: &Class, witness: &WrapWitness) -> Vec<TranscriptEvent> {
    let public = checks.public_wires();
    let [stmt, shape, layout_0, layout_1, prog, d1, d2, d3, d4, rho, r, q, z, r_at_z] = public.as_slice()
    else {
        return vec![];
    };
    let layouts = [layout_0.clone(), layout_1.clone()];
    let field = &witness.field;
    let mut transcript = TranscriptGadget::new(ARGUMENT_TAG);

    // PE.T1
    checks.part("program");
    let inputs = ProgramInputs { shape, layouts: &layouts, prog };
    let program = program::program(checks, class, &inputs, &witness.matrix);
    checks.part("challenges");
    transcript.absorb(checks, "stmt", stmt);
    transcript.absorb(checks, "shape", shape);
    transcript.absorb_all(checks, "layout", &layouts);
    transcript.absorb(checks, "prog", prog);
    // PE.T2
    transcript.absorb(checks, "d1", d1);
    // PE.G1
    let g = transcript.challenges(checks, "g", class.log_rows());
    // PE.T3
    transcript.absorb(checks, "d2", d2);
    // PE.O1
    let y = transcript.challenges(checks, "y", class.log_chunk);
    // PE.H1 to PE.H4
    checks.part("range tree");
    let leaf = tree::verify_tree(checks, class, &field.tree, &mut transcript);
    // PE.H5
    let leaf_claims = tree::leaf_claims(checks, class, &leaf);
    // PE.I1, PE.I2; the claims on the output handles have the value zero
    checks.part("reduction");
    let layer = LayerGadget::new(checks, class, &program, &g);
    let claimed = [layer.value(checks, class), leaf_claims.multiplicities.clone(), leaf_claims.cells.clone()];
    let reduced = reduction::reduce(checks, &claimed, &field.reduction, &mut transcript);
    // PE.I3
    let values = checks.witnesses(&field.values);
    transcript.absorb_all(checks, "v", &values);
    checks.part("relations");
    let u = ReducedPoint::new(checks, reduced.point.clone());
    let named = Values::new(class, &values);
    let mut evaluations = vec![
        layer.evaluate(checks, class, &u, &named),
        relation::evaluate_multiplicities(checks, class, (&leaf, &leaf_claims), &u, &named),
        relation::evaluate_cells(checks, class, (&leaf, &leaf_claims), &u, &named),
    ];
    evaluations.extend(relation::evaluate_outputs(checks, class, &y, &u, &named));
    reduction::check_values(checks, &reduced, &evaluations);
    // PE.J1 to PE.J5
    checks.part("opening");
    let public = OpeningInputs { d3, d4, rho, r, q, z, r_at_z };
    opening::field_side(checks, &u.point, &values, &public, &field.opening, &mut transcript);
    transcript.events().to_vec()
}
