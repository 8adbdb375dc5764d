//! The explorer: a page in which one knob turns a memory from Hopfield to diffusion.
//!
//! The page is built from `explorer/` and `attractor-explorer`, and lies beside this crate as one file, so that no program needs
//! Node to be built. A memory goes into it as JSON.

use std::path::Path;

use attractor_data::{Description, Kind, ReadOptions};
use ndarray::Array2;
use serde_json::{Value, json};

use crate::error::Result;
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
    /// The labels of the memories, points first, or none.
    pub labels: Vec<String>,
    /// Single patterns.
    pub points: Vec<[f64; 2]>,
    /// Clouds, as lines through their points.
    pub curves: Vec<Vec<[f64; 2]>>,
    /// Gaussians: mean, deviations, and the angle of the first direction.
    pub gaussians: Vec<([f64; 2], [f64; 2], f64)>,
}

impl Explored {
    /// The largest number of memories, with which the page can be moved at once.
    pub const MOST: usize = 2000;

    /// Reads a memory: patterns of any kind, a stored memory, or a description.
    ///
    /// # Errors
    /// The file cannot be read; the memory has not two units, more than [`MOST`](Self::MOST) memories, or shapes that the page
    /// cannot hold.
    pub fn open(path: &Path, reading: &ReadOptions, setup: &Setup) -> Result<Self> {
        let name = path.file_name().map_or_else(|| "memory".into(), |name| name.to_string_lossy());
        match Source::open(path, reading, setup)? {
            Source::Described { description, .. } => Self::described(path, name.into_owned(), *description),
            Source::Rows(rows) => {
                check(path, rows.head().columns, rows.head().rows)?;
                let labels = rows.head().labels.clone().unwrap_or_default();
                Self::of_points(path, name.into_owned(), &rows.all()?.floats::<f64>(), labels)
            }
            stored @ Source::Stored { .. } => {
                let made = stored.build_as::<f64>(setup)?;
                let Some(patterns) = made.memory.patterns() else {
                    let found = format!("a memory of {}, which has none", made.memory.name());
                    return Err(refused(path, "a memory of patterns", found, "give the patterns themselves"));
                };
                check(path, patterns.dim(), patterns.len())?;
                check_weights(path, patterns.log_weights().is_some())?;
                let labels =
                    (0..patterns.len()).map_while(|n| patterns.label(n).map(str::to_owned)).collect();
                Self::of_points(path, name.into_owned(), &patterns.restored(), labels)
            }
        }
    }

    /// A memory of these patterns (N × 2).
    ///
    /// # Errors
    /// Patterns that are not of two units, or not finite; none, or more than [`MOST`](Self::MOST).
    pub fn of_points(path: &Path, name: String, patterns: &Array2<f64>, labels: Vec<String>) -> Result<Self> {
        check(path, patterns.ncols(), patterns.nrows())?;
        if patterns.iter().any(|value| !value.is_finite()) {
            return Err(refused(path, "finite numbers", "NaN or infinity", "give other rows"));
        }
        let points = patterns.outer_iter().map(|row| [row[0], row[1]]).collect();
        Ok(Explored { name, labels, points, curves: Vec::new(), gaussians: Vec::new() })
    }

    fn described(path: &Path, name: String, description: Description) -> Result<Self> {
        check(path, description.dim, description.memories.len())?;
        let mut found = Explored {
            name,
            labels: Vec::new(),
            points: Vec::new(),
            curves: Vec::new(),
            gaussians: Vec::new(),
        };
        let weights: Vec<f64> = description.memories.iter().map(|memory| memory.weight).collect();
        check_weights(path, weights.iter().any(|weight| *weight != weights[0]))?;
        let (mut of_points, mut of_curves, mut of_gaussians) = (Vec::new(), Vec::new(), Vec::new());
        for (n, memory) in description.memories.into_iter().enumerate() {
            let label = memory.label.unwrap_or_else(|| format!("memory {}", n + 1));
            match memory.kind {
                Kind::Point(at) => {
                    found.points.push([at[0], at[1]]);
                    of_points.push(label);
                }
                Kind::Cloud { points, weights } => {
                    check_weights(path, weights.is_some())?;
                    found.curves.push(points.outer_iter().map(|row| [row[0], row[1]]).collect());
                    of_curves.push(label);
                }
                Kind::Shape(shape) => {
                    let Some(own) =
                        shape.gaussian().filter(|own| own.deviations().len() == 2 && own.thickness() == 0.0)
                    else {
                        let expected = "points, clouds and Gaussians of two directions";
                        let cure = "describe it as a cloud of points";
                        return Err(refused(path, expected, format!("another shape ({label})"), cure));
                    };
                    let (mean, direction, deviations) = (own.origin(), own.directions(), own.deviations());
                    let angle = direction[[0, 1]].atan2(direction[[0, 0]]);
                    found.gaussians.push(([mean[0], mean[1]], [deviations[0], deviations[1]], angle));
                    of_gaussians.push(label);
                }
            }
        }
        found.labels = [of_points, of_curves, of_gaussians].concat();
        Ok(found)
    }

    fn json(&self) -> Value {
        let gaussian = |(mean, deviations, angle): &([f64; 2], [f64; 2], f64)| json!({ "mean": mean, "deviations": deviations, "angle": angle });
        json!({
            "name": self.name,
            "labels": self.labels,
            "points": self.points,
            "curves": self.curves,
            "gaussians": self.gaussians.iter().map(gaussian).collect::<Vec<_>>(),
        })
    }
}

/// The explorer as one HTML page, which asks for nothing from elsewhere; with a memory, or with examples alone.
pub fn explorer_page(memory: Option<&Explored>) -> String {
    let Some(memory) = memory else { return PAGE.to_owned() };
    // Inside a script element no text is markup, except for what ends it.
    let data = memory.json().to_string().replace('<', "\\u003c");
    PAGE.replacen(PLACE, &PLACE.replace("null", &data), 1)
}

/// Returns an error if a memory does not fit into the plane.
fn check(path: &Path, units: usize, memories: usize) -> Result<()> {
    if units != 2 {
        let cure = "store two numbers for each pattern, such as the first two principal components";
        return Err(refused(path, "patterns of 2 units, for the plane", format!("{units}"), cure));
    }
    if !(1..=Explored::MOST).contains(&memories) {
        let expected = format!("1 to {} memories", Explored::MOST);
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

fn refused(path: &Path, expected: &str, found: impl Into<String>, cure: &str) -> crate::error::Error {
    attractor_data::Error::Content {
        path: path.to_owned(),
        expected: expected.to_owned().into(),
        found: found.into().into(),
        cure: cure.to_owned().into(),
    }
    .into()
}
