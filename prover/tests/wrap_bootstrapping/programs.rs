//! Malformed programs: nobody vouches for one, so that the circuit refuses each, whatever its words.

use crate::circuit::recorded_failure;
use crate::honest::{Honest, all, digest, entries, used_rows, words};
use crate::mutation::Mutated;
use ark_bn254::Fr;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;
use trine_prover::wrap::bootstrapping::WrapWitness;
use trine_prover::wrap::bootstrapping::first_failure;
use trine_prover::wrap::bootstrapping::program::{Combination, Program};
use trine_verifier::bootstrapping::statement::PublicInputs;

/// Random programs, half of them rewritten in one term.
const CASES: u64 = 240;

/// What the rules of the spec's section 6 say, rule by rule.
fn well_formed(public: &PublicInputs, program: &Program) -> bool {
    use ark_ff::PrimeField;
    let word = public.shape.into_bigint().0[0];
    let log = word >> 8 & 0xff;
    let (inputs, outputs) = entries(&public.layouts, &public.shape);
    let count = program.bootstrappings.iter().take_while(|slot| slot.kind != 0).count();
    let slots = program.bootstrappings.iter().enumerate().all(|(index, slot)| {
        let (kind, functions) = (slot.kind & 1, slot.kind >> 4);
        if index >= count {
            return slot.kind == 0 && slot.boxes == [0; 16] && zero(&slot.input);
        }
        let proper = slot.kind >> 1 & 7 == 1 && (1..=8).contains(&functions);
        proper && slot.input.terms.iter().all(|term| named(*term, kind, index, &inputs, program))
    });
    let kinds: Vec<u64> = outputs
        .iter()
        .flat_map(|entry| vec![u64::from(entry >> 6 & 3); usize::from(entry >> 8) + 1])
        .collect();
    let rows = program.rows.iter().enumerate().all(|(index, row)| match kinds.get(index) {
        Some(kind) => row.terms.iter().all(|term| named(*term, *kind, count, &inputs, program)),
        None => zero(row),
    });
    let least = count.next_power_of_two().trailing_zeros();
    let constants = program.combinations().map(|combination| combination.constant);
    let mut steps = constants.chain(program.bootstrappings.iter().flat_map(|slot| slot.boxes));
    steps.all(|steps| steps < 32)
        && slots
        && rows
        && log == u64::from(least)
        && used_rows(&public.layouts, &public.shape) == kinds.len()
}

fn zero(combination: &Combination) -> bool {
    combination.constant == 0 && combination.terms.iter().all(|term| *term == 0)
}

/// Whether a term is absent, or names a wire that there is before slot `before`, under the key of its combination.
fn named(term: u64, kind: u64, before: usize, inputs: &[u16], program: &Program) -> bool {
    let (coefficient, place) = (term & 0xff, term >> 8 & 0x7f);
    let (source, bootstrapped) = ((term >> 15 & 0x7f) as usize, term >> 22 == 1);
    if term == 0 {
        return true;
    }
    let wire = if bootstrapped {
        source < before && place < program.bootstrappings[source].kind >> 4 && kind == 0
    } else {
        let entry = inputs.get(source).map(|entry| u64::from(*entry));
        entry.is_some_and(|entry| place <= entry >> 8 && entry >> 6 & 3 == kind)
    };
    wire && term >> 40 == 0 && coefficient != 0 && coefficient != 128
}

/// The circuit's answer to a program.
///
/// Its proof is of another program, so that a well-formed one fails later.
fn failure(
    honest: &Honest,
    public: &PublicInputs,
    program: &Program,
    recorded: bool,
) -> Option<&'static str> {
    let witness = honest.witness(&honest.field).unwrap();
    let witness = WrapWitness { program: program.clone(), ..witness };
    if recorded {
        recorded_failure(&honest.class, public, &witness)
    } else {
        first_failure(&honest.class, public, &witness)
    }
}

/// Whether the circuit refuses the program: bits that no program sets have no variable, everything else but its terms is refused
/// first, its terms where they are looked up.
///
/// The proof's own checks before that are broken too, as the transcript absorbs the digest; they are asked of a program
/// alone in [`refuses_alone`].
fn refuses_alone(honest: &Honest, public: &PublicInputs, program: &Program) -> bool {
    use trine_prover::wrap::checks::Checks;
    let witness = honest.witness(&honest.field).unwrap();
    let witness = WrapWitness { program: program.clone(), ..witness };
    if !program.fits(&honest.class) {
        return true;
    }
    let mut checks = Checks::values(&public.to_array());
    trine_prover::wrap::bootstrapping::synthesise(&mut checks, &honest.class, &witness);
    checks.breaks("PB.T1")
}

#[test]
fn honest_programs_are_well_formed() {
    for honest in all() {
        let program = honest.witness(&honest.field).unwrap().program;
        let (shape, layouts) = (&honest.public.shape, &honest.public.layouts);
        assert_eq!(digest(shape, layouts, &program), honest.inputs.prog);
        let powers =
            std::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * honest.public.opening.z));
        let evaluated: Fr =
            words(shape, layouts, &program).iter().zip(powers).map(|(w, power)| *w * power).sum();
        assert_eq!(evaluated, honest.public.program_at_z, "rows follow the slots of the class");
        assert!(well_formed(&honest.public, &program));
        assert_eq!(failure(honest, &honest.public, &program, true), None);
    }
}

