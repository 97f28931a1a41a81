//! The wrap circuit of the proof of bootstrapping: one rank-1 constraint system for each parameter set that proves what
//! [`trine_verifier::bootstrapping::verify::verify_field`] checks for every shape of the class, and that the program whose words
//! are public by their polynomial at `z` is well formed.
//!
//! Written from the spec's message table a second time; a test breaks both in the same ways. What a smaller shape does not
//! have is left out by keeping state: rounds and layers by the transcript's old state, variables of slots by zeros, handles,
//! chunks and rows by their flags.
//!
//! | module | step |
//! | --- | --- |
//! | [`class`] | what the parameter set fixes |
//! | [`layout`], [`program`] | PB.T1, PB.T3: shape, layouts, and the program |
//! | [`rotation`], [`switch`] | PB.A to PB.E: messages and the ends of sumchecks |
//! | [`lookup`], [`leaves`] | PB.H: the look-up tree and its leaves |
//! | [`claims`], [`weight`], [`slots`], [`blocks`] | linear claims, their weights in closed form |
//! | [`wires`], [`existing`] | what the terms of combinations name |
//! | [`columns`] | PB.I3: values of columns from those of polynomials |
//! | [`witness`] | what the circuit takes |

pub mod blocks;
pub mod claims;
pub mod class;
pub mod columns;
pub mod existing;
pub mod layout;
pub mod leaves;
pub mod lookup;
pub mod program;
pub mod rotation;
pub mod slots;
pub mod switch;
pub mod weight;
pub mod wires;
pub mod witness;

use super::checks::Checks;
use super::claim::{eq_table, inner_product};
use super::opening::{OpeningInputs, field_side};
use super::sumcheck::{Labels, quadratic_round};
use super::transcript::TranscriptGadget;
use super::wire::Wire;
use ark_bn254::Fr;
use claims::{CLAIMS, Claims, SlotsAtPoint, WordPoint};
use class::Class;
use columns::{Columns, check_unused};
use layout::Layout;
use leaves::LeafClaims;
use program::ProgramInputs;
use rotation::{RotationProof, draw_slot};
use slots::{SlotPoint, SlotsOfKind};
use trine_verifier::bootstrapping::Column;
use trine_verifier::bootstrapping::program::LAYOUT_WORDS;
use trine_verifier::bootstrapping::statement::{PUBLIC_INPUTS, PublicInputs};
use trine_verifier::bootstrapping::verify::ARGUMENT_TAG;
use trine_verifier::transcript::TranscriptEvent;
use wires::{Lookup, WireValues};
pub use witness::WrapWitness;

const ROUND: Labels = Labels { round: "I.round", challenge: "u" };

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
    let mut checks = Checks::recording(&[Fr::from(0u64); PUBLIC_INPUTS]);
    synthesise(&mut checks, class, &WrapWitness::zero(class));
    checks
}

/// The circuit, top to bottom as the spec's message table. The witness has the numbers of the class.
///
/// Returns what was absorbed and drawn.
pub fn synthesise(checks: &mut Checks, class: &Class, witness: &WrapWitness) -> Vec<TranscriptEvent> {
    let public = checks.public_wires();
    let [stmt, shape, rest @ ..] = public.as_slice() else { return vec![] };
    let Some((layouts, rest)) = rest.split_at_checked(LAYOUT_WORDS) else { return vec![] };
    let [program_at_z, d1, d2, d3, d4, rho, r, q, z, r_at_z] = rest else { return vec![] };
    let field = &witness.field;
    let mut transcript = TranscriptGadget::new(ARGUMENT_TAG);

    // PB.T1
    checks.part("layout");
    let layout = layout::layout(checks, class, shape, layouts);
    let inputs = ProgramInputs { shape, layouts };
    let program = program::program(checks, class, &inputs, &layout, &witness.program);
    checks.part("rotation");
    transcript.absorb(checks, "stmt", stmt);
    transcript.absorb(checks, "shape", shape);
    transcript.absorb_all(checks, "layout", layouts);
    transcript.absorb(checks, "prog", &program.prog);
    // PB.T2
    transcript.absorb(checks, "d1", d1);
    // PB.A1 to PB.C3
    let proof = RotationProof { accumulator: field.accumulator, product: &field.product, key: &field.key };
    let rotation = rotation::rotation(checks, class, &layout, &proof, &mut transcript);
    // PB.D1
    transcript.absorb(checks, "d2", d2);
    // PB.E1 to PB.E6
    checks.part("switch");
    let switch = switch::switch(checks, class, &layout, &field.switch, &mut transcript);
    // PB.F1, PB.G1, PB.O1
    let p = &class.parameters;
    let f = WordPoint {
        word: transcript.challenges(checks, "f", p.log_n),
        above: draw_slot(checks, class, &layout, "f", &mut transcript),
    };
    let g = WordPoint {
        word: transcript.challenges(checks, "g", p.log_n + 1),
        above: transcript.challenges(checks, "g", p.log_output_blocks),
    };
    let y = transcript.challenges(checks, "y", p.log_chunk);
    // PB.H1 to PB.H4
    checks.part("look-up tree");
    let leaf = lookup::tree(checks, class, &layout, &field.tree, &mut transcript);
    // PB.H5
    checks.part("leaves");
    let leaves = LeafClaims::new(checks, class, &layout, &program, &leaf, &rotation.x.z);
    checks.part("claims");
    let slots = [&switch.slot, &f.above].map(|point| SlotPoint::new(checks, &program, point));
    let rows = eq_table(checks, &g.above);
    let (layout, program) = (&layout, &program);
    let claims =
        Claims { class, layout, program, rotation: &rotation, switch: &switch, f, g, y, slots, rows };
    // PB.I1 to PB.I3
    let reduction = Reduction { claims: &claims, leaves: &leaves };
    let (point, values) = reduction.run(checks, witness, &mut transcript);
    // PE.J1 to PE.J5
    checks.part("opening");
    let public = OpeningInputs { d3, d4, rho, r, q, z, r_at_z };
    field_side(checks, &point, &values, &public, &field.opening, &mut transcript);
    // PB.T3
    checks.part("program: words");
    let evaluated = program.at(checks, z);
    checks.enforce_equal("PB.T3", &evaluated, program_at_z);
    transcript.events().to_vec()
}

