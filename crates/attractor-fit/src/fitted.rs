//! The result of a fit.

use std::collections::BTreeMap;

use attractor::energies::shapes::Subspace;
use attractor::energies::{self, Kind, Mixture};
use attractor::message::{Argument, Message};
use attractor::{Error, Real, Result, message};
use ndarray::Array2;

use crate::settings::{Components, Criterion, Settings};

/// One component of a fitted mixture.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its weight w; the weights sum to 1.
    pub weight: f64,
    /// Its Gaussian, in the units of the rows.
    pub gaussian: Subspace,
    /// Its name, if it has one.
    pub label: Option<String>,
}

/// What one number of components achieved on the rows that were not held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The number of components K.
    pub components: usize,
    /// The mean log-likelihood of a row that was fitted, in nats.
    pub log_likelihood: f64,
    /// The mean log-likelihood of a held-out row, in nats.
    pub held_out: f64,
    /// The Bayesian information criterion of the rows that were fitted; smaller is better.
    pub bic: f64,
    /// Whether the fit was stopped before it converged.
    pub stopped: bool,
}

/// A fitted mixture of Gaussians.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The components, by descending weight.
    pub components: Vec<Component>,
    /// N × K: the probability that row n comes from component k.
    pub responsibilities: Array2<f64>,
    /// The mean log-likelihood of a row, in nats, in the units of the rows.
    pub log_likelihood: f64,
    /// The Bayesian information criterion −2 ln L + p ln N, with p free parameters.
    pub bic: f64,
    /// What each number of components achieved, if the number was to be chosen.
    pub trials: Vec<Trial>,
    /// The mean log-likelihood of a row at the start and after each iteration of the best start. It never falls.
    pub path: Vec<f64>,
    /// Whether the last gain was within the tolerance.
    pub converged: bool,
    /// Whether the fit was stopped from outside.
    pub stopped: bool,
    /// In how many directions of all components the deviation is the floor.
    pub at_floor: usize,
    /// How many components lost all their rows and were left out.
    pub left_out: usize,
    /// The spread of the rows: the root mean square deviation of a unit.
    pub spread: f64,
    /// The number of principal directions of a component.
    pub rank: usize,
    /// The settings.
    pub settings: Settings,
}

impl Fit {
    /// The number of iterations of the best start.
    pub fn iterations(&self) -> usize {
        self.path.len() - 1
    }

    /// What chose the number of components, if it was to be chosen.
    pub fn criterion(&self) -> Option<Criterion> {
        (self.settings.components == Components::Auto).then_some(self.settings.criterion)
    }

    /// The memory of this density.
    ///
    /// # Errors
    /// Those of [`Mixture::new`].
    pub fn mixture<F: Real>(&self) -> Result<Mixture<F>> {
        let component = |component: &Component| energies::Component {
            kind: Kind::Shape(Box::new(component.gaussian.clone())),
            weight: component.weight,
            label: component.label.clone(),
        };
        Mixture::new(self.components.iter().map(component).collect())
    }

    /// Names each component by the label that most of its rows have, weighted by responsibility.
    ///
    /// # Errors
    /// Not one label for each row.
    pub fn label(&mut self, labels: &[String]) -> Result<()> {
        let rows = self.responsibilities.nrows();
        if labels.len() != rows {
            let cure = "give every row its own";
            return Err(Error::shape(
                "labels",
                format!("one for each of {rows} rows"),
                labels.len().to_string(),
                cure,
            ));
        }
        for (component, shares) in self.components.iter_mut().zip(self.responsibilities.columns()) {
            let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
            for (label, share) in labels.iter().zip(shares) {
                *sums.entry(label).or_default() += share;
            }
            let most = sums.into_iter().fold(("", f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
            component.label = Some(most.0.to_owned());
        }
        Ok(())
    }

    /// Properties of the fit that a user should know, one sentence each.
    pub fn notes(&self) -> Vec<Message> {
        let mut notes = Vec::new();
        let floor = self.settings.floor;
        if self.at_floor > 0 {
            notes.push(message![
                format!(
                    "in {} of {} directions the Gaussians have the smallest deviation allowed, {:.3e} ({floor} spreads; ",
                    self.at_floor,
                    self.components.len() * self.components[0].gaussian.origin().len(),
                    floor * self.spread,
                ),
                Argument::option("floor"),
                "): units are constant or repeat each other, or components have few rows"
            ]);
        }
        if self.left_out > 0 {
            let plural = if self.left_out == 1 { "component" } else { "components" };
            let text = format!("{} {plural} lost all rows to the others and were left out", self.left_out);
            notes.push(text.into());
        }
        if !self.converged && !self.stopped {
            notes.push(message![
                format!("the likelihood was still rising after {} iterations; ", self.iterations()),
                Argument::option("max-iterations"),
                " or ",
                Argument::option("tolerance"),
                " say when to stop"
            ]);
        }
        if let (Components::Auto, Some(last)) = (self.settings.components, self.trials.last())
            && last.components == self.settings.most
            && !self.stopped
        {
            notes.push(message![
                format!("the search ended at its limit of {} components; ", last.components),
                Argument::option("max-components"),
                " raises it"
            ]);
        }
        notes
    }
}
