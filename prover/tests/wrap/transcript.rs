//! The transcript: equal to circomlib's Poseidon, equal in the circuit, frozen.

use ark_bn254::Fr;
use ark_crypto_primitives::sponge::poseidon::PoseidonSponge;
use ark_crypto_primitives::sponge::{CryptographicSponge, FieldBasedCryptographicSponge};
use trine_prover::wrap::checks::Checks;
use trine_prover::wrap::transcript::TranscriptGadget;
use trine_verifier::Transcript;
use trine_verifier::digest::field_word;
use trine_verifier::transcript::{ARGUMENT_TAG, PROGRAM_TAG, poseidon_parameters};

fn hex(value: &Fr) -> String {
    hex::encode(field_word(value))
}

/// iden3/circomlib `circuits/poseidon_constants.circom` and the Grain script of the Poseidon paper
/// (`generate_parameters_grain.sage 1 0 254 3 8 57`) print these for width 3.
#[test]
fn the_constants_are_circomlibs() {
    let parameters = poseidon_parameters();
    assert_eq!(
        parameters.ark[0].iter().map(hex).collect::<Vec<_>>(),
        [
            "0ee9a592ba9a9518d05986d656f40c2114c4993c11bb29938d21d47304cd8e6e",
            "00f1445235f2148c5986587169fc1bcd887b08d4d00868df5696fff40956e864",
            "08dff3487e8ac99e1f29a058d0fa80b930c728730b7ab36ce879f3890ecf73f5",
        ]
    );
    assert_eq!(
        hex(&parameters.ark[64][2]),
        "1da55cc900f0d21f4a3e694391918a1b3c23b2ac773c6b3ef88e2e4228325161"
    );
    assert_eq!(
        hex(&parameters.mds[0][0]),
        "109b7f411ba0e4c9b2b70caf5c36a7b194be7c11ad24378bfedb68592ba8118b"
    );
    assert_eq!(
        hex(&parameters.mds[2][0]),
        "143021ec686a3f330d5f9e654638065ce6cd79e28c5b3753326244ee65a1b1a7"
    );
    assert_eq!((parameters.ark.len(), parameters.mds.len()), (65, 3));
}

/// circomlibjs `test/poseidon.js`: `poseidon([1, 2])`, the first element of the permuted `(0, 1, 2)`.
#[test]
fn the_permutation_is_circomlibs() {
    let mut sponge = PoseidonSponge::<Fr>::new(poseidon_parameters());
    sponge.absorb(&vec![Fr::from(1u64), Fr::from(2u64)]);
    sponge.squeeze_native_field_elements(1);
    assert_eq!(hex(&sponge.state[0]), "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a");
}

/// One step of a schedule: absorb this many elements, then draw this many.
type Schedule = [(u64, usize)];

const SCHEDULES: [&Schedule; 4] =
    [&[(0, 1)], &[(6, 16), (1, 11)], &[(1, 1), (2, 3), (3, 2), (5, 5)], &[(2, 1), (2, 1), (4, 2), (1, 4)]];

fn native(tag: &str, schedule: &Schedule) -> Vec<Fr> {
    let mut transcript = Transcript::new(tag);
    let (mut next, mut drawn) = (1, vec![]);
    for (absorbed, squeezed) in schedule {
        for _ in 0..*absorbed {
            transcript.absorb("a", &Fr::from(next));
            next += 1;
        }
        drawn.extend(transcript.challenges("c", *squeezed));
    }
    drawn
}

#[test]
fn the_circuits_transcript_is_the_native_one() {
    for tag in [ARGUMENT_TAG, PROGRAM_TAG] {
        for schedule in SCHEDULES {
            let mut checks = Checks::recording(&[]);
            let mut transcript = TranscriptGadget::new(tag);
            let (mut next, mut drawn) = (1, vec![]);
            for (absorbed, squeezed) in schedule {
                for _ in 0..*absorbed {
                    let value = checks.witness(Fr::from(next));
                    transcript.absorb(&mut checks, "a", &value);
                    next += 1;
                }
                drawn.extend(transcript.challenges(&mut checks, "c", *squeezed).iter().map(|w| w.value()));
            }
            assert_eq!(drawn, native(tag, schedule), "{tag} {schedule:?}");
            assert!(checks.is_satisfied());
        }
    }
}

/// Frozen: a change of these is a change of every proof, key and contract.
#[test]
fn transcripts_are_frozen() {
    let lines: String = [ARGUMENT_TAG, PROGRAM_TAG]
        .into_iter()
        .flat_map(|tag| SCHEDULES.map(|s| (tag, s)))
        .map(|(tag, schedule)| {
            let drawn: Vec<String> = native(tag, schedule).iter().map(hex).collect();
            format!("{tag} {schedule:?} {}\n", drawn.join(" "))
        })
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/transcript-vectors.txt");
    if std::env::var_os("TRINE_BLESS").is_some() {
        std::fs::write(path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), lines, "run with TRINE_BLESS=1 to accept");
}