/// Steps PB.I1 to PB.I3: all claims to one point.
struct Reduction<'a> {
    claims: &'a Claims<'a>,
    leaves: &'a LeafClaims<'a>,
}

/// Powers of gamma by the claims that they batch.
struct Powers {
    /// `gamma^k`: claims A to G, then those of output handles.
    powers: Vec<Wire>,
    /// Of numerators and denominators, which come after as many handles as the shape has.
    leaves: [Wire; 2],
}

impl Powers {
    fn new(checks: &mut Checks, class: &Class, layout: &Layout, gamma: &Wire) -> Self {
        let mut powers = vec![Wire::one()];
        for _ in 0..CLAIMS + class.parameters.max_outputs {
            let last = powers.last().cloned().unwrap_or_else(Wire::one);
            powers.push(checks.product(&last, gamma));
        }
        let numerators = inner_product(checks, &layout.output_count, &powers[CLAIMS + 1..]);
        let denominators = checks.product(&numerators, gamma);
        Self { powers, leaves: [numerators, denominators] }
    }

    /// `handles` are of the output handles, if not zero.
    fn batch(&self, checks: &mut Checks, claims: &[Wire], handles: &[Wire], leaves: &[Wire]) -> Wire {
        let claims = inner_product(checks, &self.powers, claims.iter().chain(handles));
        &claims + &inner_product(checks, &self.leaves, leaves)
    }
}

impl Reduction<'_> {
    /// Returns the point and the values of all slots there.
    fn run(
        &self,
        checks: &mut Checks,
        witness: &WrapWitness,
        transcript: &mut TranscriptGadget,
    ) -> (Vec<Wire>, Vec<Wire>) {
        let Claims { class, layout, program, .. } = *self.claims;
        checks.part("reduction");
        // PB.I1
        let gamma = transcript.challenge(checks, "gamma");
        let powers = Powers::new(checks, class, layout, &gamma);
        let values = self.claims.values(checks);
        let mut claim = powers.batch(checks, &values, &[], &self.leaves.values);
        // PB.I2
        let mut point = vec![];
        for round in &witness.field.reduction {
            let end = quadratic_round(checks, transcript, ROUND, &claim, round);
            claim = end.claim;
            point.push(end.challenge);
        }
        // PB.I3
        let values = checks.witnesses(&witness.field.values);
        transcript.absorb_all(checks, "I.value", &values);
        check_unused(checks, class, layout, &values);
        checks.part("weights");
        let columns = Columns::new(checks, class, (layout, program), point.clone(), &values);
        let batched = self.evaluate(checks, &columns, &powers);
        let terms = self.terms(checks, &columns, &powers, transcript);
        checks.enforce_equal("PB.I3", &(&batched + &terms), &claim);
        (point, values)
    }

    /// Weights times values of all claims, but for terms.
    fn evaluate(&self, checks: &mut Checks, columns: &Columns<'_>, powers: &Powers) -> Wire {
        let Claims { class, program, .. } = *self.claims;
        let n = class.parameters.log_n;
        let kinds = SlotsOfKind::new(checks, program, &columns.point[n..n + class.log_slots()]);
        let [switch, keyswitch] = self.claims.slots.each_ref().map(|slots| slots.with(checks, &kinds));
        let evaluations = self.claims.evaluate(checks, columns, &SlotsAtPoint { switch, keyswitch });
        let handles = self.claims.handles(checks, columns);
        let leaves = self.leaves.evaluate(checks, columns, &kinds);
        powers.batch(checks, &evaluations, &handles, &leaves)
    }

    /// What the terms of all combinations contribute.
    fn terms(
        &self,
        checks: &mut Checks,
        columns: &Columns<'_>,
        powers: &Powers,
        transcript: &TranscriptGadget,
    ) -> Wire {
        let Claims { class, layout, program, .. } = *self.claims;
        checks.part("terms");
        let relations = self.claims.relations(checks, columns, &powers.powers);
        let slots = columns.output_rows(checks);
        let values = WireValues {
            handles: &columns.handles(class.parameters.max_inputs, Column::Input),
            blocks: &columns.point[class.parameters.log_n + 1..],
            slots: &slots,
        };
        Lookup { class, layout, program }.sum(checks, &relations, &values, transcript)
    }
}
