//! Writes the files that fuzzing starts from and that are no fixtures of a test: `cargo run --example seeds -- FOLDER`.

use std::path::{Path, PathBuf};

use attractor::energies::shapes::Subspace;
use attractor::energies::{Component, Kind, Mixture};
use attractor::memories::Spec;
use attractor::networks::{self, Architecture};
use attractor::{Patterns, Prepare};
use attractor_capacity::Cells;
use attractor_capacity::cells::{Part, Score};
use attractor_data::{Stored, StoredDensity, random_spins};
use attractor_networks::{Settings, Trainer};
use ndarray::array;

fn main() {
    let corpus = PathBuf::from(std::env::args().nth(1).expect("a folder"));
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let folder = corpus.join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), bytes).expect("a file");
    };
    for (name, bytes) in memories() {
        put("memory", name, &bytes);
    }
    // One to which patterns were appended.
    let grown = corpus.join("memory/grown");
    std::fs::copy(corpus.join("memory/diffusion"), &grown).expect("a file");
    let memory = attractor_data::Growing::open(&grown).expect("readable").expect("a memory");
    let first = memory.first::<f32>().expect("a memory").patterns;
    let weighted = attractor::Extras { weights: Some(vec![1.0, 2.0]), ..Default::default() };
    let both = first.append(random_spins(2, 6, 4), weighted).expect("patterns");
    memory.append(&both, 1, "appended").expect("a part");
    for kind in [networks::Kind::Paper, networks::Kind::Residual] {
        put("network", &format!("{kind:?}"), &network(kind));
    }
    put("density", "three", &density());
    for (n, text) in DESCRIPTIONS.iter().enumerate() {
        put("description", &n.to_string(), text.as_bytes());
    }
    for (n, text) in POTENTIALS.iter().enumerate() {
        put("potential", &n.to_string(), text.as_bytes());
    }
    let cells = corpus.join("capacity");
    std::fs::create_dir_all(&cells).expect("a folder");
    results(&cells.join("some"));
}

fn memories() -> Vec<(&'static str, Vec<u8>)> {
    let patterns = || Patterns::new(random_spins::<f32>(5, 6, 1)).expect("patterns");
    let raw = || Patterns::prepared(random_spins::<f32>(5, 6, 2), Prepare::Normalize, false).expect("patterns");
    let labelled = raw().with_labels("abcde".chars().map(String::from).collect()).expect("labels");
    let weighted = labelled.with_weights(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("weights");
    let paired = patterns().with_associated(random_spins(5, 3, 3)).expect("values");
    let of = |spec: Spec, patterns: Patterns<f32>| {
        let memory = spec.build(patterns).expect("a memory");
        let stored = Stored::of(spec, memory.as_ref(), None, false, Vec::new());
        stored.expect("a memory with patterns").to_bytes().expect("bytes")
    };
    vec![
        ("hopfield", of(Spec::new("hopfield").with("rule", "storkey"), patterns())),
        ("bidirectional", of(Spec::new("bidirectional"), paired)),
        ("diffusion", of(Spec::new("diffusion").with("steps", "7"), weighted)),
        ("universal", of(Spec::new("universal").with("separation", "softmax:2"), raw())),
        ("sparse", of(Spec::new("sparse-distributed").with("locations", "64"), patterns())),
    ]
}

fn network(kind: networks::Kind) -> Vec<u8> {
    let patterns = Patterns::new(random_spins::<f32>(4, 5, 1)).expect("patterns");
    let architecture = Architecture { kind, dim: 5, width: 6, depth: 2 };
    let settings = Settings { steps: 4, average: 0.9, ..Settings::default() };
    let mut trainer = Trainer::new(&patterns, architecture, settings).expect("a trainer");
    trainer.step().expect("a step");
    trainer.stored(patterns, None, false, Vec::new()).to_bytes().expect("bytes")
}

fn density() -> Vec<u8> {
    let thick = Subspace::new(vec![-1.0; 3], array![[0.6, 0.8, 0.0]], vec![0.7]);
    let thick = thick.and_then(|line| line.with_thickness(0.2)).expect("a thick line");
    let gist = Component { kind: Kind::Shape(Box::new(thick)), weight: 2.0, label: Some("gist".into()) };
    let events = Patterns::new(array![[5.0_f64, 5.0, 5.0], [-5.0, 0.0, 1.0]]).expect("events");
    let mixture = Mixture::new(vec![gist]).and_then(|gist| gist.with_events(events.into(), 0.25));
    let spec = Spec::new("mixture").with("steps", "30");
    let mixture = mixture.expect("events beside a density");
    StoredDensity { spec, mixture, shape: None, raw: false, provenance: Vec::new() }.to_bytes().expect("bytes")
}

fn results(path: &Path) {
    let mut cells = Cells::open(Some(path)).expect("a file of results");
    let series = cells.series("a key of a series").expect("a series");
    for patterns in [2, 4, 8] {
        let part = Part { series, dim: 8, patterns, sets: 0..4 };
        cells.claim(&part).expect("a claim");
        let score = |set| Score { set, halves: 3, units: 64, seconds: 0.25 };
        let scores: Vec<Score> = (0..4).map(score).collect();
        cells.record([(&part, &scores[..])]).expect("recorded");
    }
    drop(cells);
    for beside in ["some-wal", "some-shm", "some-workers"] {
        let beside = path.with_file_name(beside);
        let _ = std::fs::remove_file(&beside).or_else(|_| std::fs::remove_dir_all(&beside));
    }
}

const DESCRIPTIONS: [&str; 3] = [
    r#"dim = 2
[[memory]]
kind = "points"
at = [[-3.0, 0.0], [3.0, 0.0], [0.0, 4.0]]
labels = ["west", "east", "north"]
weight = [1, 2, 3]
[[memory]]
kind = "segment"
label = "road"
from = [-3.0, 0.0]
to = [3.0, 0.0]
weight = 2.0
[[memory]]
kind = "circle"
centre = [0.0, 4.0]
radius = 0.5
[[memory]]
kind = "gaussian"
mean = [4.0, 4.0]
directions = [[0.6, 0.8], [-0.8, 0.6]]
deviations = [1.0, 0.2]
"#,
    r#"{"dim": 3, "memory": [{"kind": "point", "at": [1, 2.5, 0], "weight": 3},
 {"kind": "flat", "label": "line", "origin": [0, 1, 0], "directions": [[1, 0, 0]]},
 {"kind": "sphere", "centre": [0, 0, 0], "radius": 2},
 {"kind": "cloud", "at": [[0, 1, 2], [3, 4, 5]], "weights": [1, 2]}]}"#,
    r#"[[memory]]
kind = "circle"
centre = [0, 0, 1]
radius = 2
directions = [[1, 0, 0], [0, 1, 0]]
[[memory]]
kind = "gaussian"
mean = [0, 0, 0]
covariance = [[2.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 0.3]]
"#,
];

const POTENTIALS: [&str; 4] = [
    "hessian = [[1.0, -0.8], [-0.8, 1.0]]\nminimum = [0.0, 0.0]\nsigma = 1.0\n",
    "kind = \"double-well\"\nunits = 4\nstrength = 0.5\nwell = 1.0\nsigma = { first = 1.0, rate = 0.1 }\n",
    "{\"eigenvalues\": [1, 0.5], \"eigenvectors\": [[1, 0], [0, 1]], \"minimum\": 0.5}",
    "units = 3\nhessian = 0.5\nsigma = { times = [0, 1, 2], values = [1, 2, 1] }\n",
];
