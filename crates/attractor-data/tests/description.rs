//! Descriptions of extended memories: they are read correctly, and every mistake has its own error.
#![allow(missing_docs)]

use std::fs;
use std::path::Path;

use attractor_data::{Described, Description, Kind, is_description, read_description, write_npy};
use ndarray::array;

/// Reads a description from a folder that also has `rows.npy` (3 × 2), `named.csv` and `nan.npy`.
fn described(name: &str, text: &str) -> attractor_data::Result<Description> {
    let folder = tempfile::tempdir().expect("a folder");
    write_npy(&folder.path().join("rows.npy"), array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].view())
        .expect("written");
    write_npy(&folder.path().join("nan.npy"), array![[1.0, f64::NAN]].view()).expect("written");
    write_npy(&folder.path().join("wide.npy"), array![[1.0, 2.0, 3.0]].view()).expect("written");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("written");
    read_description(&path)
}

fn point(memory: &Described) -> &[f64] {
    match &memory.kind {
        Kind::Point(at) => at,
        other => panic!("{other:?}"),
    }
}

/// Posterior mean of a shape at a state and level.
fn mean(memory: &Described, z: &[f64], sigma: f64) -> Vec<f64> {
    let Kind::Shape(shape) = &memory.kind else { panic!("{memory:?}") };
    let mut mean = vec![0.0; z.len()];
    shape.read(z, sigma, &mut mean);
    mean
}

fn labels(described: &Description) -> Vec<Option<&str>> {
    described.memories.iter().map(|m| m.label.as_deref()).collect()
}

#[test]
fn the_documented_example_is_read() {
    let document = include_str!("../../../docs/ideas/extended-memories.md");
    let example =
        document.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let found = described("example.toml", example).expect("a description");
    let expected = ["west", "east", "north", "road", "roundabout", "district"];
    assert_eq!((found.dim, labels(&found)), (2, expected.map(Some).to_vec()));
    assert_eq!(point(&found.memories[1]), [3.0, 0.0]);
    assert_eq!(found.memories.iter().map(|m| m.weight).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 2.0, 1.0, 1.0]);
    // Past its end, a segment's mean is that end; on the axis through a roundabout's top, that top.
    assert_eq!(
        mean(&found.memories[3], &[5.0, 0.0], 1e-9).iter().map(|x| x.round()).collect::<Vec<_>>(),
        [3.0, 0.0]
    );
    assert!((mean(&found.memories[4], &[0.0, 9.0], 1e-6)[1] - 4.5).abs() < 1e-9);
    // One deviation along the district's long axis, at a level as large: half of it.
    let half = mean(&found.memories[5], &[4.6, 4.8], 1.0);
    assert!((half[0] - 4.3).abs() < 1e-12 && (half[1] - 4.4).abs() < 1e-12, "{half:?}");
}

#[test]
fn toml_and_json_say_the_same() {
    let toml = r#"
dim = 2
[[memory]]
kind = "point"
at = [1, 2.5]
weight = 3
[[memory]]
kind = "flat"
label = "line"
origin = [0, 1]
directions = [[1, 0]]
"#;
    let json = r#"{"dim": 2, "memory": [{"kind": "point", "at": [1, 2.5], "weight": 3},
        {"kind": "flat", "label": "line", "origin": [0, 1], "directions": [[1, 0]]}]}"#;
    let [toml, json] = [("a.toml", toml), ("a.JSON", json)].map(|(n, t)| described(n, t).expect(n));
    assert_eq!(format!("{toml:?}"), format!("{json:?}"));
    assert_eq!((point(&toml.memories[0]), toml.memories[0].weight), (&[1.0, 2.5][..], 3.0));
    assert_eq!(mean(&toml.memories[1], &[7.0, 5.0], 2.0), [7.0, 1.0]);
    for (name, is) in [("a.toml", true), ("b/a.Json", true), ("a.npy", false), ("toml", false)] {
        assert_eq!(is_description(Path::new(name)), is, "{name}");
    }
}

