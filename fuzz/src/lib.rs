//! What the fuzz targets do with their input, one function for each. Any input must be read or refused: no panic, no
//! memory that the input does not account for, no number that is not finite passed on.
//!
//! `examples/seeds.rs` writes the files that fuzzing starts from.

use std::path::{Path, PathBuf};
use std::sync::Once;

use attractor::energies::Energy;
use attractor::memories::MemoryModel;
use attractor::{Memory, Real};
use attractor_capacity::Cells;
use attractor_data::{Stored, memory_from_bytes, read_bytes};
use attractor_networks::Trainer;
use ndarray::Array2;

/// Lets the panics of a decoder pass that are caught and become errors. The fuzzer would take them for failures.
fn pass_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ends = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !attractor_data::panics_are_caught() {
                ends(panic);
            }
        }));
    });
}

/// Reads rows from a file of this name.
pub fn rows(name: &str, bytes: &[u8]) {
    pass_caught_panics();
    if let Ok(table) = read_bytes(name, bytes.to_vec(), &Default::default()) {
        assert_eq!(table.numbers::<f64>().dim(), (table.rows(), table.columns()));
        assert!(table.labels().is_none_or(|labels| labels.len() == table.rows()));
    }
}

/// Reads an array of Zarr: its description, a zero, and its first chunk.
pub fn zarr(bytes: &[u8]) {
    pass_caught_panics();
    let folder = Folder::new();
    let (says, chunk) = match bytes.iter().position(|&byte| byte == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    for (name, content) in [("zarr.json", says), (".zarray", says), ("c/0/0", chunk), ("0.0", chunk)] {
        let place = folder.0.join(name);
        std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder in memory");
        std::fs::write(place, content).expect("a file in memory");
    }
    for description in ["zarr.json", ".zarray"] {
        if let Ok(table) = attractor_data::read(&folder.0, &Default::default()) {
            assert_eq!(table.numbers::<f64>().dim(), (table.rows(), table.columns()));
        }
        let _ = std::fs::remove_file(folder.0.join(description));
    }
}

/// Reads a table with text and gaps, as an audit does, and as rows of an audit.
pub fn records(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.0.join("a.csv");
    std::fs::write(&path, bytes).expect("a file in memory");
    let mixed = attractor_data::is_mixed(&path, &Default::default());
    if let Ok(records) = attractor_data::read_records(&path, &Default::default()) {
        assert!(mixed.is_ok());
        let lengths: Vec<usize> = records.columns.iter().map(attractor_data::Cells::len).collect();
        assert!(lengths.iter().all(|&length| length == lengths[0] && length > 0));
        assert!(records.names.is_none_or(|names| names.len() == lengths.len()));
    }
}

/// Reads a stored memory, builds it, and asks it what `info` and `recall` would.
pub fn memory(bytes: &[u8]) {
    if let Ok(stored) = memory_from_bytes::<f32>("a.memory".as_ref(), bytes) {
        build(stored);
    }
    let _ = attractor_data::summary_of_bytes("a.memory".as_ref(), bytes);
}

fn build(stored: Stored<f32>) {
    if stored.patterns.len().saturating_mul(stored.patterns.dim()) > 1 << 16 {
        return;
    }
    let Ok(memory) = stored.spec.build_on(stored.patterns, stored.learned) else { return };
    ask(memory.as_ref());
}

/// Energy and denoised state of a cue, which are finite or refused. (Large weights can take a network anywhere; a recall
/// then diverges, which is an outcome.)
fn ask<F: Real>(memory: &dyn Memory<F>) {
    let cue = Array2::from_elem((1, memory.dim()), F::from_f64(0.5));
    let model: &dyn MemoryModel<F> = memory;
    let abilities = model.abilities();
    if let Some(denoiser) = abilities.denoiser
        && let Ok(means) = denoiser.denoise(cue.view(), &[0.7])
    {
        assert!(model.name() == "network" || means.iter().all(|mean| mean.is_finite()));
    }
    if let Ok(landscape) = abilities.landscape {
        let _ = Energy::energy(landscape, cue.view(), &[0.7]);
    }
}

/// Reads a trained network, and trains it on.
pub fn network(bytes: &[u8]) {
    let Ok(stored) = memory_from_bytes::<f32>("a.memory".as_ref(), bytes) else { return };
    if let Ok(mut trainer) = Trainer::resume(&stored)
        && trainer.rows().saturating_mul(stored.patterns.dim()) < 1 << 12
    {
        let _ = trainer.step();
    }
    build(stored);
}

/// Reads the density of a semantic or reconstructive memory.
pub fn density(bytes: &[u8]) {
    if let Ok(stored) = attractor_data::density_from_bytes::<f64>("a.memory".as_ref(), bytes) {
        assert!(stored.mixture.dim() > 0);
    }
}

/// Reads a description, as TOML and as JSON, and builds its memory.
pub fn description(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // Arrays in files of their own are another target's.
    if text.contains("file") {
        return;
    }
    for name in ["a.toml", "a.json"] {
        if let Ok(description) = attractor_data::description_from_text(Path::new(name), text)
            && let Ok(mixture) = description.mixture::<f64>()
        {
            let cue = Array2::from_elem((1, mixture.dim()), 0.5);
            let means = attractor::energies::Denoise::denoise(&mixture, cue.view(), &[0.7]);
            assert!(means.is_ok_and(|means| means.iter().all(|mean| mean.is_finite())));
        }
    }
}

/// Reads the description of a potential.
pub fn potential(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in ["a.toml", "a.json"] {
        if !text.contains("file") {
            let _ = attractor_data::potential_from_text(Path::new(name), text);
        }
    }
}

/// Opens a file of results, reads its scores, merges it into another, and counts.
pub fn capacity(bytes: &[u8]) {
    let folder = Folder::new();
    let path = folder.0.join("cells.sqlite");
    std::fs::write(&path, bytes).expect("a file in memory");
    let Ok(mut ours) = Cells::open(None) else { return };
    let _ = ours.merge(&path);
    if let Ok(mut cells) = Cells::open(Some(&path)) {
        for series in 0..3 {
            let scores = cells.scores(series, 8, 16).unwrap_or_default();
            let _: Vec<f64> = scores.iter().map(|(_, score)| score.error()).collect();
        }
        let part = attractor_capacity::cells::Part { series: 1, dim: 8, patterns: 4, sets: 0..4 };
        let _ = cells.claim(&part);
        let _ = cells.count();
    }
    // Nothing beside the file and the folder of its workers comes into being, and nothing is lost.
    assert!(folder.0.join("precious").exists());
}

/// A folder with a file that must stay.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let place = std::env::temp_dir().join(format!("attractor-fuzz-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::write(place.join("precious"), "").expect("a file");
        Folder(place)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
