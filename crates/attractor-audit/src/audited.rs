//! The outcome of an audit with what it was found with, and what should be said beside it.

use attractor::message;
use attractor::message::{Argument, Message};

use crate::calibrate::Calibrated;
use crate::inputs::Inputs;
use crate::inside::Inside;
use crate::outcome::Outcome;
use crate::searched::Searched;
use crate::verdict::Verdict;

/// The outcome of an audit with what it was found with.
pub struct Audited {
    /// The searches.
    pub found: Searched,
    /// The outcome.
    pub outcome: Outcome,
    /// What plants show, in a calibration.
    pub calibrated: Option<Calibrated>,
    /// What was found inside the model, if there is one.
    pub inside: Option<Inside>,
}

impl Audited {
    /// What the reader should know of the rows.
    pub fn notes(&self, inputs: &Inputs) -> Vec<Message> {
        let (found, outcome) = (&self.found, &self.outcome);
        let mut notes = inputs.notes.clone();
        let (train, heldout) = (inputs.space.train().len(), inputs.space.heldout().len());
        if heldout == 0 {
            notes.push(message![
                "without held-out rows the rates have no p-values, and rows are compared with training rows in the place of honest ones; give rows that the model has not seen (",
                Argument::option("heldout"),
                ")"
            ]);
        }
        let leaked = found.clusters.leaked(found.train);
        if leaked > 0 {
            notes.push(
                format!(
                    "{leaked} of {heldout} held-out rows are near-duplicates of training rows: they make copies look honest; leave them out if they are there by mistake"
                )
                .into(),
            );
        }
        let copies = outcome.count(Verdict::Copy);
        if copies == outcome.rows.len() {
            notes.push(match self.inside {
                Some(_) => "every generated row is a training row: the model copies".into(),
                None => {
                    "every generated row is a training row; check that these are the generated rows".into()
                }
            });
        }
        if let Some(pieces) = found.pieces.as_ref().filter(|pieces| pieces.looked() < outcome.rows.len()) {
            notes.push(message![
                format!(
                    "the local error was measured of {} of {} generated rows, evenly spaced; mosaics of overlapping pieces are not found among the others (",
                    pieces.looked(),
                    outcome.rows.len()
                ),
                Argument::option("local-rows"),
                ")"
            ]);
        }
        let constant = found.own.iter().all(|list| list.iter().all(|other| other.distance == 0.0));
        if constant {
            notes.push("all training and held-out rows are equal: nothing can be said of copies".into());
        }
        if found.clusters.count() == 1 && train > 1 && !constant {
            notes.push(message![
                "all training rows are in one cluster: distances from other clusters are not known; give a smaller ",
                Argument::option("radius")
            ]);
        }
        notes
    }
}