#[test]
fn points_and_clouds_come_from_files() {
    let text = r#"
[[memory]]
kind = "points"
file = "rows.npy"
weight = [1, 2, 3]
labels = ["a", "b", "c"]
[[memory]]
kind = "points"
at = [[0, 0], [1, 1]]
weight = 0.5
label = "both"
[[memory]]
kind = "cloud"
file = "rows.npy"
weights = [1, 1, 2]
weight = 4
[[memory]]
kind = "cloud"
at = [[0, 1]]
"#;
    let found = described("a.toml", text).expect("a description");
    assert_eq!(found.dim, 2);
    assert_eq!(point(&found.memories[2]), [5.0, 6.0]);
    assert_eq!(
        found.memories.iter().map(|m| m.weight).collect::<Vec<_>>(),
        [1.0, 2.0, 3.0, 0.5, 0.5, 4.0, 1.0]
    );
    assert_eq!(labels(&found)[2..], [Some("c"), Some("both"), Some("both"), None, None]);
    let Kind::Cloud { points, weights } = &found.memories[5].kind else { panic!("a cloud") };
    assert_eq!((points, weights), (&array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], &Some(vec![1.0, 1.0, 2.0])));
    let Kind::Cloud { weights, .. } = &found.memories[6].kind else { panic!("a cloud") };
    assert!(weights.is_none());
}

#[test]
fn spheres_have_all_units_or_some() {
    let text = r#"
[[memory]]
kind = "sphere"
centre = [0, 0, 0]
radius = 2
[[memory]]
kind = "circle"
centre = [0, 0, 1]
radius = 2
directions = [[1, 0, 0], [0, 1, 0]]
"#;
    let found = described("a.toml", text).expect("a description");
    let z = [0.0, 3.0, 4.0];
    for (memory, nearest) in found.memories.iter().zip([[0.0, 1.2, 1.6], [0.0, 2.0, 1.0]]) {
        let mean = mean(memory, &z, 1e-6);
        assert!(mean.iter().zip(nearest).all(|(m, n)| (m - n).abs() < 1e-9), "{mean:?}");
    }
}

