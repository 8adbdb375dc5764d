//! Runs the real binary: the explorer with memories of the reader's own.
#![allow(missing_docs)]

mod common;

use common::*;
use ndarray::{Array2, array};
use serde_json::{Value, json};

/// What the page holds between the marks of its memory.
fn memory_of(page: &str) -> Value {
    let rest =
        page.split_once(r#"<script type="application/json" id="memory">"#).expect("a place for a memory").1;
    serde_json::from_str(rest.split_once("</script>").expect("its end").0).expect("JSON")
}

fn text(folder: &Folder, name: &str, content: &str) -> String {
    std::fs::write(folder.path(name), content).expect("written");
    folder.name(name)
}

fn page(folder: &Folder, memory: &str) -> String {
    let out = folder.name("page.html");
    ok(&["explore", "--memory", memory, "--out", &out]);
    std::fs::read_to_string(&out).expect("the page")
}

#[test]
fn patterns_stored_memories_and_descriptions_go_into_the_page() {
    let folder = Folder::new();
    let rows = array![[0.1_f64, 1.0 / 3.0], [-2.0, 1e-300]];
    let points = json!([[0.1, 1.0 / 3.0], [-2.0, 1e-300]]);
    let patterns = folder.save("p.npy", &rows);
    assert_eq!(memory_of(&page(&folder, &patterns))["points"], points);
    let stored = folder.name("p.memory");
    ok(&["store", "--patterns", &patterns, "--out", &stored]);
    assert_eq!(memory_of(&page(&folder, &stored))["points"], points);
    let shapes = "[[memory]]\nkind = \"gaussian\"\nmean = [1.0, 2.0]\ndirections = [[0.6, 0.8], [-0.8, 0.6]]\ndeviations = [0.5, 0.25]\n[[memory]]\nkind = \"cloud\"\nat = [[0.0, 0.0], [1.0, 1.0]]\n[[memory]]\nkind = \"point\"\nat = [3.0, 4.0]\nlabel = \"home\"\n";
    let found = memory_of(&page(&folder, &text(&folder, "plane.toml", shapes)));
    assert_eq!(found["labels"], json!(["home", "memory 2", "memory 1"]));
    assert_eq!(
        (&found["points"], &found["curves"]),
        (&json!([[3.0, 4.0]]), &json!([[[0.0, 0.0], [1.0, 1.0]]]))
    );
    let angle = found["gaussians"][0]["angle"].as_f64().expect("an angle");
    assert!((angle - 0.8_f64.atan2(0.6)).abs() < 1e-12, "{found}");
}

#[test]
fn images_go_into_the_page() {
    let folder = Folder::new();
    let bytes = Array2::from_shape_fn((3, 12), |(n, unit)| if (n + unit) % 2 == 0 { 0_u8 } else { 51 });
    let patterns = folder.save("p.npy", &bytes);
    let out = folder.name("page.html");
    ok(&["explore", "--memory", &patterns, "--shape", "3x4", "--out", &out]);
    let found = memory_of(&std::fs::read_to_string(&out).expect("the page"));
    assert_eq!((&found["size"], &found["raw"]), (&json!([3, 4]), &json!(true)));
    // Bytes count as 0 to 1, and numbers are no longer than their precision.
    let row: Vec<f64> = serde_json::from_value(found["rows"][1].clone()).expect("numbers");
    assert_eq!(row, [0.2, 0.0].repeat(6));
    let signs = folder
        .save("s.npy", &Array2::from_shape_fn((2, 4), |(n, unit)| if n == unit { 1.0_f64 } else { -1.0 }));
    ok(&["explore", "--memory", &signs, "--shape", "2x2", "--out", &out]);
    assert_eq!(memory_of(&std::fs::read_to_string(&out).expect("the page"))["raw"], json!(false));
    let large = folder.save("l.npy", &Array2::<u8>::zeros((1, 33 * 33)));
    refused(&["explore", "--memory", &large, "--shape", "33x33", "--out", &out], &["32 x 32", "--resize"]);
}

#[test]
fn without_a_memory_the_page_has_examples() {
    let folder = Folder::new();
    let out = folder.name("page.html");
    ok(&["explore", "--out", &out]);
    assert_eq!(memory_of(&std::fs::read_to_string(&out).expect("the page")), Value::Null);
}

#[test]
fn hostile_labels_are_text() {
    let folder = Folder::new();
    let hostile = "</script><img src=x onerror=alert(1)><!--";
    let table = format!("x,y,label\n0,1,{hostile}\n1,0,other\n");
    let page = page(&folder, &text(&folder, "p.csv", &table));
    assert!(!page.contains("<img"), "a label is markup");
    assert_eq!(memory_of(&page)["labels"], json!([hostile, "other"]));
}

#[test]
fn what_does_not_fit_into_a_plane_is_refused() {
    let folder = Folder::new();
    let out = folder.name("page.html");
    let refuse = |memory: &str, words: &[&str]| {
        refused(&["explore", "--memory", memory, "--out", &out], words);
        assert!(!std::path::Path::new(&out).exists());
    };
    refuse(&folder.save("three.npy", &Array2::<f64>::ones((4, 3))), &["2 units", "found 3", "--shape"]);
    refuse(&folder.save("many.npy", &Array2::<f64>::ones((2001, 2))), &["2000 memories"]);
    let circle = "[[memory]]\nkind = \"circle\"\ncentre = [0.0, 0.0]\nradius = 1.0\n";
    refuse(&text(&folder, "circle.toml", circle), &["Gaussians", "cloud"]);
    let weights = "[[memory]]\nkind = \"points\"\nat = [[0.0, 1.0], [1.0, 0.0]]\nweight = [1.0, 2.0]\n";
    refuse(&text(&folder, "weights.toml", weights), &["equal weight"]);
    let patterns = folder.save("p.npy", &array![[0.0, 1.0]]);
    refused(&["explore", "--memory", &patterns, "--out", &folder.name("page.png")], &[".html"]);
    refused(&["explore", "--resize", "8x8", "--memory", &patterns, "--out", &out], &["resize"]);
}
