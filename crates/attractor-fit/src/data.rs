//! The rows to fit: checked, and in units of their own spread about their mean.

use std::collections::HashSet;

use attractor::noise::{Purpose, Stream};
use attractor::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Rows z = (y − mean)/spread.
#[derive(Clone, Debug)]
pub struct Data {
    pub rows: Array2<f64>,
    pub mean: Array1<f64>,
    /// The root mean square deviation of a unit from its mean.
    pub spread: f64,
}

impl Data {
    /// Checks rows and brings them to mean 0 and spread 1.
    pub fn new(rows: ArrayView2<f64>) -> Result<Self> {
        if rows.is_empty() {
            let cure = "give rows of at least one unit".into();
            return Err(Error::Empty { what: "rows to fit".into(), cure });
        }
        if let Some(((row, unit), x)) = rows.indexed_iter().find(|(_, x)| !x.is_finite()) {
            let cure = "remove or repair the row".into();
            return Err(Error::NotFinite {
                what: "rows to fit".into(),
                found: x.to_string(),
                row,
                unit,
                cure,
            });
        }
        let mean = rows.mean_axis(Axis(0)).expect("it has rows");
        let mut centred = (&rows - &mean).as_standard_layout().into_owned();
        let spread = (centred.iter().map(|x| x * x).sum::<f64>() / centred.len() as f64).sqrt();
        let length = mean.iter().fold(0.0f64, |most, m| most.max(m.abs()));
        if !spread.is_finite() {
            return Err(Error::parameter("rows to fit", "numbers whose squares are finite", "larger ones"));
        }
        if spread <= 1e-14 * length || spread < 1e-150 {
            let found = format!("{} equal ones", rows.nrows());
            return Err(Error::parameter("rows to fit", "rows that differ from each other", found));
        }
        centred.mapv_inplace(|x| x / spread);
        Ok(Data { rows: centred, mean, spread })
    }

    /// Refuses more components than there are distinct rows.
    pub fn check_components(&self, components: usize) -> Result<()> {
        let count = self.rows.nrows();
        if components > count {
            let expected = format!("at most {count}, one for each row");
            return Err(Error::parameter("components", expected, components));
        }
        let distinct = self.distinct(components);
        if components > distinct {
            let expected = format!("at most {distinct}, as many as there are distinct rows");
            return Err(Error::parameter("components", expected, components));
        }
        Ok(())
    }

    /// The number of distinct rows, counted up to `enough`.
    pub fn distinct(&self, enough: usize) -> usize {
        let mut seen: HashSet<Vec<u64>> = HashSet::new();
        for row in self.rows.outer_iter() {
            // −0 and 0 are one number.
            seen.insert(row.iter().map(|x| (x + 0.0).to_bits()).collect());
            if seen.len() >= enough {
                break;
            }
        }
        seen.len()
    }

    /// Divides the rows by chance into those to fit and those held out: `share` of them, at least one.
    pub fn divided(&self, share: f64, seed: u64) -> Result<(Data, Data)> {
        let count = self.rows.nrows();
        let mut order: Vec<usize> = (0..count).collect();
        Stream::new(seed, Purpose::HeldOut, 0).shuffle(&mut order);
        let out = ((share * count as f64).round() as usize).max(1);
        if out >= count {
            let expected = format!("a share that leaves one of the {count} rows to fit");
            return Err(Error::parameter("held-out", expected, share));
        }
        order[..out].sort_unstable();
        order[out..].sort_unstable();
        let part = |rows: &[usize]| Data { rows: self.rows.select(Axis(0), rows), ..self.clone() };
        Ok((part(&order[out..]), part(&order[..out])))
    }
}
