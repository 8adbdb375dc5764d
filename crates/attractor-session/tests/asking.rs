//! Requests in batches, masks, match scores, and fields of reports.
#![allow(missing_docs)]

use std::collections::BTreeSet;

use attractor::fields::{Kind, Value};
use attractor::memories::{Ending, Row};
use attractor::message::Rust;
use attractor::{Level, Memory, Outcome, Patterns, Prepare, Request, Spec};
use attractor_session::{Error, Mask, RecallOptions, Score, batch_of, insert_fields};
use ndarray::array;

fn memory(model: &str) -> Box<dyn Memory<f64>> {
    let patterns = array![[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
    Spec::new(model).build(Patterns::new(patterns).expect("patterns")).expect("a memory")
}

fn refused<T>(result: Result<T, Error>, words: &[&str]) {
    let Err(error) = result else {
        panic!("not refused: {words:?}");
    };
    let text = error.spelled(&Rust);
    for word in words {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
}

#[test]
fn batches_are_bounded_in_rows_and_numbers() {
    assert_eq!(batch_of(0), 1024);
    assert_eq!(batch_of(16_384), 1024);
    assert_eq!(batch_of(1 << 20), 16);
    assert_eq!(batch_of(usize::MAX), 1);
}

#[test]
fn requests_go_on_where_the_last_batch_ended() {
    let asked =
        RecallOptions { first_row: u64::MAX, seed: 7, level: Level::Sigma(0.5), ..RecallOptions::default() };
    let cues = array![[0.0, 1.0]];
    let request = asked.request(cues.view(), None, 3);
    assert_eq!((request.first_row, request.seed, request.level), (2, 7, Level::Sigma(0.5)));
    assert_eq!(request.top, Request::new(cues.view()).top);
}

#[test]
fn a_mask_is_of_all_cues_or_of_each() {
    let one = Mask::new(array![[true, false]], (3, 2)).expect("a mask");
    assert_eq!(one.rows(1..3), array![[true, false], [true, false]]);
    let each = Mask::new(array![[true, false], [false, true]], (2, 2)).expect("a mask");
    assert_eq!(each.rows(1..2), array![[false, true]]);
    refused(Mask::new(array![[true]], (3, 2)), &["clamp", "3 x 2", "1 x 1"]);
    refused(Mask::new(array![[true, true], [true, true]], (3, 2)), &["clamp", "2 x 2"]);
}

#[test]
fn match_scores_are_made_where_they_are_possible_or_needed() {
    let told = RecallOptions { level: Level::Sigma(0.5), ..RecallOptions::default() };
    let some = |asked: &RecallOptions, masked| {
        asked.calibration(memory("modern").as_ref(), masked).map(|c| c.is_some())
    };
    let is = |asked: &RecallOptions, masked| some(asked, masked).expect("no refusal");
    assert!(!is(&told, false));
    let possible = RecallOptions { score: Score::IfPossible, ..told.clone() };
    assert!(is(&possible, false));
    assert!(!is(&possible, true));
    assert!(!is(&RecallOptions { level: Level::Estimate, ..possible.clone() }, false));
    let needed = RecallOptions { score: Score::Yes, ..told.clone() };
    assert!(is(&needed, false));
    refused(some(&needed, true), &["match", "held exactly"]);
    refused(some(&RecallOptions { level: Level::Estimate, ..needed }, false), &["match", "most noise"]);
    let reject = RecallOptions { reject: Some(0.01), ..told };
    assert!(is(&reject, false));
    refused(some(&reject, true), &["reject", "held exactly"]);
    refused(some(&RecallOptions { reject: Some(1.5), ..reject.clone() }, false), &["reject", "share", "1.5"]);
    // Thresholded memories have no score. It is left out if optional and refused if needed.
    let raw = array![[0.0, 0.5, 1.0, 0.2], [1.0, 0.1, 0.3, 0.9]];
    let patterns = Patterns::prepared(raw, Prepare::Normalize, true).expect("patterns");
    let spins = Spec::new("hopfield").build(patterns).expect("a memory");
    assert!(possible.calibration(spins.as_ref(), false).expect("no refusal").is_none());
    refused(reject.calibration(spins.as_ref(), false), &["match score", "threshold"]);
}

#[test]
fn a_memory_without_patterns_has_no_match_score() {
    let denoiser = attractor::memories::Function::new(2, |states: ndarray::ArrayView2<f64>, _: &[f64]| {
        Ok(states.to_owned())
    });
    let memory =
        attractor::memories::Denoiser::new(Box::new(denoiser), Default::default()).expect("a memory");
    let asked = RecallOptions { level: Level::Sigma(0.5), score: Score::Yes, ..RecallOptions::default() };
    refused(asked.calibration::<f64>(&memory, false), &["match", "has patterns"]);
    let possible = RecallOptions { score: Score::IfPossible, ..asked };
    assert!(possible.calibration::<f64>(&memory, false).expect("no refusal").is_none());
}

#[test]
fn fields_say_what_a_row_says() {
    let cues = array![[0.9, 0.8, -1.2, -0.7]];
    let recall = memory("diffusion").recall(&Request::new(cues.view())).expect("a recall");
    let row = &recall.rows[0];
    for field in Row::FIELDS {
        let value = (field.get)(row);
        let fits = match field.kind {
            Kind::Whole => value.whole().is_some() || value == Value::None,
            Kind::Number => value.number().is_some() || value == Value::None,
            Kind::Text => matches!(value, Value::Text(_) | Value::None),
            Kind::List => matches!(value, Value::List(_) | Value::None),
            Kind::Weights => matches!(value, Value::Weights(_) | Value::None),
            Kind::Counts | Kind::Numbers => false,
        };
        assert!(fits && !field.doc.is_empty(), "{}: {value:?}", field.name);
    }
    let mut object = serde_json::Map::new();
    insert_fields(&mut object, Row::FIELDS, row);
    assert_eq!(object["memory"], 0);
    assert_eq!(object["posterior"][0][0], 0);
    assert!(object["regime"].is_null() && object["beta"].is_null());
    assert_eq!(object.keys().next_back().map(String::as_str), Row::FIELDS.last().map(|field| field.name));
}

#[test]
fn endings_have_their_names() {
    let cues = array![[0.9, 0.8, -1.2, -0.7]];
    let mut row = memory("modern").recall(&Request::new(cues.view())).expect("a recall").rows.remove(0);
    let mut ends = |outcome, steps, refused| {
        (row.outcome, row.steps, row.refused) = (outcome, steps, refused);
        (row.ending(), row.ending().name(), row.ending_step())
    };
    let step = 4;
    assert_eq!(ends(Outcome::Settled { step }, 5, false), (Ending::Settled, "settled", Some(4)));
    assert_eq!(ends(Outcome::StillMoving, 5, false), (Ending::StillMoving, "still moving", None));
    assert_eq!(ends(Outcome::StillMoving, 1, false), (Ending::OneUpdate, "one update", None));
    assert_eq!(ends(Outcome::TwoCycle { step }, 5, false), (Ending::TwoCycle, "2-cycle", Some(4)));
    assert_eq!(ends(Outcome::Stopped { step }, 1, false), (Ending::Stopped, "stopped", Some(4)));
    assert_eq!(ends(Outcome::Diverged { step }, 5, false), (Ending::Diverged, "diverged", Some(4)));
    let undefined = Outcome::Undefined { step, reason: "so" };
    assert_eq!(ends(undefined, 5, false), (Ending::Undefined, "undefined", Some(4)));
    assert_eq!(ends(Outcome::Settled { step }, 5, true), (Ending::Refused, "refused", None));
}

/// The table of the reference lists all fields of the output of `--json`.
#[test]
fn the_reference_lists_every_field_of_a_row() {
    let page = include_str!("../../../docs/reference/output.md");
    let table = page.split("| field | meaning |").nth(1).expect("a table of fields");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let first = |row: &'static str| row.split('|').nth(1).unwrap_or_default();
    let named: BTreeSet<&str> = rows.flat_map(|row| first(row).split('`').skip(1).step_by(2)).collect();
    let besides = ["row", "cue", "state", "right", "values", "label"];
    let expected: BTreeSet<&str> = Row::FIELDS.iter().map(|field| field.name).chain(besides).collect();
    assert_eq!(named, expected);
}