#[test]
fn the_circuit_refuses_exactly_the_malformed_programs() {
    let honest = all();
    let found: Vec<bool> = (0..CASES)
        .into_par_iter()
        .map(|case| {
            let honest = &honest[case as usize / 2 % honest.len()];
            let mut random = ChaCha20Rng::seed_from_u64(case ^ 0x5eed);
            let mut mutated = Mutated::new(honest);
            if case % 2 == 0 {
                mutated.mutate(random.gen_range(21..24), &mut random);
            } else {
                rewrite(&mut mutated.program, &mut random);
            }
            let expected = well_formed(&honest.public, &mutated.program);
            let refused = refuses_alone(honest, &honest.public, &mutated.program);
            assert_eq!(!refused, expected, "case {case}: {}", mutated.what);
            expected
        })
        .collect();
    let formed = found.iter().filter(|formed| **formed).count();
    assert!(formed > 15 && formed < 200, "{formed} of {} are well formed", found.len());
}

/// Writes a random term that the circuit has bits for, of a source and place near those that there are.
fn rewrite(program: &mut Program, random: &mut ChaCha20Rng) {
    let mut combinations = crate::mutation::combinations(program);
    let index = random.gen_range(0..combinations.len());
    let (_, terms) = &mut combinations[index];
    let last = terms.len().min(3);
    let term = random.gen_range(0..last);
    let coefficient = random.gen_range(126..131u64);
    let (place, source) = (random.gen_range(0..4u64), random.gen_range(0..5u64));
    terms[term] = coefficient | place << 8 | source << 15 | u64::from(random.gen_bool(0.5)) << 22;
}

/// Every rule by itself, at the edges.
#[test]
fn each_rule_of_programs_is_enforced() {
    let honest = &all()[2];
    let honest_program = honest.witness(&honest.field).unwrap().program;
    let check = |what: &str, change: &dyn Fn(&mut Program)| {
        let mut program = honest_program.clone();
        change(&mut program);
        assert!(!well_formed(&honest.public, &program), "{what}: the rule says nothing");
        assert!(refuses_alone(honest, &honest.public, &program), "{what}");
    };
    let count = 3;
    let input = |coefficient: u64, block: u64, handle: u64| coefficient | block << 8 | handle << 15;
    let output = |slot: u64, function: u64| 129 | function << 8 | slot << 15 | 1 << 22;
    check("coefficient -128", &|p| p.bootstrappings[0].input.terms[0] = input(0, 1, 0));
    check("coefficient 0", &|p| p.bootstrappings[0].input.terms[0] = input(128, 0, 0));
    check("a block beyond the class", &|p| p.rows[0].terms[0] = input(129, 64, 0));
    check("a handle beyond the class", &|p| p.rows[0].terms[0] = input(129, 0, 100));
    check("a handle that there is not", &|p| p.rows[0].terms[0] = input(129, 0, 4));
    check("a block that there is not", &|p| p.rows[0].terms[0] = input(129, 15, 0));
    check("its own output", &|p| p.bootstrappings[1].input.terms[0] = output(1, 0));
    check("a later output", &|p| p.bootstrappings[0].input.terms[0] = output(2, 0));
    check("an output that there is not", &|p| p.rows[0].terms[0] = output(count, 0));
    check("a function that there is not", &|p| {
        p.bootstrappings[0].kind = p.bootstrappings[0].kind & 15 | 2 << 4;
        p.rows[0].terms[0] = output(0, 2);
    });
    check("no functions", &|p| p.bootstrappings[0].kind &= 15);
    check("nine functions", &|p| p.bootstrappings[0].kind = p.bootstrappings[0].kind & 15 | 9 << 4);
    check("a gap among the slots", &|p| p.bootstrappings[1] = p.bootstrappings[7].clone());
    check("fewer slots than log P says", &|p| p.bootstrappings[2] = p.bootstrappings[7].clone());
    check("more slots than log P says", &|p| {
        p.bootstrappings[3].kind = 2 | 1 << 4;
        p.bootstrappings[4].kind = 2 | 1 << 4;
    });
    check("a constant of an unused slot", &|p| p.bootstrappings[7].input.constant = 1);
    check("a box of an unused slot", &|p| p.bootstrappings[7].boxes[15] = 1);
    check("a term of an unused slot", &|p| p.bootstrappings[7].input.terms[2] = input(129, 0, 0));
    let rows = used_rows(&honest.public.layouts, &honest.public.shape);
    assert!(rows < honest_program.rows.len(), "the seed leaves a row unused");
    check("a constant of an unused row", &|p| p.rows[rows].constant = 1);
    check("a term of an unused row", &|p| p.rows[rows].terms[0] = input(129, 0, 0));
}

/// The words that are public at `z` are those that the transcript has absorbed: of another program only the challenges tell.
///
/// A program that gives the same value at `z` is easily found once `z` is known. `prog` has bound the words before.
#[test]
fn a_program_chosen_after_z_is_refused() {
    let honest = &all()[4];
    let witness = honest.witness(&honest.field).unwrap();
    let mut other = witness.program.clone();
    other.bootstrappings[0].boxes[0] ^= 1;
    assert!(well_formed(&honest.public, &other));
    let mut public = honest.public.clone();
    let (shape, layouts) = (&public.shape, &public.layouts);
    let moved = words(shape, layouts, &other)[0] - words(shape, layouts, &witness.program)[0];
    public.program_at_z += moved;
    let forged = WrapWitness { program: other, ..witness.clone() };
    assert_eq!(
        recorded_failure(&honest.class, &public, &forged),
        Some("PB.A4"),
        "its digest moves all challenges"
    );
    assert_eq!(
        recorded_failure(&honest.class, &public, &witness),
        Some("PB.T3"),
        "its words are not the proof's"
    );
}
