//! What each honest node refuses by itself: one test for each check.

use super::proven::{Proven, program, proven};
use trine_fhe::words::ValueWords;
use trine_keyholder::protocol::authorise::ReleaseRules;
use trine_keyholder::protocol::refusal::Refusal;
use trine_program::policy::DELTA;
use trine_verifier::Origin;

const CONFIRMATIONS: u64 = 3;

fn refused(change: impl FnOnce(&mut Proven)) -> Refusal {
    let mut case = proven();
    change(&mut case);
    let rules = case.rules(CONFIRMATIONS);
    case.authorise(&rules).unwrap_err()
}

#[test]
fn a_proven_final_allowed_result_is_authorised() {
    let case = proven();
    let handles: Vec<[u8; 32]> = case.facts.outputs.iter().map(|o| o.handle).collect();
    let rules = case.rules(CONFIRMATIONS);
    let authorised = case.authorise(&rules).unwrap();
    assert_eq!(authorised.handles(), handles);
    assert!(authorised.variance() > 0.0);
}

#[test]
fn an_unproven_request_is_refused_tr_a1() {
    assert_eq!(refused(|c| c.facts.fulfilled_at = None), Refusal::NotFulfilled, "TR.A1");
}

#[test]
fn a_fulfilment_that_may_be_reorganised_away_is_refused_tr_a2() {
    let expected = Refusal::NotFinal { fulfilled_at: 98, got: 2, needed: 3 };
    assert_eq!(refused(|c| c.facts.head = 99), expected, "TR.A2");
    assert!(matches!(refused(|c| c.facts.head = 5), Refusal::NotFinal { got: 0, .. }));
}

#[test]
fn another_domain_is_refused_tr_a3() {
    let field = |change: fn(&mut Proven)| match refused(change) {
        Refusal::Domain { field, .. } => field,
        other => panic!("TR.A3, not {other}"),
    };
    assert_eq!(field(|c| c.facts.domain.chain_id = 1), "chain");
    assert_eq!(field(|c| c.facts.domain.coprocessor = [9; 20]), "contract");
    assert_eq!(field(|c| c.facts.domain.verifier_hash = [9; 32]), "verifier hash");
    assert_eq!(field(|c| c.facts.domain.srs_digest = [9; 32]), "SRS digest");
    assert_eq!(field(|c| c.facts.domain.parameter_set_id = [9; 32]), "parameter set");
    assert_eq!(field(|c| c.facts.domain.key_digest = [9; 32]), "key digest");
}

#[test]
fn another_text_is_refused_tr_a4() {
    let other = program([1, 1, 0], 0).to_text().into_bytes();
    assert_eq!(refused(|c| c.facts.program_text = other).name(), "ProgramTextMismatch", "TR.A4");
    assert_eq!(refused(|c| c.facts.program_text.push(b' ')).name(), "ProgramMalformed");
}

/// The policy is recomputed from the text, whatever was proved.
#[test]
fn programs_that_may_not_be_released_are_refused_tr_a5() {
    let name = |weights, constant| {
        refused(|c| {
            let program = program(weights, constant);
            c.facts.program_id = program.id().0;
            c.facts.program_text = program.to_text().into_bytes();
        })
        .name()
    };
    assert_eq!(name([1, 1, 4], 0), "IsolatingWeight", "TR.A5");
    assert_eq!(name([1, 0, 0], 0), "TooFewInputs");
    assert_eq!(name([1, 1, 1], DELTA / 2), "ConstantOffGrid");
    assert_eq!(name([9, 9, 9], 0), "DegreeTooLarge");
}

#[test]
fn a_release_that_the_consumer_has_not_allowed_is_refused_tr_a6() {
    let refusal = refused(|c| c.facts.outputs.iter_mut().for_each(|output| output.released = false));
    assert_eq!((refusal.name(), &refusal), ("ReleaseNotAllowed", &Refusal::ReleaseNotAllowed), "TR.A6");
}

