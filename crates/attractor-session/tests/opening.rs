//! Opening a memory: number types, preparation, stored options, and errors.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use attractor::memories::{self, Learned, Options, Weights, model};
use attractor::message::Rust;
use attractor::{Preparation, Prepare};
use attractor_data::{ReadOptions, read_memory, write_npy};
use attractor_session::{
    Auto, Error, Known, Opened, Origin, Precision, Session, Setup, Source, open_patterns, with_memory,
};
use ndarray::{Array2, array};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn npy<T: attractor_data::Number>(&self, name: &str, array: &Array2<T>) -> PathBuf {
        let path = self.path(name);
        write_npy(&path, array.view()).expect("a file");
        path
    }

    fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

fn floats() -> Array2<f32> {
    array![[1.0, 2.0, 3.0, 4.0], [4.0, 1.0, 2.0, 3.0], [0.0, 1.0, 0.0, 1.0]]
}

fn bytes() -> Array2<u8> {
    array![[0, 255, 0, 255], [255, 255, 0, 0], [0, 0, 255, 255]]
}

fn of(model: &str) -> Setup {
    Setup { model: Some(memories::model(model).expect("a model").card), ..Setup::default() }
}

fn with(model: &str, name: &str, value: &str) -> Setup {
    let mut options = Options::default();
    options.set(name, value);
    Setup { options, ..of(model) }
}

fn open(path: &Path, setup: &Setup) -> Result<Session, Error> {
    Source::open(path, &ReadOptions::default(), setup)?.build(setup)
}

fn opened(path: &Path, setup: &Setup) -> Session {
    open(path, setup).expect("a memory")
}

fn preparation(session: &Session) -> Preparation {
    with_memory!(&session.memory, memory => memory.preparation().clone())
}

/// Checks that it is refused, in a sentence with all of these words.
fn refused<T>(result: Result<T, Error>, words: &[&str]) {
    let Err(error) = result else {
        panic!("not refused: {words:?}");
    };
    let text = error.spelled(&Rust);
    for word in words {
        assert!(text.contains(word), "no '{word}' in: {text}");
    }
}

#[test]
fn states_are_as_wide_as_the_patterns_unless_asked_otherwise() {
    let folder = Folder::new();
    let narrow = folder.npy("narrow.npy", &floats());
    let wide = folder.npy("wide.npy", &floats().mapv(f64::from));
    let bytes = folder.npy("bytes.npy", &bytes());
    let described = folder.text("two.toml", "[[memory]]\nkind = \"points\"\nat = [[1, 0], [0, 1]]\n");
    let precision = |path, setup: &Setup| opened(path, setup).memory.precision();
    for (path, own) in [
        (&narrow, Precision::F32),
        (&wide, Precision::F64),
        (&bytes, Precision::F32),
        (&described, Precision::F64),
    ] {
        assert_eq!(precision(path, &Setup::default()), own, "{path:?}");
        for asked in [Precision::F32, Precision::F64] {
            let setup = Setup { precision: Some(asked), ..Setup::default() };
            assert_eq!(precision(path, &setup), asked, "{path:?}");
        }
    }
    let stored = folder.path("wide.memory");
    opened(&wide, &of("modern")).write(&stored).expect("a file");
    assert_eq!(precision(&stored, &Setup::default()), Precision::F64);
    refused("f16".parse::<Precision>().map_err(Error::from), &["dtype", "f32 or f64", "f16"]);
}

#[test]
fn bytes_are_normalised_unless_the_model_compares_raw_values() {
    let folder = Folder::new();
    let (bytes, floats) = (folder.npy("bytes.npy", &bytes()), folder.npy("floats.npy", &floats()));
    let affine = |p: &Preparation| matches!(p, Preparation::Affine { .. });
    for name in ["modern", "diffusion"] {
        assert!(affine(&preparation(&opened(&bytes, &of(name)))), "{name}");
        assert_eq!(preparation(&opened(&floats, &of(name))), Preparation::Identity, "{name}");
    }
    // States of ±1 are thresholded.
    let spins = preparation(&opened(&bytes, &of("hopfield")));
    assert!(matches!(spins, Preparation::Spins { .. }), "{spins:?}");
    assert!(model("universal").expect("a model").card.raw);
    assert_eq!(preparation(&opened(&bytes, &of("universal"))), Preparation::Identity);
    // An explicit choice overrides the rule.
    let setup = |prepare| Setup { prepare: Some(prepare), ..of("modern") };
    assert_eq!(preparation(&opened(&bytes, &setup(Auto::As(Prepare::None)))), Preparation::Identity);
    let centred = preparation(&opened(&floats, &setup(Auto::As(Prepare::Center))));
    assert!(matches!(centred, Preparation::Affine { scale: 1.0, .. }), "{centred:?}");
    // The same for arrays.
    let of_array =
        |raw| Session::of_array(array![[0.0_f64, 1.0], [1.0, 0.0]], Known::default(), raw, &of("modern"));
    assert!(affine(&preparation(&of_array(true).expect("a memory"))));
    assert_eq!(preparation(&of_array(false).expect("a memory")), Preparation::Identity);
    refused("whiten".parse::<Auto>().map_err(Error::from), &["prepare", "packed, auto", "whiten"]);
}

