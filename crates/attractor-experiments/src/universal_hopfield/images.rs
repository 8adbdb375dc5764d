//! The images of an experiment, and how they are divided among runs.

use attractor::message;
use attractor::message::Argument;
use attractor::options::{CountRange, Fallback, Kind, NumberRange, Parameter};
use attractor_data::{Shape, Table, digits};
use attractor_report::{Data, Declaration, Error, Experiment, Given, Input, Result};
use ndarray::{Array2, s};
use serde_json::{Value, json};

/// Images with values in [0, 1], in the order in which the runs use them.
#[derive(Clone, Debug)]
pub struct Images {
    name: String,
    table: Table,
    /// The factor that brings values of the table into [0, 1].
    scale: f64,
    shape: Option<Shape>,
    /// The options that name the images on the command line.
    arguments: String,
}

impl Images {
    /// The digits that come with the program: 1,797 images of 8 × 8, in the order of the file.
    pub fn digits() -> Self {
        /// The largest grey level of the digits.
        const LEVELS: f64 = 16.0;
        let shape = Some(Shape::grey(8, 8));
        Images {
            name: "the digits that come with the program".into(),
            table: Table::from_bytes(digits().images).with_shape(shape),
            scale: 255.0 / LEVELS,
            shape,
            arguments: String::new(),
        }
    }

    /// Images from a file: bytes and bools as they are, floats in [0, 1]. `order` lists the rows in the order
    /// in which they are used. `arguments` are the options that name the images on the command line.
    ///
    /// # Errors
    /// No images; an order with an unknown row, or with a row twice.
    pub fn new(
        name: impl Into<String>,
        table: Table,
        order: Option<&[usize]>,
        arguments: String,
    ) -> Result<Self> {
        let table = match order {
            Some(order) => {
                let mut seen = vec![false; table.rows()];
                for &row in order {
                    match seen.get_mut(row) {
                        Some(seen) if !*seen => *seen = true,
                        Some(_) => {
                            let expected = "each row number once at most";
                            return Err(Error::setting("order", expected, format!("{row} twice")));
                        }
                        None => {
                            let expected = format!("row numbers below {}", table.rows());
                            return Err(Error::setting("order", expected, row));
                        }
                    }
                }
                table.select(order)
            }
            None => table,
        };
        let shape = table.shape().or_else(|| Shape::square(table.columns()));
        Ok(Images { name: name.into(), table, scale: 1.0, shape, arguments })
    }

    /// The number of values of an image, D.
    pub fn dim(&self) -> usize {
        self.table.columns()
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.table.rows()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The images in a few words.
    pub(super) fn describe(&self) -> String {
        let size = self.shape.map_or(format!("{} values", self.dim()), |s| s.to_string());
        format!("{} ({} images of {size})", self.name, self.len())
    }

    /// The shape of an image.
    ///
    /// # Errors
    /// Rows that do not form a square image and have no shape.
    pub(super) fn shape(&self) -> Result<Shape> {
        self.shape.ok_or_else(|| {
            let found = format!("{} values, which is not a square number", self.dim());
            let expected = "images, for rows of pixels to be removed";
            Error::mended("shape", expected, found, message!["give ", Argument::Shape])
        })
    }

    /// The images `run·n` to `(run + 1)·n`, as values in [0, 1].
    pub(super) fn slice(&self, run: usize, n: usize) -> Result<Array2<f64>> {
        let images = self.table.to_floats::<f64>(run * n..(run + 1) * n) * self.scale;
        match images.iter().position(|v| !(0.0..=1.0).contains(v)) {
            None => Ok(images),
            Some(at) => {
                let (row, value) = (run * n + at / self.dim(), images.as_slice().map_or(f64::NAN, |v| v[at]));
                let found = format!("{value} in row {row}; give bytes, or divide by the largest value");
                Err(Error::setting("data", "grey values in [0, 1]", found))
            }
        }
    }
}

/// Declares an experiment on images.
pub(super) const fn declared(
    name: &'static str,
    title: &'static str,
    examples: &'static [&'static str],
    build: fn(Given) -> Result<Box<dyn Experiment>>,
) -> Declaration {
    Declaration { name, title, examples, settings: SETTINGS, inputs: &[Input::Data], build }
}