/// A first program that nobody's policy reads could weigh, shift or single out a value before a harmless sum.
#[test]
fn a_computed_value_as_input_of_a_released_program_is_refused_tr_a7() {
    let refusal = refused(|c| {
        let input = &mut c.facts.inputs[1];
        input.record.origin = Origin::Output { request_id: [7; 32], job: 0, segment: 0, index: 0 };
        input.handle = input.record.handle();
    });
    let Refusal::Record { what: "input", index: 1, fault } = refusal else { panic!("TR.A7, not {refusal}") };
    assert!(fault.contains("computed value"), "{fault}");
}

#[test]
fn handles_that_do_not_fit_their_records_are_refused_tr_a7() {
    assert!(matches!(refused(|c| c.presented.inputs.swap(0, 1)), Refusal::InputCommitment { index: 0 }));
    let fault = |change: fn(&mut Proven)| match refused(change) {
        Refusal::Record { what, index, fault } => (what, index, fault),
        other => panic!("TR.A7, not {other}"),
    };
    let records = [
        fault(|c| c.facts.inputs[1].handle[0] ^= 1),
        fault(|c| {
            let input = &mut c.facts.inputs[0];
            input.record.key_digest = [9; 32];
            input.handle = input.record.handle();
        }),
        fault(|c| c.facts.inputs[2].consumer = [9; 20]),
        fault(|c| c.facts.outputs[0].proven = false),
        fault(|c| c.facts.outputs[1].consumer = [9; 20]),
        fault(|c| c.facts.outputs[0].record.blocks = 3),
    ];
    assert_eq!(
        records,
        [
            ("input", 1, "does not give its handle"),
            ("input", 0, "is of another chain, contract or key than the request"),
            ("input", 2, "is of another consumer than the request"),
            ("output", 0, "is not marked as proven"),
            ("output", 1, "is of another consumer than the request"),
            ("output", 0, "is not what the program declares"),
        ]
    );
    let count = |change: fn(&mut Proven)| matches!(refused(change), Refusal::Count { .. });
    assert!(count(|c| c.facts.inputs.truncate(2)));
    assert!(count(|c| c.facts.outputs.truncate(1)));
    assert!(count(|c| c.presented.inputs.truncate(2)));
    assert!(count(|c| c.presented.outputs.truncate(1)));
}

#[test]
fn words_under_another_handle_are_refused_tr_a8() {
    let flipped = refused(|c| {
        let value = &c.presented.outputs[1];
        let mut blocks = value.blocks().to_vec();
        blocks[0].words_mut()[77] ^= 1;
        c.presented.outputs[1] = ValueWords::new(*value.declaration(), blocks).unwrap();
    });
    assert!(matches!(flipped, Refusal::HandleMismatch { index: 1, .. }), "TR.A8");
    let substituted = refused(|c| c.facts.outputs.swap(0, 1));
    assert!(matches!(substituted, Refusal::HandleMismatch { index: 0, .. }), "moved by one place");
    let declared = refused(|c| {
        let value = &c.presented.outputs[0];
        let mut declaration = *value.declaration();
        declaration.degree = 1;
        c.presented.outputs[0] = ValueWords::new(declaration, value.blocks().to_vec()).unwrap();
    });
    assert_eq!(declared, Refusal::Declaration { index: 0 });
}

#[test]
fn a_proof_that_does_not_verify_is_refused_tr_a9() {
    let tampered = refused(|c| {
        let last = c.presented.proof.len() - 1;
        c.presented.proof[last] ^= 1;
    });
    assert_eq!(tampered.name(), "ProofInvalid", "TR.A9");
    assert_eq!(refused(|c| c.presented.proof.truncate(100)).name(), "ProofMalformed");
    assert_eq!(refused(|c| c.facts.salt[0] ^= 1).name(), "ProofInvalid");
}

/// Without development mode nothing that is not bootstrapped leaves a node, whatever its policy says.
#[test]
fn a_linear_program_is_refused_outside_development_mode_tr_a5() {
    let case = proven();
    let rules = ReleaseRules { development: None, ..case.rules(CONFIRMATIONS) };
    let refusal = case.authorise(&rules).unwrap_err();
    assert_eq!(refusal, Refusal::DevelopmentRelease, "TR.A5");
    assert_eq!(refusal.name(), "DevelopmentRelease");
}