#[test]
fn sessions_say_what_they_are() {
    let folder = Folder::new();
    let session = opened(&folder.npy("bytes.npy", &bytes()), &with("modern", "beta", "2"));
    let line = session.headline().expect("a line");
    // Each unit is 0 or 1 with mean 1/3 or 2/3, so its variance is 2/9.
    let scale = (9.0_f64 / 2.0).sqrt();
    let prepared = format!("uint8 read as value/255, mean pattern subtracted, then scaled by {scale:.6}");
    assert_eq!(line, format!("modern: 3 patterns of 4 units, {prepared}; f32; beta 2.000000"));
    assert!(session.about.raw && session.about.provenance[0].starts_with("stored 3 rows of "));
    let described = folder.text("two.toml", "[[memory]]\nkind = \"points\"\nat = [[1, 0], [0, 1]]\n");
    let line = opened(&described, &Setup::default()).headline().expect("a line");
    assert!(line.starts_with("mixture: 2 memories of 2 units, described in "), "{line}");
    // Patterns whose mean outweighs their differences, and values that are not ±1.
    let far = folder.npy("far.npy", &floats().mapv(|x| x + 100.0));
    let notes = |session: &Session| session.notes().iter().map(|n| n.spelled(&Rust)).collect::<Vec<_>>();
    assert!(notes(&opened(&far, &of("modern"))).iter().any(|n| n.contains("the mean pattern holds 100 %")));
    let lines = notes(&opened(&far, &of("hopfield")));
    assert!(lines.iter().any(|n| n.contains("recalls ±1 states") && n.contains("`prepare` normalize")));
    assert!(!notes(&opened(&far, &of("diffusion"))).iter().any(|n| n.contains("mean pattern")));
}

