//! Attacks played one after the other: one JSON line each.

use super::registry::Attack;
use super::report::{Observation, Report};
use crate::Output;
use anyhow::Context;
use std::process::ExitCode;
use trine::phases::Phases;

/// Plays attacks on the scene, in which the honest path has just succeeded. Fails when one is neither refused
/// as expected nor harmless.
pub async fn play<S>(mut scene: S, attacks: &[&Attack<S>], output: Output) -> anyhow::Result<ExitCode> {
    let mut held = true;
    for attack in attacks {
        let phases = Phases::start(output.quiet);
        let phase = phases.open(attack.name);
        let seen = (attack.play)(&mut scene).await.with_context(|| format!("attack {}", attack.name));
        drop(phase);
        let seen = match seen {
            Ok(seen) => seen,
            // An attack that cannot be played shows nothing: neither refused nor harmless.
            Err(error) => Observation::accepted(format!("not played: {error:#}")),
        };
        let report = Report::new(attack.name, attack.party, attack.expected, seen);
        held &= report.held();
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
