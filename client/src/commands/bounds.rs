//! `trine bounds`: the integer bounds of linear programs' class, and of the proof of bootstrapping.

use crate::Output;
use std::process::ExitCode;
use trine_verifier::Class;
use trine_verifier::bootstrapping::proof::proof_bytes as circuit_proof_bytes;
use trine_verifier::bootstrapping::{Family, Parameters, Shape};
use trine_verifier::proof::proof_bytes;

/// Arguments of `trine bounds`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine bounds
  trine bounds --json
  trine bounds --circuits    of the proof of bootstrapping")]
pub struct Arguments {
    /// Bounds of the proof of bootstrapping instead of those of linear programs.
    #[arg(long)]
    circuits: bool,
}

/// Name, value and what it is for.
type Row = (&'static str, String, &'static str);

/// Prints what is fixed and what follows from it.
pub fn run(arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let rows = if arguments.circuits { circuits()? } else { linear_programs()? };
    if output.json {
        let object: serde_json::Map<String, serde_json::Value> =
            rows.iter().map(|(name, value, _)| ((*name).to_string(), value.clone().into())).collect();
        println!("{}", serde_json::Value::from(object));
    } else {
        for (name, value, note) in rows {
            println!("{name:22} {value:>14}  {note}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn linear_programs() -> anyhow::Result<Vec<Row>> {
    let class = Class::SLICE;
    class.check()?;
    let combination = 127 * (class.inputs << class.log_blocks) + 1;
    Ok(vec![
        ("class id", class.id.to_string(), "in `shape` and in the verifier hash"),
        ("input handles", class.inputs.to_string(), "most of one program"),
        ("output handles", class.outputs().to_string(), "most of one program"),
        ("blocks of a handle", class.blocks().to_string(), "most of one value"),
        ("words of a block", (1 + (1 << class.log_n)).to_string(), "mask words and the body word"),
        ("|coefficient|", "127".to_string(), "largest weight of a term"),
        ("|combination| / 2^64", format!("{combination}"), "largest, below the carry's offset"),
        ("carry offset", class.carry_offset().to_string(), "OFF = 2^(limb bits - 1)"),
        (
            "limbs of a word",
            format!("{} of {} bits", class.limbs(), class.limb_bits),
            "each in the range table",
        ),
        ("identity G", format!("2^{}", 64 + class.limb_bits + 1), "no term is larger; the field has 2^253"),
        ("variables", class.log_chunk.to_string(), "of every opened polynomial"),
        ("opened polynomials", class.polynomials().to_string(), "columns, table, inputs, outputs"),
        ("inner proof bytes", proof_bytes(&class).to_string(), "canonical encoding"),
    ])
}

fn circuits() -> anyhow::Result<Vec<Row>> {
    let p = Parameters::PRODUCTION;
    p.check()?;
    let most = 1usize << p.max_log_bootstrappings;
    let shape = Shape::of(p, most, vec![4], vec![4])?;
    let limbs = |family: Family| {
        let [compute, casting] = family.bits(&p);
        let bits = if compute == casting { compute.to_string() } else { format!("{compute} or {casting}") };
        format!("{bits} bits in {} limbs", family.limbs(&p))
    };
    Ok(vec![
        ("parameter set", p.id.to_string(), "in `shape`"),
        ("bootstrappings", most.to_string(), "most of one proof; larger jobs are cut into segments"),
        ("limb", format!("{} bits", p.limb_bits), "of every range-checked cell, and the range table"),
        ("digit", limbs(Family::Digit), "of the bootstrapping decomposition, exact"),
        ("digit remainder", limbs(Family::Remainder), "exact"),
        ("accumulator / 2^64", p.accumulator_bound().to_string(), "bound of its carry"),
        ("accumulator carry", limbs(Family::Carry), "loose"),
        ("switch remainder", limbs(Family::SwitchRemainder), "exact"),
        ("switch sum / 2^64", p.switch_bound().to_string(), "bound of its carry"),
        ("switch carry", limbs(Family::SwitchCarry), "loose"),
        ("keyswitch remainder", limbs(Family::KeyswitchRemainder), "under the compute or casting key, exact"),
        ("combination / 2^64", p.combination_bound().to_string(), "bound of its carry"),
        ("combination carry", limbs(Family::KeyswitchCarry), "loose"),
        ("output word", limbs(Family::Word), "exact"),
        ("identities", format!("2^{}", p.identity_bits()), "no side is larger; the field has 2^253"),
        ("variables", p.log_chunk.to_string(), "of every opened polynomial"),
        ("input handles", p.max_inputs.to_string(), "most of one proof"),
        ("output handles", p.max_outputs.to_string(), "most of one proof"),
        (
            "output blocks",
            (1usize << p.log_output_blocks).to_string(),
            "most of all output handles of one proof",
        ),
        ("opened polynomials", shape.polynomials().to_string(), "slots, the same in every proof"),
        ("used slots", shape.used().len().to_string(), "of the largest proof with two handles"),
        ("proof bytes", circuit_proof_bytes(&shape).to_string(), "canonical encoding of the same"),
    ])
}
