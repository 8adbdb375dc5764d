//! The explorer: a page in which one knob turns a memory from Hopfield to diffusion.
//!
//! The page is built from `explorer/` and `attractor-explorer`, and lies beside this crate as one file, so that no program needs
//! Node to be built. A memory goes into it as JSON.

use std::path::Path;

use attractor::message::{Argument, Message};
use attractor::{energies, message};
use attractor_data::{Description, Kind, ReadOptions, Shape};
use ndarray::{Array2, ArrayView1};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::setup::Setup;
use crate::source::Source;

/// The page, with an empty place for a memory.
const PAGE: &str = include_str!("../assets/explorer.html");
/// The empty place.
const PLACE: &str = r#"<script type="application/json" id="memory">null</script>"#;

/// A memory for the explorer.
#[derive(Clone, Debug, PartialEq)]
pub struct Explored {
    /// What it is called in the list of memories.
    pub name: String,
    /// The labels of the memories, in their order, or none.
    pub labels: Vec<String>,
    /// The memories.
    pub content: Content,
}

/// What the explorer can hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Memories of two units. They are numbered in this order.
    Plane {
        /// Single patterns.
        points: Vec<[f64; 2]>,
        /// Clouds, as lines through their points.
        curves: Vec<Vec<[f64; 2]>>,
        /// Gaussians: mean, deviations, and the angle of the first direction.
        gaussians: Vec<([f64; 2], [f64; 2], f64)>,
    },
    /// Grey images.
    Images {
        /// Rows of pixels, and columns.
        size: [usize; 2],
        /// Whether they are grey levels, which the page prepares as memories prepare bytes, and not ±1.
        raw: bool,
        /// The images, each row by row.
        rows: Vec<Vec<f32>>,
    },
}

impl Explored {
    /// The largest number of memories, with which the page can be moved at once.
    pub const MOST: usize = 2000;
    /// The largest height and width of images, and the largest number of pixels of all images.
    pub const IMAGE: usize = 32;
    /// The largest number of pixels of all images.
    pub const PIXELS: usize = 200_000;

    /// Reads a memory: patterns of any kind, a stored memory, or a description.
    ///
    /// # Errors
    /// The file cannot be read; its patterns have neither two units nor the form of small grey images; there are too many; shapes
    /// or weights that the page cannot hold.
    pub fn open(path: &Path, reading: &ReadOptions, setup: &Setup) -> Result<Self> {
        match Source::open(path, reading, setup)? {
            Source::Described { description, .. } => Self::described(path, *description),
            Source::Rows(rows) => {
                let head = rows.head().clone();
                check(path, head.shape, head.columns, head.rows)?;
                let labels = head.labels.unwrap_or_default();
                let patterns = rows.all()?.floats::<f64>();
                Self::of_patterns(path, &patterns, labels, head.shape)
            }
            stored @ Source::Stored { .. } => {
                let made = stored.build_as::<f64>(setup)?;
                let Some(patterns) = made.memory.patterns() else {
                    let found = format!("a memory of {}, which has none", made.memory.name());
                    return Err(refused(path, "a memory of patterns", found, "give the patterns themselves"));
                };
                check(path, made.about.shape, patterns.dim(), patterns.len())?;
                check_weights(path, patterns.log_weights().is_some())?;
                let labels =
                    (0..patterns.len()).map_while(|n| patterns.label(n).map(str::to_owned)).collect();
                Self::of_patterns(path, &patterns.restored(), labels, made.about.shape)
            }
        }
    }

    /// A memory of these patterns (N × D). `path` is where they come from, and names them.
    ///
    /// # Errors
    /// Patterns that have neither two units nor the form of small grey images, or that are not finite; none, or too many.
    pub fn of_patterns(
        path: &Path,
        patterns: &Array2<f64>,
        labels: Vec<String>,
        shape: Option<Shape>,
    ) -> Result<Self> {
        check(path, shape, patterns.ncols(), patterns.nrows())?;
        if patterns.iter().any(|value| !value.is_finite()) {
            return Err(refused(path, "finite numbers", "NaN or infinity", "give other rows"));
        }
        let content = match shape.filter(|_| patterns.ncols() != 2) {
            None => {
                let points = patterns.outer_iter().map(|row| [row[0], row[1]]).collect();
                Content::Plane { points, curves: Vec::new(), gaussians: Vec::new() }
            }
            Some(shape) => {
                let row = |row: ArrayView1<f64>| row.iter().map(|value| *value as f32).collect();
                let rows = patterns.outer_iter().map(row).collect();
                let raw = patterns.iter().any(|value| value.abs() != 1.0);
                Content::Images { size: [shape.height, shape.width], raw, rows }
            }
        };
        Ok(Explored { name: name(path), labels, content })
    }

