//! The searches of an audit: everything that it needs to know of distances. What follows from them is cheap.

use std::ops::Range;

use attractor::noise::{Purpose, Stream};
use attractor_data::Shape;
use ndarray::Array2;

use crate::clusters::{self, Clusters};
use crate::dimension::{self, Local, levina_bickel};
use crate::found::Nearest;
use crate::mosaic::pieces::{self, Pieces};
use crate::mosaic::{self, Windows};
use crate::neighbours::{Neighbours, Search};
use crate::rates::{Lists, Pair};
use crate::rows::{Sets, Space};
use crate::search::Watch;
use crate::settings::Settings;

/// The most cells of C_T.
const CELLS: usize = 8;

/// The rows of a cell, on average, that make another cell worth while.
const IN_A_CELL: usize = 50;

/// A share of the usual radius of near-duplicates that counts as no distance.
const EXACT: f64 = 1e-4;

/// Images that belong to the rows.
#[derive(Clone, Debug)]
pub struct Images {
    /// The pixels, as grey values from 0 to 1 where they were bytes.
    pub pixels: Sets<Array2<f32>>,
    /// The shape of an image.
    pub shape: Shape,
}

/// What the searches found.
pub struct Searched {
    /// The nearest pool rows of each generated row.
    pub near: Nearest,
    /// The nearest other pool rows of each pool row.
    pub own: Nearest,
    /// The nearest other generated row of each.
    pub twins: Nearest,
    /// Clusters of the pool.
    pub clusters: Clusters,
    /// The cell of each generated row, for C_T.
    pub cells: Vec<u8>,
    /// The cell of each pool row.
    pub pool_cells: Vec<u8>,
    /// The largest distance at which a row is an exact copy.
    pub tolerance: f64,
    /// The dimension of the data at honest rows.
    pub dimension: Option<f64>,
    /// The noise level of posteriors; none for tables.
    pub sigma: Option<f64>,
    /// Local dimension and log-sum of each generated row; none for tables.
    pub local: Option<Vec<Local>>,
    /// What windows of images say.
    pub windows: Option<Windows>,
    /// What windows of pixels say.
    pub pieces: Option<Pieces>,
    /// The number of training rows, which come first in the pool.
    pub train: usize,
}

/// What the searches found among training and held-out rows. It does not depend on generated rows.
#[derive(Clone, Debug)]
pub struct Pool {
    own: Nearest,
    clusters: Clusters,
}

impl Pool {
    /// Searches training and held-out rows of a space. `None` if the watch breaks.
    pub fn new(space: &Space, settings: &Settings, watch: &mut Watch) -> Option<Self> {
        Self::of(Search::Own.all(space, watch)?, space, settings, watch)
    }

    /// The same, with the nearest other pool rows of each pool row.
    fn of(own: Nearest, space: &Space, settings: &Settings, watch: &mut Watch) -> Option<Self> {
        let (pool, train) = (space.pool(), space.train().len());
        let radius = settings.radius.unwrap_or_else(|| clusters::radius(&own));
        let clusters = Clusters::new(radius, space.linked(pool, radius, &own, watch)?, train);
        Some(Pool { own, clusters })
    }
}

impl Searched {
    /// Searches a space. `None` if the watch breaks.
    pub fn new(
        space: &Space,
        images: Option<&Images>,
        settings: &Settings,
        watch: &mut Watch,
    ) -> Option<Self> {
        Self::beside(Pool::new(space, settings, watch)?, space, images, settings, watch)
    }

    /// The same, of a space whose lists of nearest rows are known.
    pub(crate) fn with(
        lists: Neighbours,
        space: &Space,
        images: Option<&Images>,
        settings: &Settings,
        watch: &mut Watch,
    ) -> Option<Self> {
        let Neighbours { own, near, twins } = lists;
        let pool = Pool::of(own, space, settings, watch)?;
        Self::whole(pool, [near, twins], space, images, settings, watch)
    }

    /// Searches a space of which training and held-out rows were searched before.
    pub fn beside(
        pool: Pool,
        space: &Space,
        images: Option<&Images>,
        settings: &Settings,
        watch: &mut Watch,
    ) -> Option<Self> {
        let lists = [Search::Near.all(space, watch)?, Search::Twins.all(space, watch)?];
        Self::whole(pool, lists, space, images, settings, watch)
    }

    fn whole(
        Pool { own, clusters }: Pool,
        [near, twins]: [Nearest; 2],
        space: &Space,
        images: Option<&Images>,
        settings: &Settings,
        watch: &mut Watch,
    ) -> Option<Self> {
        let train = space.train().len();
        let usual = clusters::radius(&own);
        let [cells, pool_cells] = cells(space, settings.seed, watch)?;
        let tolerance = settings.tolerance.unwrap_or(EXACT * usual);
        let windows = match images.filter(|_| settings.windows > 1) {
            Some(images) => Some(mosaic::compare(&images.pixels, images.shape, settings.windows, watch)?),
            None => None,
        };
        let windows = windows.filter(|windows| windows.units.len() > 1);
        let mut found = Searched {
            near,
            own,
            twins,
            clusters,
            cells,
            pool_cells,
            tolerance,
            dimension: None,
            sigma: None,
            local: None,
            windows,
            pieces: None,
            train,
        };
        if let Some(images) = images.filter(|_| settings.looks_at_pixels()) {
            let own = |row: usize| {
                found.near.of(row).iter().find(|near| found.is_train(near.row)).map(|near| near.row)
            };
            let compared = pieces::compare(&images.pixels, images.shape, settings, &own, watch)?;
            found.pieces = Some(compared);
        }
        found.dimension = found.estimate();
        if let Some(points) = space.points() {
            found.sigma = settings.sigma.or_else(|| found.level());
            if let Some(sigma) = found.sigma {
                let local = dimension::local(points, space.train(), space.generated(), sigma, watch)?;
                found.local = Some(local);
            }
        }
        Some(found)
    }

