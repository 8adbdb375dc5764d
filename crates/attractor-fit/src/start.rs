//! Where a fit starts: k-means++ centres, a few rounds of k-means, and a Gaussian for each cluster.

use attractor::Result;
use attractor::kernels::{Difference, Operand, pairs};
use attractor::noise::Stream;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::gaussian::{Form, Gaussian, Scatter};

/// Rounds of k-means. EM goes on from wherever they end.
const ROUNDS: usize = 10;

/// Weights and Gaussians of the clusters of k-means from a random start. The start's covariances are blended with the
/// mean variance within clusters, the same in all directions, which counts as D + 1 rows. So small clusters have a width.
pub fn start(
    rows: ArrayView2<f64>,
    components: usize,
    form: Form,
    stream: &mut Stream,
) -> Result<(Vec<f64>, Vec<Gaussian>)> {
    let clusters = clusters(rows, components, stream);
    let count = rows.nrows() as f64;
    let mut scatters: Vec<Scatter> = (0..components)
        .map(|k| {
            let own: Vec<f64> = clusters.iter().map(|&c| f64::from(u8::from(c == k))).collect();
            Scatter::of(rows, &own)
        })
        .collect();
    let within = scatters.iter().map(|cluster| cluster.total / count * cluster.trace()).sum::<f64>();
    let (variance, prior) = (within / form.dim as f64, form.dim as f64 + 1.0);
    for cluster in &mut scatters {
        cluster.blend(prior / (prior + cluster.total), variance);
    }
    let weights = scatters.iter().map(|cluster| cluster.total / count).collect();
    let gaussians = scatters.into_iter().map(|cluster| Gaussian::most_likely(cluster, form));
    Ok((weights, gaussians.collect::<Result<_>>()?))
}

/// The cluster of each row; no cluster is empty if there are as many distinct rows.
fn clusters(rows: ArrayView2<f64>, components: usize, stream: &mut Stream) -> Vec<usize> {
    let mut centres = plus_plus(rows, components, stream);
    let mut before = Vec::new();
    for _ in 0..ROUNDS {
        let mut nearest = nearest(rows, centres.view());
        fill_empty(&mut nearest, components);
        let clusters: Vec<usize> = nearest.iter().map(|(cluster, _)| *cluster).collect();
        if clusters == before {
            break;
        }
        centres.fill(0.0);
        let mut counts = vec![0.0; components];
        for (row, &cluster) in rows.outer_iter().zip(&clusters) {
            counts[cluster] += 1.0;
            centres.row_mut(cluster).scaled_add(1.0, &row);
        }
        centres.outer_iter_mut().zip(&counts).for_each(|(mut centre, count)| centre /= *count);
        before = clusters;
    }
    before
}

/// k-means++ (Arthur & Vassilvitskii 2007): the first centre is a random row, and each next one a row drawn with a
/// probability proportional to its squared distance from the nearest centre so far.
fn plus_plus(rows: ArrayView2<f64>, components: usize, stream: &mut Stream) -> Array2<f64> {
    let mut centres = vec![stream.below(rows.nrows())];
    let mut distances = vec![f64::INFINITY; rows.nrows()];
    while centres.len() < components {
        let last = rows.row(centres[centres.len() - 1]);
        for (distance, new) in distances.iter_mut().zip(&squares(rows, last.insert_axis(Axis(0)))) {
            *distance = distance.min(*new);
        }
        let mut left = stream.uniform() * distances.iter().sum::<f64>();
        // A row at distance 0 is never drawn, also if rounding leaves something at the end.
        let far = (0..rows.nrows()).filter(|&n| distances[n] > 0.0);
        let mut drawn = None;
        for n in far {
            drawn = Some(n);
            left -= distances[n];
            if left < 0.0 {
                break;
            }
        }
        centres.push(drawn.unwrap_or(0));
    }
    rows.select(Axis(0), &centres)
}

/// The nearest centre of each row, and its squared distance.
fn nearest(rows: ArrayView2<f64>, centres: ArrayView2<f64>) -> Vec<(usize, f64)> {
    let one = |distances: ArrayView1<f64>| {
        let mut best = (0, f64::INFINITY);
        for (k, &distance) in distances.iter().enumerate() {
            if distance < best.1 {
                best = (k, distance);
            }
        }
        best
    };
    squares(rows, centres).outer_iter().map(one).collect()
}

/// The squared distance of each row from each centre, from differences.
fn squares(rows: ArrayView2<f64>, centres: ArrayView2<f64>) -> Array2<f64> {
    // Rows stand in lanes.
    pairs(Difference::Square, Operand::plain(rows), Operand::plain(centres))
}

/// Gives each empty cluster the row that is farthest from its centre, of the clusters that have others.
fn fill_empty(nearest: &mut [(usize, f64)], components: usize) {
    let mut counts = vec![0; components];
    nearest.iter().for_each(|(cluster, _)| counts[*cluster] += 1);
    for empty in 0..components {
        if counts[empty] > 0 {
            continue;
        }
        let others = (0..nearest.len()).filter(|&n| counts[nearest[n].0] > 1);
        if let Some(far) = others.max_by(|&a, &b| nearest[a].1.total_cmp(&nearest[b].1).then(b.cmp(&a))) {
            counts[nearest[far].0] -= 1;
            counts[empty] = 1;
            nearest[far] = (empty, 0.0);
        }
    }
}
