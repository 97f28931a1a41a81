//! Which attacks are asked for, of the catalogue of the program.

use super::circuit::batch::registry::ATTACKS as BATCH_ATTACKS;
use super::circuit::batch::scene::BatchScene;
use super::circuit::registry::ATTACKS as CIRCUIT_ATTACKS;
use super::circuit::scene::CircuitScene;
use super::circuit::segments::registry::ATTACKS as SEGMENT_ATTACKS;
use super::circuit::segments::scene::SegmentScene;
use super::registry::{ATTACKS, Attack, listed, selected};
use super::scene::Scene;

/// A catalogue, by the kind of program that its attacks are played on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Catalogue {
    /// On the linear tally.
    Linear,
    /// On a circuit that one proof covers.
    Circuit,
    /// On a circuit of several segments.
    Segments,
    /// On a proof of several jobs.
    Batch,
}

impl Catalogue {
    /// One line for each attack.
    pub fn names(self) -> String {
        match self {
            Self::Linear => listed(ATTACKS),
            Self::Circuit => listed(CIRCUIT_ATTACKS),
            Self::Segments => listed(SEGMENT_ATTACKS),
            Self::Batch => listed(BATCH_ATTACKS),
        }
    }
}

/// The attacks that are asked for: of one catalogue.
#[derive(Default)]
pub struct Attacks {
    /// On the linear tally.
    pub linear: Vec<&'static Attack<Scene>>,
    /// On a circuit that one proof covers.
    pub circuit: Vec<&'static Attack<CircuitScene>>,
    /// On a circuit of several segments.
    pub segments: Vec<&'static Attack<SegmentScene>>,
    /// On a proof of several jobs.
    pub batch: Vec<&'static Attack<BatchScene>>,
}

impl Attacks {
    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        let Self { linear, circuit, segments, batch } = self;
        linear.len() + circuit.len() + segments.len() + batch.len() == 0
    }

    /// Names are checked before anything is started.
    pub fn chosen(name: Option<&str>, catalogue: Catalogue) -> anyhow::Result<Self> {
        let Some(name) = name else { return Ok(Self::default()) };
        Ok(match catalogue {
            Catalogue::Linear => Self { linear: selected(ATTACKS, name)?, ..Self::default() },
            Catalogue::Circuit => Self { circuit: selected(CIRCUIT_ATTACKS, name)?, ..Self::default() },
            Catalogue::Batch => Self { batch: selected(BATCH_ATTACKS, name)?, ..Self::default() },
            Catalogue::Segments => Self { segments: selected(SEGMENT_ATTACKS, name)?, ..Self::default() },
        })
    }
}