#[test]
fn options_given_now_go_before_those_that_were_stored() {
    let folder = Folder::new();
    let stored = folder.path("a.memory");
    let mut setup = with("modern", "beta", "2");
    setup.options.set("norm-bias", "on");
    opened(&folder.npy("a.npy", &floats()), &setup).write(&stored).expect("a file");
    let options = |setup: &Setup| {
        let session = opened(&stored, setup);
        let beta = with_memory!(&session.memory, memory => memory.inverse_temperature());
        (beta, session.about.spec.options.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(options(&Setup::default()), (Some(2.0), vec!["beta".into(), "norm-bias".into()]));
    let three = Setup { model: None, ..with("modern", "beta", "3") };
    assert_eq!(options(&three), (Some(3.0), vec!["beta".into(), "norm-bias".into()]));
    let only = Setup { replace_options: true, ..three };
    assert_eq!(options(&only), (Some(3.0), vec!["beta".into()]));
    let session = opened(&stored, &Setup::default());
    assert_eq!(session.about.origin, Origin::Stored);
    // Bytes are read as the file is.
    let bytes = Session::of_bytes(&stored, &std::fs::read(&stored).expect("bytes"), &Setup::default());
    assert_eq!(bytes.expect("a memory").about.spec, session.about.spec);
}

#[test]
fn couplings_of_another_rule_are_not_used() {
    let folder = Folder::new();
    let stored = folder.path("spins.memory");
    let spins = array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
    opened(&folder.npy("spins.npy", &spins), &of("hopfield")).write(&stored).expect("a file");
    // Couplings that no learning rule gives, which show whether they are used.
    let mut changed = read_memory::<f64>(&stored).expect("a memory");
    let marked = Array2::from_shape_fn((4, 4), |(i, j)| if i == j { 0.5 } else { 0.25 });
    changed.learned = Some(Learned { patterns: 2, weights: Weights::Couplings(marked.clone()) });
    changed.write(&stored).expect("a file");
    let couplings = |setup: &Setup| -> Weights {
        let made: Opened<f64> = Source::stored(&stored)
            .and_then(|source| source.expect("a stored memory").build_as(setup))
            .expect("a memory");
        made.about.stored(made.memory.as_ref()).expect("patterns").learned.expect("couplings").weights
    };
    assert_eq!(couplings(&Setup::default()), Weights::Couplings(marked.clone()));
    let another = Setup { model: None, ..with("modern", "rule", "pseudo-inverse") };
    assert_ne!(couplings(&another), Weights::Couplings(marked.clone()));
    let update = Setup { model: None, ..with("modern", "update", "asynchronous") };
    assert_eq!(couplings(&update), Weights::Couplings(marked.clone()));
    // Nor are those of the same rule with other settings.
    let mut dreaming = changed.clone();
    dreaming.spec.set("rule", "dreaming");
    dreaming.spec.set("dreams", "2");
    dreaming.write(&stored).expect("a file");
    let dreams = |time: &str| Setup { model: None, ..with("modern", "dreams", time) };
    assert_eq!(couplings(&dreams("2")), Weights::Couplings(marked.clone()));
    assert_ne!(couplings(&dreams("3")), Weights::Couplings(marked));
}

#[test]
fn patterns_may_be_packed_or_stay_in_their_file() {
    let folder = Folder::new();
    let spins = folder.npy("spins.npy", &array![[1.0_f32, -1.0, 1.0], [-1.0, -1.0, 1.0]]);
    let packed = Setup { prepare: Some(Auto::As(Prepare::Packed)), ..of("modern") };
    let session = opened(&spins, &packed);
    let bits = with_memory!(&session.memory, memory => memory.patterns().is_some_and(|p| p.bits().is_some()));
    assert!(bits);
    let limited = |model: &str, bytes| Setup { memory_limit: Some(bytes), ..of(model) };
    let rows = folder.npy("rows.npy", &floats());
    let held = |limit| {
        let session = opened(&rows, &limited("modern", limit));
        with_memory!(&session.memory, memory => memory.patterns().is_some_and(|p| p.are_held()))
    };
    assert!(held(48) && !held(47));
    refused(
        open(&spins, &limited("hopfield", 1)),
        &["memory-limit", "modern, random-features, diffusion and local"],
    );
    let text = folder.text("rows.csv", "1,2,3\n4,5,6\n");
    refused(open(&text, &limited("modern", 1)), &["memory-limit", "plain .npy", "rows.csv"]);
}

#[test]
fn files_of_labels_weights_and_values_belong_to_patterns() {
    let folder = Folder::new();
    let rows = folder.npy("rows.npy", &floats());
    let labels = folder.text("labels.txt", "one\ntwo\nthree\n");
    let setup = Setup {
        labels: Some(labels.clone()),
        weights: Some(folder.npy("weights.npy", &array![[1.0_f64, 2.0, 1.0]])),
        values: Some(folder.npy("values.npy", &array![[7.0_f32, 8.0, 9.0]])),
        ..of("diffusion")
    };
    let session = opened(&rows, &setup);
    with_memory!(&session.memory, memory => {
        assert_eq!(memory.label(1), Some("two"));
        assert_eq!(memory.weights(), Some(vec![0.25, 0.5, 0.25]));
        // One number per pattern is a column.
        assert_eq!(memory.patterns().and_then(|p| p.associated()).map(|v| v.dim()), Some((3, 1)));
    });
    let two = Some(folder.npy("two.npy", &array![[1.0_f64, 2.0]]));
    refused(open(&rows, &Setup { weights: two, ..of("modern") }), &["two.npy", "3 weights", "1 x 2"]);
    let patterns = open_patterns(&rows, &ReadOptions::default(), &setup).expect("rows");
    assert_eq!(patterns.head().labels.as_ref().map(Vec::len), Some(3));
}

#[test]
fn what_has_its_own_patterns_takes_nothing_of_patterns() {
    let folder = Folder::new();
    let (stored, any) = (folder.path("a.memory"), Some(folder.path("any.npy")));
    opened(&folder.npy("a.npy", &floats()), &of("modern")).write(&stored).expect("a file");
    let described = folder.text("two.toml", "[[memory]]\nkind = \"points\"\nat = [[1, 0], [0, 1]]\n");
    for (path, found) in [(&stored, "the stored memory"), (&described, "the description")] {
        let normalize = Some(Auto::As(Prepare::Normalize));
        refused(open(path, &Setup { prepare: normalize, ..Setup::default() }), &["`prepare`", found]);
        refused(open(path, &Setup { labels: any.clone(), ..Setup::default() }), &["`labels`", found]);
        refused(open(path, &Setup { weights: any.clone(), ..Setup::default() }), &["`weights`", found]);
        refused(open(path, &Setup { values: any.clone(), ..Setup::default() }), &["`values`", found]);
        refused(open(path, &of("dense")), &["model", "dense", "for another model"]);
    }
    refused(
        open(&described, &Setup { memory_limit: Some(1), ..Setup::default() }),
        &["`memory-limit`", "the description"],
    );
    opened(&described, &Setup { prepare: Some(Auto::Auto), ..of("extended") });
}

#[test]
fn what_cannot_be_stored_is_not() {
    let folder = Folder::new();
    let disk = folder.text("disk.toml", "[[memory]]\nkind = \"sphere\"\ncentre = [0, 0]\nradius = 1\n");
    if let Ok(session) = open(&disk, &Setup::default()) {
        refused(session.write(&folder.path("disk.memory")), &["save", "mixture", "has none"]);
    }
    // A memory of a later version.
    let stored = folder.path("new.memory");
    opened(&folder.npy("a.npy", &floats()), &of("modern")).write(&stored).expect("a file");
    let mut newer = read_memory::<f32>(&stored).expect("a memory");
    newer.spec.model = "telepathy".into();
    newer.write(&stored).expect("a file");
    refused(open(&stored, &Setup::default()), &["new.memory", "telepathy", "update attractor"]);
}