    /// The number of pairs of rows that the searches compare, for progress.
    pub fn pairs(space: &Space, images: Option<&Images>, settings: &Settings) -> u64 {
        let [train, pool, generated] =
            [space.train(), space.pool(), space.generated()].map(|range| range.len() as u64);
        let counts = [train as usize, (pool - train) as usize, generated as usize];
        let windows = images.map_or(0, |images| {
            let pixels =
                if settings.looks_at_pixels() { pieces::pairs(counts, images.shape, settings) } else { 0 };
            mosaic::pairs(counts, images.shape, settings.windows) + pixels
        });
        let local = if space.points().is_some() { train * generated } else { 0 };
        generated * pool + pool * pool + generated * generated + local + windows
    }

    /// Whether a pool row is a training row.
    pub fn is_train(&self, row: u32) -> bool {
        (row as usize) < self.train
    }

    /// The lists for rates of some generated rows.
    pub fn lists<'a>(&'a self, rows: &'a [usize]) -> Lists<'a> {
        Lists {
            near: &self.near,
            rows,
            own: &self.own,
            clusters: &self.clusters,
            cells: &self.cells,
            pool_cells: &self.pool_cells,
            tolerance: self.tolerance,
        }
    }

    /// The pool rows that stand for honest ones: held-out rows or, without any, training rows.
    pub fn honest(&self) -> Range<usize> {
        let pool = self.own.len();
        if pool > self.train { self.train..pool } else { 0..self.train }
    }

    /// The nearest training rows of an honest row. Those of a training row are of other clusters, since its copies would not be there
    /// without it.
    pub fn honest_pair(&self, row: usize) -> Pair {
        Pair::of(self.own.of(row), |other| self.counts_for(row, other), &self.clusters)
    }

    fn counts_for(&self, row: usize, other: u32) -> bool {
        let is_own = row < self.train && self.clusters.of[other as usize] == self.clusters.of[row];
        self.is_train(other) && !is_own
    }

    /// D̂ from the distances of honest rows from their nearest clusters of training rows.
    fn estimate(&self) -> Option<f64> {
        let lists: Vec<Vec<f64>> = self
            .honest()
            .map(|row| {
                let mut seen = Vec::new();
                let mut distances = Vec::new();
                for found in self.own.of(row).iter().filter(|found| self.counts_for(row, found.row)) {
                    let cluster = self.clusters.of[found.row as usize];
                    if !seen.contains(&cluster) {
                        seen.push(cluster);
                        distances.push(found.distance);
                    }
                    if seen.len() == dimension::NEIGHBOURS {
                        break;
                    }
                }
                distances
            })
            .collect();
        levina_bickel(lists.iter().map(Vec::as_slice))
    }

    /// The level at which noise is as long as an honest row is far from its nearest training row.
    fn level(&self) -> Option<f64> {
        let dimension = self.dimension?.max(1.0);
        let mut distances: Vec<f64> =
            self.honest().map(|row| self.honest_pair(row).distance()).filter(|d| d.is_finite()).collect();
        let middle = distances.len() / 2;
        if distances.is_empty() {
            return None;
        }
        let usual = *distances.select_nth_unstable_by(middle, f64::total_cmp).1;
        (usual > 0.0).then(|| usual / dimension.sqrt())
    }
}

/// The cells of generated rows and of pool rows: that of the nearest of a few pool rows, drawn at random.
fn cells(space: &Space, seed: u64, watch: &mut Watch) -> Option<[Vec<u8>; 2]> {
    let pool = space.pool().len();
    let count = (space.heldout().len().min(space.generated().len()) / IN_A_CELL).min(CELLS);
    if count < 2 {
        return Some([vec![0; space.generated().len()], vec![0; pool]]);
    }
    let mut stream = Stream::new(seed, Purpose::Fit, 0);
    let mut centres: Vec<usize> = Vec::new();
    while centres.len() < count {
        let row = stream.below(pool);
        if !centres.contains(&row) {
            centres.push(row);
        }
    }
    let nearest_centre = |row: usize| {
        let distances = centres.iter().map(|&centre| space.distance(row, centre));
        let best = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(0, |(cell, _)| cell as u8)
    };
    let of = |rows: Range<usize>| {
        let rows: Vec<usize> = rows.collect();
        attractor::threads::parallel(rows.len().div_ceil(1024), |n| {
            rows[n * 1024..rows.len().min((n + 1) * 1024)]
                .iter()
                .map(|&r| nearest_centre(r))
                .collect::<Vec<u8>>()
        })
        .concat()
    };
    let both = [of(space.generated()), of(space.pool())];
    watch(0).is_continue().then_some(both)
}
