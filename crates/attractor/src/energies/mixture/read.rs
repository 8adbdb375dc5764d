//! Reads of a mixture: combines the triples (log-sum, mean, second moment) of its parts.

use ndarray::{Array2, ArrayView2, Zip};

use super::{Body, Mixture, Part, usable_level};
use crate::energies::points::{GumbelMax, beta};
use crate::energies::{Denoise, Energy, FullReader, Gradient, Reader};
use crate::error::Result;
use crate::kernels::Read;
use crate::noise::Stream;
use crate::real::Real;
use crate::threads;

/// A growing sum of triples, relative to its largest logit.
struct Sum {
    peak: f64,
    mass: f64,
    second: f64,
    mean: Vec<f64>,
}

impl Sum {
    fn add(&mut self, logit: f64, second: f64, mean: &[f64]) {
        if logit > self.peak {
            let shrink = (self.peak - logit).exp();
            self.peak = logit;
            self.mass *= shrink;
            self.second *= shrink;
            self.mean.iter_mut().for_each(|m| *m *= shrink);
        }
        let weight = (logit - self.peak).exp();
        if weight > 0.0 {
            self.mass += weight;
            self.second += weight * second;
            self.mean.iter_mut().zip(mean).for_each(|(sum, m)| *sum += weight * m);
        }
    }
}

impl<F: Real> Mixture<F> {
    /// Adds the triples of all shapes and families at one state to `sum`.
    fn read_shapes(&self, state: &[f64], sigma: f64, sum: &mut Sum) {
        let mut mean = vec![0.0; self.dim];
        for part in &self.parts {
            let reading = match &part.body {
                Body::Shape(shape) => shape.read(state, sigma, &mut mean),
                Body::Family(family) => family.read(state, sigma, &mut mean),
                Body::Patterns(_) | Body::Cloud(_) => continue,
            };
            sum.add(reading.log_sum + part.log_weight, reading.second, &mean);
        }
    }
}

impl<F: Real> Denoise<F> for Mixture<F> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        if let [Part { body: Body::Patterns(points), .. }] = &self.parts[..] {
            return points.read(states, sigmas);
        }
        let sigmas = self.check(states, sigmas)?;
        let mut all = Read::empty(states.nrows(), self.dim);
        for part in &self.parts {
            if let Body::Patterns(points) | Body::Cloud(points) = &part.body {
                let mut read = points.read(states, &sigmas)?;
                read.peak.iter_mut().for_each(|p| *p += part.log_weight);
                all.merge(&read);
            }
        }
        let shapes = threads::map(states.nrows(), self.work(states.nrows()), |row| {
            let state: Vec<f64> = states.row(row).iter().map(|z| z.to_f64()).collect();
            let mut sum = Sum { peak: f64::NEG_INFINITY, mass: 0.0, second: 0.0, mean: vec![0.0; self.dim] };
            self.read_shapes(&state, sigmas[row], &mut sum);
            sum
        });
        for (row, sum) in shapes.into_iter().enumerate().filter(|(_, sum)| sum.mass > 0.0) {
            let mean: Vec<F> = sum.mean.iter().map(|m| F::from_f64(m / sum.mass)).collect();
            all.merge_row(row, sum.peak, sum.mass, sum.second / sum.mass, &mean, 1.0);
        }
        Ok(all)
    }

    fn reader(&self, rows: usize) -> Box<dyn Reader<F> + '_> {
        match &self.parts[..] {
            [Part { body: Body::Patterns(points), .. }] => points.reader(rows),
            _ => Box::new(FullReader::new(self, rows)),
        }
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        if let [Part { body: Body::Patterns(points), .. }] = &self.parts[..] {
            return points.log_sum(states, sigmas);
        }
        let sigmas = self.check(states, sigmas)?;
        let sums = self.log_sums(states, &sigmas)?;
        let one = |row: usize| {
            let peak = sums.iter().map(|s| s[row]).fold(f64::NEG_INFINITY, f64::max);
            peak + sums.iter().map(|s| (s[row] - peak).exp()).sum::<f64>().ln()
        };
        Ok((0..states.nrows()).map(one).collect())
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let level = sigma.min(1e15);
        let beta = beta(level)?.min(F::LARGEST_BETA);
        let (mut draw, mut y) = (GumbelMax::default(), vec![0.0; self.dim]);
        for (p, part) in self.parts.iter().enumerate() {
            match &part.body {
                Body::Patterns(points) | Body::Cloud(points) => {
                    points.add_to_draw(z, beta, (p, part.log_weight), &mut draw, stream);
                }
                Body::Shape(shape) => {
                    let least = 1.0 / F::LARGEST_BETA.sqrt();
                    let prior = sigma.is_infinite();
                    let sum = if prior { 0.0 } else { shape.read(z, level.max(least), &mut y).log_sum };
                    draw.add((p, 0), part.log_weight + sum, stream);
                }
                Body::Family(family) => {
                    let sums: Vec<f64> = match sigma.is_infinite() {
                        true => family.weights().iter().map(|w| w.ln()).collect(),
                        false => family.log_sums(z, level.max(1.0 / F::LARGEST_BETA.sqrt())),
                    };
                    let each = sums.iter().enumerate();
                    each.for_each(|(n, sum)| draw.add((p, n), part.log_weight + sum, stream));
                }
            }
        }
        let (p, n) = draw.drawn();
        match &self.parts[p].body {
            Body::Patterns(points) | Body::Cloud(points) => {
                Ok(points.patterns().row(n).iter().map(|y| y.to_f64()).collect())
            }
            Body::Shape(shape) => {
                let least = 1.0 / F::LARGEST_BETA.sqrt();
                shape.draw(z, if sigma.is_infinite() { sigma } else { level.max(least) }, stream, &mut y)?;
                Ok(y)
            }
            Body::Family(family) => {
                let least = 1.0 / F::LARGEST_BETA.sqrt();
                let level = if sigma.is_infinite() { sigma } else { level.max(least) };
                family.draw(n, z, level, stream, &mut y)?;
                Ok(y)
            }
        }
    }
}

impl<F: Real> Energy<F> for Mixture<F> {
    fn dim(&self) -> usize {
        self.dim
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        let sums = self.log_sum(states, level)?;
        Ok(sums.iter().zip(level).map(|(s, &sigma)| -usable_level::<F>(sigma).powi(2) * s).collect())
    }
}

impl<F: Real> Gradient<F> for Mixture<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let mean = self.denoise(states, level)?;
        Ok(Zip::from(states).and(&mean).map_collect(|&z, &d| z - d))
    }
}
