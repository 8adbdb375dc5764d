//! What lies in the plane: points, curves and Gaussians.

use std::fmt::Write;

use attractor::diffusion::Sampling;
use attractor::energies::shapes::Subspace;
use attractor::energies::{Component, Kind, Mixture};
use attractor::memories::mixture;
use attractor::{Error, Memory, Patterns, Real, Result, Spec};
use ndarray::{Array2, array};

/// A Gaussian in the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// Its mean.
    pub mean: [f64; 2],
    /// Its standard deviations along and across its direction, > 0.
    pub deviations: [f64; 2],
    /// Its direction, as an angle in radians.
    pub angle: f64,
}

impl Gaussian {
    /// Its two directions, at right angles.
    fn directions(&self) -> [[f64; 2]; 2] {
        let (sin, cos) = self.angle.sin_cos();
        [[cos, sin], [-sin, cos]]
    }
}

/// The memories of a plane. They are numbered in this order: points, curves, Gaussians.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contents {
    /// Single patterns.
    pub points: Vec<[f64; 2]>,
    /// Lines through these corners. Each line is one memory.
    pub curves: Vec<Vec<[f64; 2]>>,
    /// Gaussians.
    pub gaussians: Vec<Gaussian>,
}

impl Contents {
    /// The number of points that a curve is read as.
    pub const CURVE_POINTS: usize = 160;

    /// Contents from flat arrays: points `x, y`; the corners of all curves one after the other, with the number of
    /// corners of each; and Gaussians as `x, y, deviation, deviation, angle`.
    ///
    /// # Errors
    /// Lengths that do not fit, numbers that are not finite, deviations that are not positive.
    pub fn from_flat(points: &[f64], curves: &[f64], corners: &[u32], gaussians: &[f64]) -> Result<Self> {
        let curves_points = pairs("curves", curves)?;
        let needed: usize = corners.iter().map(|count| *count as usize).sum();
        if needed != curves_points.len() || corners.contains(&0) {
            return Err(Error::parameter(
                "corners",
                format!("positive counts that add up to {}", curves_points.len()),
                format!("{corners:?}"),
            ));
        }
        if !gaussians.len().is_multiple_of(5) || gaussians.iter().any(|value| !value.is_finite()) {
            let expected = "five finite numbers for each: mean, deviations and angle";
            return Err(Error::parameter("gaussians", expected, gaussians.len()));
        }
        let mut rest = &curves_points[..];
        let mut each = Vec::new();
        for count in corners {
            let (own, others) = rest.split_at(*count as usize);
            each.push(own.to_vec());
            rest = others;
        }
        let gaussian = |g: &[f64]| Gaussian { mean: [g[0], g[1]], deviations: [g[2], g[3]], angle: g[4] };
        let gaussians = gaussians.chunks_exact(5).map(gaussian).collect();
        Ok(Contents { points: pairs("points", points)?, curves: each, gaussians })
    }