    fn described(path: &Path, description: Description) -> Result<Self> {
        check(path, None, description.dim, description.memories.len())?;
        let weights: Vec<f64> = description.memories.iter().map(|memory| memory.weight).collect();
        check_weights(path, weights.iter().any(|weight| *weight != weights[0]))?;
        let (mut points, mut curves, mut gaussians) = (Vec::new(), Vec::new(), Vec::new());
        let mut labels = [const { Vec::new() }; 3];
        for (n, memory) in description.memories.into_iter().enumerate() {
            let label = memory.label.unwrap_or_else(|| format!("memory {}", n + 1));
            let place = match memory.kind {
                Kind::Point(at) => {
                    points.push([at[0], at[1]]);
                    0
                }
                Kind::Cloud { points, weights } => {
                    check_weights(path, weights.is_some())?;
                    curves.push(points.outer_iter().map(|row| [row[0], row[1]]).collect());
                    1
                }
                Kind::Shape(shape) => {
                    gaussians.push(gaussian(shape.as_ref()).ok_or_else(|| {
                        let expected = "points, clouds and Gaussians of two directions";
                        let cure = "describe it as a cloud of points";
                        refused(path, expected, format!("another shape ({label})"), cure)
                    })?);
                    2
                }
            };
            labels[place].push(label);
        }
        let content = Content::Plane { points, curves, gaussians };
        Ok(Explored { name: name(path), labels: labels.concat(), content })
    }

    fn json(&self) -> Value {
        let mut all = match &self.content {
            Content::Plane { points, curves, gaussians } => {
                let gaussian = |(mean, deviations, angle): &([f64; 2], [f64; 2], f64)| json!({ "mean": mean, "deviations": deviations, "angle": angle });
                let gaussians: Vec<Value> = gaussians.iter().map(gaussian).collect();
                json!({ "points": points, "curves": curves, "gaussians": gaussians })
            }
            Content::Images { size, raw, rows } => {
                // Each number as the shortest text of its single precision.
                let short = |value: &f32| value.to_string().parse::<f64>().expect("a number");
                let rows: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(short).collect()).collect();
                json!({ "size": size, "raw": raw, "rows": rows })
            }
        };
        all["name"] = json!(self.name);
        all["labels"] = json!(self.labels);
        all
    }
}

/// A shape as a Gaussian of two directions: mean, deviations, and the angle of the first direction.
fn gaussian(shape: &dyn energies::shapes::Shape) -> Option<([f64; 2], [f64; 2], f64)> {
    let own = shape.gaussian().filter(|own| own.deviations().len() == 2 && own.thickness() == 0.0)?;
    let (mean, direction, deviations) = (own.origin(), own.directions(), own.deviations());
    let angle = direction[[0, 1]].atan2(direction[[0, 0]]);
    Some(([mean[0], mean[1]], [deviations[0], deviations[1]], angle))
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| "memory".into(), |name| name.to_string_lossy().into_owned())
}

/// The explorer as one HTML page, which asks for nothing from elsewhere; with a memory, or with examples alone.
pub fn explorer_page(memory: Option<&Explored>) -> String {
    let Some(memory) = memory else { return PAGE.to_owned() };
    // Inside a script element no text is markup, except for what ends it.
    let data = memory.json().to_string().replace('<', "\\u003c");
    PAGE.replacen(PLACE, &PLACE.replace("null", &data), 1)
}

/// Returns an error if the page cannot hold so many patterns of these units.
fn check(path: &Path, shape: Option<Shape>, units: usize, memories: usize) -> Result<()> {
    let side = Explored::IMAGE;
    let small = |shape: &Shape| shape.channels == 1 && shape.height <= side && shape.width <= side;
    if units != 2 && shape.is_none_or(|shape| !small(&shape)) {
        let expected = format!("patterns of 2 units, or grey images of at most {side} x {side} pixels");
        let found = shape
            .map_or_else(|| format!("{units} units without a shape"), |shape| format!("images of {shape}"));
        let cure = message![
            "say the shape of images with ",
            Argument::Shape,
            ", make pictures smaller with ",
            Argument::Resize,
            " and ",
            Argument::Grey,
            ", or store two numbers for each pattern, such as the first two principal components"
        ];
        return Err(refused(path, &expected, found, cure));
    }
    let most = if units == 2 { Explored::MOST } else { Explored::MOST.min(Explored::PIXELS / units) };
    if !(1..=most).contains(&memories) {
        let expected = format!("1 to {most} memories");
        return Err(refused(path, &expected, format!("{memories}"), "choose some of them"));
    }
    Ok(())
}

/// Returns an error if memories have weights.
fn check_weights(path: &Path, weighted: bool) -> Result<()> {
    if weighted {
        let cure = "leave the weights away, or store a pattern more often";
        return Err(refused(path, "memories of equal weight", "weights", cure));
    }
    Ok(())
}

fn refused(path: &Path, expected: &str, found: impl Into<String>, cure: impl Into<Message>) -> Error {
    attractor_data::Error::Content {
        path: path.to_owned(),
        expected: expected.to_owned().into(),
        found: found.into().into(),
        cure: cure.into(),
    }
    .into()
}