/// A description with one mistake, and words of its error.
const MISTAKES: &[(&str, &str)] = &[
    (
        "kind = 'points'\nat = [[1, 2], [3, 4]]\nweight = [1]",
        "memory[0].weight to be a list of 2, found 1; give one for each",
    ),
    (
        "kind = 'points'\nat = [[1, 2], [3, 4]]\nweight = [1, 0]",
        "memory[0].weight[1] to be a number > 0, found 0;",
    ),
    (
        "kind = 'points'\nat = [[1, 2], [3]]",
        "memory[0].at[1] to be 2 numbers, as memory[0].at[0] says, found 1;",
    ),
    (
        "kind = 'points'\nat = [[1, 2]]\nfile = 'rows.npy'",
        "memory[0].at to be given, or file instead, found both;",
    ),
    ("kind = 'points'", "memory[0].at to be given, or file instead, found neither;"),
    ("kind = 'points'\nat = [1, 2]", "memory[0].at[0] to be a list of at least one, found 1;"),
    ("kind = 'points'\nat = []", "memory[0].at to be a list of at least one, found a list of 0;"),
    ("kind = 'points'\nat = [[1, 2]]\nlabels = ['a', 'b']", "memory[0].labels to be a list of 1, found 2;"),
    (
        "kind = 'points'\nat = [[1, 2]]\nlabels = [3]",
        "memory[0].labels[0] to be text, found 3; put it in quotes",
    ),
    (
        "kind = 'points'\nat = [[1, 2]]\nlabels = ['a']\nlabel = 'b'",
        "memory[0].labels to be left away beside label, found a list of 1;",
    ),
    ("kind = 'points'\nfile = 3", "memory[0].file to be text, found 3;"),
    ("kind = 'points'\nfile = 'nan.npy'", "found NaN at row 0, unit 1; correct the file"),
    (
        "kind = 'ball'",
        "memory[0].kind to be one of point, points, gaussian, flat, segment, sphere, circle, cloud, found 'ball';",
    ),
    (
        "at = [1]",
        "memory[0].kind to be one of point, points, gaussian, flat, segment, sphere, circle, cloud, found nothing;",
    ),
    ("kind = 3", "found 3; name the kind of this memory"),
    (
        "kind = 'point'\nat = [1, 2]\nradius = 3",
        "memory[0] to have no fields but kind, label, weight, at, found 'radius';",
    ),
    ("kind = 'point'", "memory[0].at to be given, found nothing; add it"),
    ("kind = 'point'\nat = 3", "memory[0].at to be a list of at least one, found 3;"),
    (
        "kind = 'point'\nat = [1, nan]",
        "memory[0].at[1] to be a number of at most 1e100 in size, found 'NaN'; give a finite number",
    ),
    ("kind = 'point'\nat = [-inf]", "memory[0].at[0] to be a number of at most 1e100 in size, found '-inf';"),
    ("kind = 'point'\nat = [1e101]", "memory[0].at[0] to be a number of at most 1e100 in size, found 1e"),
    ("kind = 'point'\nat = [true]", "memory[0].at[0] to be a number of at most 1e100 in size, found true;"),
    ("kind = 'point'\nat = [1]\nweight = 0", "memory[0].weight to be a number > 0, found 0;"),
    ("kind = 'point'\nat = [1]\nweight = inf", "memory[0].weight to be a number > 0, found 'inf';"),
    ("kind = 'point'\nat = [1]\nweight = [1]", "memory[0].weight to be a number > 0, found a list of 1;"),
    ("kind = 'point'\nat = [1]\nlabel = 7", "memory[0].label to be text, found 7;"),
    (
        "kind = 'gaussian'\nmean = [1, 2]\ndirections = [[1, 0]]",
        "memory[0].deviations to be given, found nothing;",
    ),
    (
        "kind = 'gaussian'\nmean = [1, 2]\ndirections = [[1, 0]]\ndeviations = [1, 2]",
        "memory[0].deviations to be a list of 1, found 2;",
    ),
    (
        "kind = 'gaussian'\nmean = [1, 2]\ndirections = [[1, 0]]\ndeviations = [-1]",
        "memory[0].deviations[0] to be a number > 0, found -1;",
    ),
    (
        "kind = 'gaussian'\nmean = [1, 2]\ndirections = [[1]]\ndeviations = [1]",
        "memory[0].directions[0] to be 2 numbers, as memory[0].mean says, found 1;",
    ),
    (
        "kind = 'gaussian'\nmean = [1, 2]\ndirections = [[1, 1]]\ndeviations = [1]",
        "memory[0].directions to be rows of length 1 at right angles, to within 1e-9, found rows 0 and 0 with product 2;",
    ),
    (
        "kind = 'flat'\norigin = [1, 2]\ndirections = [[1, 0], [0.6, 0.8]]",
        "found rows 0 and 1 with product 0.6;",
    ),
    ("kind = 'gaussian'\nmean = [1, 2]\nthickness = -1", "memory[0].thickness to be a number > 0, found -1;"),
    (
        "kind = 'gaussian'\nmean = [1, 2]\nthickness = 1\ndeviations = [1]",
        "memory[0].directions to be given, found nothing;",
    ),
    ("kind = 'flat'\norigin = [1, 2]", "memory[0].directions to be given, found nothing;"),
    (
        "kind = 'segment'\nfrom = [1, 2]\nto = [1]",
        "memory[0].to to be 2 numbers, as memory[0].from says, found 1;",
    ),
    (
        "kind = 'segment'\nfrom = [1, 2]\nto = [1, 2]",
        "memory[0].to to be an end that differs from the first, found",
    ),
    ("kind = 'sphere'\ncentre = [1, 2]\nradius = -1", "memory[0].radius to be a number > 0, found -1;"),
    ("kind = 'sphere'\ncentre = [1, 2]", "memory[0].radius to be given, found nothing;"),
    (
        "kind = 'circle'\ncentre = [1, 2, 3]\nradius = 1",
        "memory[0].directions to be two rows, found nothing; give the two directions of its plane",
    ),
    (
        "kind = 'circle'\ncentre = [1, 2]\nradius = 1\ndirections = [[1, 0]]",
        "memory[0].directions to be two rows, found a list of 1;",
    ),
    ("kind = 'cloud'\nat = [[1, 2]]\nweights = [1, 2]", "memory[0].weights to be a list of 1, found 2;"),
];