    /// The number of memories.
    pub fn len(&self) -> usize {
        self.points.len() + self.curves.len() + self.gaussians.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether all memories are points.
    pub fn are_points(&self) -> bool {
        self.curves.is_empty() && self.gaussians.is_empty()
    }

    /// Places between which all contents lie, with two standard deviations about each Gaussian.
    pub(crate) fn places(&self) -> Vec<[f64; 2]> {
        let about = |gaussian: &Gaussian| {
            let reach = 2.0 * gaussian.deviations[0].max(gaussian.deviations[1]);
            [-reach, reach].map(|by| gaussian.mean.map(|unit| unit + by))
        };
        let mut places = self.points.clone();
        places.extend(self.curves.iter().flatten());
        places.extend(self.gaussians.iter().flat_map(about));
        places
    }

    /// The same about another middle, in units of this extent.
    pub(crate) fn moved(&self, middle: [f64; 2], extent: f64) -> Contents {
        let place = |at: &[f64; 2]| [(at[0] - middle[0]) / extent, (at[1] - middle[1]) / extent];
        let gaussian = |gaussian: &Gaussian| Gaussian {
            mean: place(&gaussian.mean),
            deviations: gaussian.deviations.map(|deviation| deviation / extent),
            angle: gaussian.angle,
        };
        Contents {
            points: self.points.iter().map(place).collect(),
            curves: self.curves.iter().map(|curve| curve.iter().map(place).collect()).collect(),
            gaussians: self.gaussians.iter().map(gaussian).collect(),
        }
    }

    /// The points as patterns.
    ///
    /// # Errors
    /// No points.
    pub fn patterns<F: Real>(&self) -> Result<Patterns<F>> {
        Patterns::new(rows(&self.points))
    }

    /// The memories as components of a mixture, of equal weight.
    ///
    /// # Errors
    /// Deviations that are not positive.
    pub fn components<F: Real>(&self) -> Result<Vec<Component<F>>> {
        let of = |kind| Component { kind, weight: 1.0, label: None };
        let point = |point: &[f64; 2]| of(Kind::Point(point.map(F::from_f64).to_vec()));
        let mut all: Vec<_> = self.points.iter().map(point).collect();
        for curve in &self.curves {
            all.push(of(Kind::Cloud(Patterns::new(rows(&along(curve)))?)));
        }
        for gaussian in &self.gaussians {
            let [u, v] = gaussian.directions();
            let shape = Subspace::new(gaussian.mean.to_vec(), array![u, v], gaussian.deviations.to_vec())?;
            all.push(of(Kind::Shape(Box::new(shape))));
        }
        Ok(all)
    }

    /// The contents as a description in TOML, which the command line reads as a memory.
    pub fn description(&self) -> String {
        let mut text = String::from("dim = 2\n");
        let mut add = |kind: &str, fields: &[(&str, String)]| {
            write!(text, "\n[[memory]]\nkind = \"{kind}\"\n").expect("a text grows");
            for (name, value) in fields {
                writeln!(text, "{name} = {value}").expect("a text grows");
            }
        };
        if !self.points.is_empty() {
            add("points", &[("at", format!("{:?}", self.points))]);
        }
        for curve in &self.curves {
            add("cloud", &[("at", format!("{:?}", along(curve)))]);
        }
        for gaussian in &self.gaussians {
            add(
                "gaussian",
                &[
                    ("mean", format!("{:?}", gaussian.mean)),
                    ("directions", format!("{:?}", gaussian.directions())),
                    ("deviations", format!("{:?}", gaussian.deviations)),
                ],
            );
        }
        text
    }
}

/// Pairs of a flat array.
fn pairs(what: &str, flat: &[f64]) -> Result<Vec<[f64; 2]>> {
    if !flat.len().is_multiple_of(2) || flat.iter().any(|value| !value.is_finite()) {
        return Err(Error::parameter(what, "pairs of finite numbers", format!("{} numbers", flat.len())));
    }
    Ok(flat.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
}

/// States as rows.
fn rows<F: Real>(points: &[[f64; 2]]) -> Array2<F> {
    Array2::from_shape_fn((points.len(), 2), |(n, j)| F::from_f64(points[n][j]))
}

/// Points along a line through these corners, at equal distances.
fn along(corners: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut lengths = vec![0.0];
    for pair in corners.windows(2) {
        let length = (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        lengths.push(lengths[lengths.len() - 1] + length);
    }
    let whole = lengths[lengths.len() - 1];
    if whole == 0.0 {
        return vec![corners[0]];
    }
    let last = Contents::CURVE_POINTS - 1;
    let mut piece = 0;
    (0..=last)
        .map(|k| {
            let at = whole * k as f64 / last as f64;
            while piece + 2 < lengths.len() && lengths[piece + 1] < at {
                piece += 1;
            }
            let length = lengths[piece + 1] - lengths[piece];
            let share = if length > 0.0 { ((at - lengths[piece]) / length).clamp(0.0, 1.0) } else { 0.0 };
            let (a, b) = (corners[piece], corners[piece + 1]);
            [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
        })
        .collect()
}

/// The memory of these contents.
pub(crate) fn built<F: Real>(contents: &Contents) -> Result<Box<dyn Memory<F>>> {
    if contents.are_points() && !contents.is_empty() {
        Spec::new("diffusion").build(contents.patterns()?)
    } else {
        mixture(Mixture::new(contents.components()?)?, Sampling::default())
    }
}