/// The settings of experiments on images.
const SETTINGS: &[Parameter] = &[
    Parameter {
        name: "images",
        kind: Kind::Count(CountRange::between(2, 1_000_000)),
        default: Fallback::Rule("the paper's, or as many as there are"),
        help: "How many images the largest memory stores",
    },
    Parameter {
        name: "runs",
        kind: Kind::Count(CountRange::between(1, 1_000_000)),
        default: Fallback::Rule("5, or fewer if the memory is large"),
        help: "How many times to measure, each with other images",
    },
    Parameter {
        name: "threshold",
        kind: Kind::Number(NumberRange::at_least(0.0)),
        default: Fallback::Rule("60, or less for images of fewer than 784 values"),
        help: "Largest squared error of an output that counts as right, in paper mode",
    },
];

/// The settings that all experiments share. `None` is the paper's value, or the most that the images allow.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The images.
    pub images: Images,
    /// The number of runs, each with other images. The paper's code has 5.
    pub runs: Option<usize>,
    /// The size of the largest store.
    pub largest: Option<usize>,
    /// In paper mode an output counts as the target up to this squared error. The paper's code has 60.
    pub threshold: Option<f64>,
    /// Seed of all noise.
    pub seed: u64,
}

impl Setup {
    /// The paper's settings on these images.
    pub fn new(images: Images) -> Self {
        Setup { images, runs: None, largest: None, threshold: None, seed: 0 }
    }

    /// The settings of an experiment on images, from what it was given.
    ///
    /// # Errors
    /// An order with an unknown row, or with a row twice.
    pub(super) fn given(given: Given) -> Result<Self> {
        let images = match given.data {
            Some(Data { name, table, order, arguments }) => {
                Images::new(name, table, order.as_deref(), arguments)?
            }
            None => Images::digits(),
        };
        let settings = &given.settings;
        Ok(Setup {
            images,
            runs: settings.count("runs"),
            largest: settings.count("images"),
            threshold: settings.number("threshold"),
            seed: given.seed,
        })
    }

    /// The runs and stores for which there are enough images.
    ///
    /// # Errors
    /// Too few images for the settings; a number outside its range.
    pub(super) fn plan(&self, sizes: &[usize]) -> Result<Plan> {
        const RUNS: usize = 5;
        let rows = self.images.len();
        if let Some(t) = self.threshold.filter(|t| !(t.is_finite() && *t >= 0.0)) {
            return Err(Error::setting("threshold", "a squared error, at least 0", t));
        }
        let (least, most) = (sizes.iter().min().copied().unwrap_or(2), sizes.iter().max().copied());
        let most = most.unwrap_or(2);
        let wanted = self.largest.unwrap_or(most);
        if wanted < 2 || self.runs == Some(0) {
            let found = format!("{} runs of {wanted}", self.runs.unwrap_or(RUNS));
            return Err(Error::setting("images", "at least 1 run of 2 images", found));
        }
        let runs = match self.runs {
            Some(runs) => runs,
            // Large stores were asked for, so there are fewer runs.
            None if self.largest.is_some() => RUNS.min(rows / wanted).max(1),
            None => RUNS,
        };
        let n = if self.largest.is_some() || runs * wanted <= rows { wanted } else { rows / runs };
        let mut fitting: Vec<usize> = sizes.iter().copied().filter(|&size| size <= n).collect();
        if fitting.is_empty() || self.largest.is_some() && !fitting.contains(&n) {
            fitting.push(n);
        }
        let n = fitting.iter().copied().max().unwrap_or(n);
        if runs.saturating_mul(n) > rows || n < least.min(2) || n < 2 {
            let s = if runs == 1 { "" } else { "s" };
            let expected = format!("{runs} run{s} of {} different images", n.max(2));
            let cure = message![
                "lower ",
                Argument::option("images"),
                " or ",
                Argument::option("runs"),
                ", or give more with ",
                Argument::option("data")
            ];
            return Err(Error::mended("data", expected, format!("{rows} images"), cure));
        }
        // An image with fewer values than MNIST's could be entirely wrong within a squared error of 60.
        let pixels = self.images.dim() as f64;
        let threshold = self.threshold.unwrap_or(THRESHOLD * (pixels / MNIST).min(1.0));
        let mut cuts = Vec::new();
        if self.largest.is_none() && n < most {
            cuts.push(format!(
                "The paper's largest store has {most} images; {rows} are enough for {runs} runs of {n}."
            ));
        }
        if self.runs.is_none() && runs < RUNS {
            cuts.push(format!("Runs are {runs} and not {RUNS}, for which there are too few images."));
        }
        if self.threshold.is_none() && pixels < MNIST {
            cuts.push(format!(
                "T is 60·D/784 = {threshold:.2}, since 60 would let nearly every image of {pixels} values pass."
            ));
        }
        Ok(Plan { runs, n, sizes: fitting, threshold, cuts })
    }

