//! `trine bounds`: the integer bounds of the proof class.

use crate::Output;
use std::process::ExitCode;
use trine_verifier::Class;
use trine_verifier::proof::proof_bytes;

/// Arguments of `trine bounds`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  trine bounds
  trine bounds --json")]
pub struct Arguments {}

/// Prints what the class fixes and what follows from it.
pub fn run(_arguments: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let class = Class::SLICE;
    class.check()?;
    let combination = 127 * (class.inputs << class.log_blocks) + 1;
    let rows = [
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
    ];
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
