//! Pictures of events, of what is stored of them, and of what recall makes of it.

use attractor_data::Shape;
use attractor_figures::{Canvas, Picture};
use attractor_report::Images;

use super::lures::Example;
use super::measure::Recalled;
use super::{Config, Digits};

/// The number of events in the picture.
const DRAWN: usize = 6;

const CANVAS: Canvas = Canvas {
    shape: Shape { channels: 1, height: 8, width: 8, layout: attractor_data::Layout::Chw },
    range: (0.0, 1.0),
};

impl Config {
    /// Events, what is stored of them, three recalls, their mean, and the prototype.
    pub(super) fn events_picture(&self, data: &Digits, recalls: &[Recalled]) -> Images {
        // One event of a class, of those whose core is not the smallest.
        let mut drawn: Vec<usize> = Vec::new();
        for (n, recalled) in recalls.iter().enumerate() {
            let known = drawn.iter().any(|&other| recalls[other].class == recalled.class);
            if !known && recalled.units.len() >= 4 && drawn.len() < DRAWN {
                drawn.push(n);
            }
        }
        let mean = format!("mean of\n{} recalls", self.repeats);
        let headings =
            ["event", "stored\ncore", "recall 1", "recall 2", "recall 3", &mean, "prototype\nof its class"];
        let labels: Vec<String> = drawn
            .iter()
            .map(|&n| format!("a {}: {} of 64 stored", recalls[n].class, recalls[n].units.len()))
            .collect();
        let mut picture = Picture::new(&headings, &labels, CANVAS.shape);
        for (row, &n) in drawn.iter().enumerate() {
            let (event, recalled) = (data.events.row(n), &recalls[n]);
            let prototype = data.prototype(recalled.class);
            picture.draw(row, 0, CANVAS, |unit| Some(event[unit]));
            picture.draw(row, 1, CANVAS, |unit| recalled.units.contains(&unit).then(|| event[unit]));
            for (column, recall) in recalled.recalls.iter().enumerate() {
                picture.draw(row, 2 + column, CANVAS, |unit| Some(recall[unit]));
            }
            picture.draw(row, 5, CANVAS, |unit| Some(recalled.mean[unit]));
            picture.draw(row, 6, CANVAS, |unit| Some(prototype[unit]));
        }
        Images {
            name: "events",
            alt: "Handwritten digits. Of each only some pixels are stored; three recalls have those pixels, and differ in \
                  the others; their mean is smooth and near the event, and the prototype of the class is further away."
                .into(),
            caption: format!(
                "Each row is one event. Of it those pixels are stored that the semantic memory predicts wrongly by more \
                 than {} (grey values are from 0 to 1); the others are hatched. Each recall from noise has the stored \
                 pixels as they were, and draws the others from what usually goes with them. The mean of many recalls is \
                 what is expected given the core. The prototype is the mean training image of the class.",
                self.threshold
            ),
            picture,
        }
    }

    /// Cues of a class without events, and the events that were recalled from them.
    pub(super) fn lures_picture(&self, _data: &Digits, examples: &[Example]) -> Images {
        let headings =
            ["never\nstored", "its cue", "recalled", "taken for:\nits core", "taken for:\nthe event"];
        let shown = &examples[..examples.len().min(DRAWN)];
        let labels: Vec<String> = shown
            .iter()
            .map(|of| format!("a {} taken for a {}, {:.0} %", of.class, of.event_class, 100.0 * of.surest))
            .collect();
        let mut picture = Picture::new(&headings, &labels, CANVAS.shape);
        for (row, of) in shown.iter().enumerate() {
            picture.draw(row, 0, CANVAS, |unit| Some(of.truth[unit]));
            picture.draw(row, 1, CANVAS, |unit| Some(of.cue[unit]));
            picture.draw(row, 2, CANVAS, |unit| Some(of.recalled[unit]));
            picture.draw(row, 3, CANVAS, |unit| of.units.contains(&unit).then(|| of.event[unit]));
            picture.draw(row, 4, CANVAS, |unit| Some(of.event[unit]));
        }
        Images {
            name: "lures",
            alt: "Digits of classes of which nothing is stored, their noisy cues, and the recalled digits, which carry \
                  the stored pixels of an event of another class."
                .into(),
            caption: "Each row is a digit of a class of which no event is stored. The memory has events alone, so it \
                      must take its cue for one of them; the label says for which, and the largest posterior probability \
                      of an event. The recalled image has the stored pixels of that event, and in the others what goes \
                      with them and with the cue."
                .into(),
            picture,
        }
    }
}