#[test]
fn mistakes_are_named() {
    for (fields, expected) in MISTAKES {
        let error = described("shapes.toml", &format!("[[memory]]\n{fields}\n")).expect_err(fields);
        is_sentence(&error.to_string(), expected);
    }
}

fn is_sentence(error: &str, expected: &str) {
    assert!(error.contains(expected), "{error}\nfor {expected}");
    assert!(error.contains("shapes.") && !error.contains('\n'), "{error}");
}

#[test]
fn files_that_are_no_descriptions_are_refused() {
    let cases = [
        ("shapes.toml", "dim = 0\nmemory = []", "dim to be a whole number > 0, found 0;"),
        ("shapes.toml", "dim = -2", "dim to be a whole number > 0, found -2;"),
        ("shapes.toml", "dim = 2.5", "dim to be a whole number > 0, found 2.5;"),
        ("shapes.toml", "", "memory to be a list of at least one memory, found nothing;"),
        ("shapes.toml", "memory = []", "memory to be a list of at least one memory, found a list of 0;"),
        ("shapes.toml", "memory = [3]", "memory[0] to be a table of fields, found 3;"),
        (
            "shapes.toml",
            "[memory]\nkind = 'point'",
            "memory to be a list of at least one memory, found a table;",
        ),
        ("shapes.toml", "points = 3", "the file to have no fields but dim, memory, found 'points';"),
        (
            "shapes.toml",
            "dim = 3\n[[memory]]\nkind = 'point'\nat = [1, 2]",
            "memory[0].at to be 3 numbers, as dim says, found 2;",
        ),
        (
            "shapes.toml",
            "[[memory]]\nkind = 'point'\nat = [1, 2]\n[[memory]]\nkind = 'cloud'\nfile = 'wide.npy'",
            "memory[1].file to be 2 numbers, as memory[0].at says, found 3;",
        ),
        ("shapes.toml", "dim = 2\nkind = = 3", "at line 2; correct that line"),
        ("shapes.toml", "dim = 2\ndim = 3", "at line 2; correct that line"),
        ("shapes.json", "{\"dim\": 2,\n\"memory\": [}", "expected JSON, found expected value at line 2"),
        ("shapes.json", "{\"dim\": NaN}", "at line 1"),
        ("shapes.json", "[]", "an object with the field memory, found a list of 0;"),
        ("shapes.json", "{\"memory\": [{\"kind\": \"point\", \"at\": [null]}]}", "found null;"),
        ("shapes.json", "{\"memory\": [{\"kind\": \"point\", \"at\": [\"1\"]}]}", "found '1';"),
    ];
    for (name, text, expected) in cases {
        is_sentence(&described(name, text).expect_err(text).to_string(), expected);
    }
    let missing = described("a.toml", "[[memory]]\nkind = 'points'\nfile = 'none.npy'").expect_err("no file");
    assert!(missing.to_string().contains("none.npy"), "{missing}");
    assert!(
        read_description(Path::new("no such.toml"))
            .expect_err("no file")
            .to_string()
            .contains("no such.toml")
    );
}

/// A description from elsewhere may name any file of its reader.
#[test]
fn what_a_named_file_holds_is_not_said() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), "hunter2 is the word").expect("a file");
    let path = folder.path().join("a.toml");
    for kind in ["points", "cloud"] {
        let text = format!("[[memory]]\nkind = \"{kind}\"\nfile = \"secret\"\n");
        let error = attractor_data::description_from_text(&path, &text).expect_err("no rows").to_string();
        assert!(error.contains("secret: expected a file of rows"), "{error}");
        // Neither as text nor as the numbers of its bytes.
        assert!(!error.contains("hunter") && !error.contains("68"), "{error}");
    }
}