    /// The command that runs it again.
    pub(super) fn command(&self, experiment: &str) -> String {
        let given = |name: &str, value: Option<String>| {
            value.map_or(String::new(), |value| format!(" --{name} {value}"))
        };
        format!(
            "attractor reproduce {experiment}{}{}{}{} --seed {} --out DIR",
            self.images.arguments,
            given("images", self.largest.map(|n| n.to_string())),
            given("runs", self.runs.map(|n| n.to_string())),
            given("threshold", self.threshold.map(|t| t.to_string())),
            self.seed
        )
    }

    /// The settings, for the report.
    pub(super) fn settings(&self, plan: &Plan) -> Value {
        json!({
            "data": self.images.describe(), "dim": self.images.dim(), "runs": plan.runs, "images": plan.n,
            "sizes": plan.sizes, "threshold": plan.threshold, "mean squared error": MEAN_SQUARED_ERROR,
            "seed": self.seed,
        })
    }
}

/// T of the published code, and the number of pixels for which it was chosen.
pub(super) const THRESHOLD: f64 = 60.0;
const MNIST: f64 = 784.0;

/// In corrected mode an output counts as the target up to this squared error for each pixel: root mean square
/// 0.1.
pub(super) const MEAN_SQUARED_ERROR: f64 = 0.01;

/// The runs and stores of one experiment.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Number of runs.
    pub runs: usize,
    /// Images in a run.
    pub n: usize,
    /// Sizes of the stores. A store holds the first images of a run.
    pub sizes: Vec<usize>,
    /// T.
    pub threshold: f64,
    /// What was reduced because there are too few images, in sentences.
    pub cuts: Vec<String>,
}

/// The stored images of one run.
pub(super) struct Store {
    /// N × D.
    pub images: Array2<f64>,
    /// The number of the run.
    pub run: usize,
}

impl Store {
    /// The first `n` of them.
    pub fn first(&self, n: usize) -> Array2<f64> {
        self.images.slice(s![..n, ..]).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(rows: usize) -> Setup {
        let table = Table::from_bytes(Array2::from_elem((rows, 784), 100));
        Setup::new(Images::new("grey", table, None, String::new()).expect("images"))
    }

    #[test]
    fn stores_are_cut_to_what_there_is() {
        let sizes = [2, 50, 300, 1000];
        let plan = setup(5000).plan(&sizes).expect("enough");
        assert_eq!((plan.runs, plan.n, plan.sizes.len(), plan.cuts.len()), (5, 1000, 4, 0));
        let plan = setup(1797).plan(&sizes).expect("fewer");
        assert_eq!((plan.runs, plan.n, plan.cuts.len()), (5, 300, 1));
        let asked = Setup { largest: Some(700), ..setup(1797) };
        let plan = asked.plan(&sizes).expect("fewer runs");
        assert_eq!((plan.runs, plan.n, plan.sizes.clone()), (2, 700, vec![2, 50, 300, 700]));
        let refused = Setup { largest: Some(700), runs: Some(3), ..setup(1797) };
        assert!(refused.plan(&sizes).expect_err("too few").to_string().contains("1797 images"));
        assert!(setup(9).plan(&[50]).is_err());
    }

    #[test]
    fn an_order_names_rows_once() {
        let table = || Table::from_bytes(Array2::from_shape_fn((3, 4), |(r, _)| r as u8 * 51));
        let images = Images::new("three", table(), Some(&[2, 0]), String::new()).expect("an order");
        assert_eq!(images.slice(0, 2).expect("two").column(0).to_vec(), [0.4, 0.0]);
        assert!(Images::new("three", table(), Some(&[3]), String::new()).is_err());
        assert!(Images::new("three", table(), Some(&[1, 1]), String::new()).is_err());
    }
}
