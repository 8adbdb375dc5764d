//! What help shows, and the errors for impossible numbers.
#![allow(missing_docs)]

mod common;

use common::*;

/// What is printed as one line.
fn words(arguments: &[&str]) -> String {
    ok(arguments).split_whitespace().collect::<Vec<_>>().join(" ")
}

const OF_MODELS: [&str; 7] = ["recall", "trace", "sample", "landscape", "minima", "energy", "store"];

#[test]
fn help_is_what_everyone_needs() {
    for command in OF_MODELS {
        let help = ok(&[command, "--help"]);
        for private in ["--sampler", "--beta", "--locations", "--similarity", "--rule"] {
            assert!(!help.contains(private), "{command} {private}: {help}");
        }
        let more = format!("attractor {command} --model NAME --help");
        assert!(words(&[command, "--help"]).contains(&more), "{help}");
        assert!(help.contains("--threads") && help.contains("--shape"), "{help}");
        let short = ok(&[command, "-h"]);
        assert!(!short.contains("--threads") && short.contains("--help"), "{short}");
        // What is needed less often comes last.
        let places = ["--memory", "--out", "--threads", "--shape"].map(|option| help.find(option));
        assert!(places[2] < places[3] && places[0] < places[2] && places[1] < places[2], "{help}");
    }
}

/// Two screens for all that there is, and one for the short help.
#[test]
fn help_fits_the_screen() {
    const SCREEN: usize = 60;
    let commands = ok(&["--help"]);
    let commands = commands.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()))
        .collect();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands.into_iter().filter(|name| *name != "help") {
        for (flag, screens) in [("-h", 1), ("--help", 2)] {
            let help = ok(&[command, flag]);
            let lines = help.lines().count();
            assert!(lines <= screens * SCREEN, "{command} {flag}: {lines} lines");
            // The line of the usage is not wrapped, since it is to be copied.
            let mut wrapped = help.lines().filter(|line| !line.starts_with("Usage: "));
            assert!(wrapped.all(|line| line.chars().count() <= 100), "{command} {flag}: {help}");
            let broken =
                help.lines().filter(|line| line.starts_with("  attractor") && line.chars().count() > 80);
            assert_eq!(broken.count(), 0, "{command} {flag} has an example that wraps: {help}");
        }
    }
}

#[test]
fn help_of_an_experiment_says_what_it_is() {
    let list = ok(&["reproduce", "--help"]);
    let help = ok(&["reproduce", "fig3", "--help"]);
    assert!(help.contains("--profile") && !help.contains("--repetitions"), "{help}");
    let title = help.lines().next().expect("a title");
    assert!(words(&["reproduce", "--help"]).contains(title), "{list}");
    assert!(words(&["reproduce", "table1", "--help"]).contains("--repetitions"));
}

#[test]
fn older_names_are_understood_and_not_listed() {
    for (old, new) in [("bam", "bidirectional"), ("sdm", "sparse-distributed"), ("extended", "mixture")] {
        assert_eq!(ok(&["models", old]), ok(&["models", new]));
        let heading = format!("of {new}");
        assert!(ok(&["recall", "--model", old, "--help"]).contains(&heading));
        for text in [ok(&["models"]), ok(&["completions", "bash"])] {
            let listed =
                |word: &str| text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| w == word);
            assert!(!listed(old) || old == "sdm" || old == "extended", "{old} is listed");
        }
    }
}

#[test]
fn help_of_a_stored_memory_has_the_options_of_its_model() {
    let folder = Folder::new();
    let stored = folder.name("a.memory");
    ok(&["store", "--patterns", &fixture("memory.npy"), "--model", "modern", "--out", &stored]);
    let help = ok(&["recall", "--memory", &stored, "--help"]);
    assert!(help.contains("Options of modern") && help.contains("--beta"), "{help}");
}

#[test]
fn help_of_a_model_has_its_options() {
    for command in OF_MODELS.into_iter().chain(["capacity"]) {
        let help = ok(&[command, "--model", "modern", "--help"]);
        assert!(help.contains("--beta") && help.contains("--norm-bias"), "{help}");
        assert!(!help.contains("--sampler") && !help.contains("--rule"), "{help}");
        let help = words(&[command, "--help", "--model=diffusion"]);
        assert!(help.contains("--sampler") && help.contains("dormand-prince"), "{help}");
        assert!(help.contains("a number from 0.1 to 100") && !help.contains("--beta "), "{help}");
    }
}

#[test]
fn models_says_what_options_are() {
    let text = words(&["models", "diffusion"]);
    for words in [
        "--sampler",
        "heun",
        "second order",
        "a whole number from 1 to 100000",
        "[default: 24; 1 for one-step",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("--beta ") && text.contains("Ambrogioni"));
    let text = ok(&["models", "universal"]);
    assert!(text.contains("jensen-shannon") && text.contains("softmax:BETA"), "{text}");
    refused(&["models", "perceptron"], &["unknown model 'perceptron'", "hopfield"]);
}

#[test]
fn models_are_listed_by_family() {
    let text = ok(&["models"]);
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(place("\nDENSE (") < place("\ndense: ") && place("\ndense: ") < place("\nMODERN ("), "{text}");
    let all: serde_json::Value = serde_json::from_str(&ok(&["models", "--json"])).expect("JSON");
    for card in all.as_array().expect("an array") {
        let name = card["name"].as_str().expect("a name");
        let family = card["family"].as_str().expect("a family").to_uppercase();
        assert!(place(&format!("{family} (")) < place(&format!("\n{name}: ")), "{name} is in {family}");
        let alone: serde_json::Value = serde_json::from_str(&ok(&["models", name, "--json"])).expect("JSON");
        assert_eq!(&alone, card);
        assert!(
            ok(&["models", name]).contains(&format!("family   {}", card["family"].as_str().expect("one")))
        );
    }
}

#[test]
fn completions_know_the_models_options() {
    for shell in ["bash", "zsh", "fish"] {
        let script = ok(&["completions", shell]);
        for word in [
            "beta",
            "sampler",
            "dormand-prince",
            "norm-bias",
            "jensen-shannon",
            "predictor-corrector",
            "bidirectional",
            "normalize",
            "hwc",
            "f64",
            "ceiling",
        ] {
            assert!(script.contains(word), "{shell} {word}");
        }
    }
}

#[test]
fn numbers_may_be_negative_and_are_then_refused_by_name() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let recall = ["recall", "--memory", &memory, "--cues", &cues];
    for (option, value) in [
        ("sigma", "-1e-3"),
        ("signal", "-.5"),
        ("tolerance", "-1e-3"),
        ("reject", "-0.1"),
        ("updates", "-3"),
        ("top", "-3"),
        ("seed", "-3"),
        ("first-row", "-3"),
        ("repeat", "-3"),
        ("threads", "-3"),
        ("gamma", "-1e-3"),
        ("steps", "-3"),
        ("rho", "-1e-3"),
        ("last", "-1e-3"),
        ("rate-min", "-2"),
    ] {
        let output = refused_late(&[&recall[..], &[&format!("--{option}"), value]].concat(), &[option]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("expected") && !error.contains("unexpected"), "{error}");
    }
    let landscape = ["landscape", "--memory", &memory, "--out", "nothing.svg"];
    refused_late(&[&landscape[..], &["--sigma", "1,-2"]].concat(), &["sigma", "expected", "-2"]);
    refused(&[&landscape[..], &["--size", "-2"]].concat(), &["size: expected a whole number, found -2"]);
    refused(&["sample", "--memory", &memory, "--count", "-2"], &["count: expected a whole number, found -2"]);
    refused(
        &["capacity", "--out", "nothing", "--flip", "0.1,-x"],
        &["flip: expected a number from 0 to 1, found -x"],
    );
    refused(
        &["train", "--patterns", &memory, "--out", "nothing", "--rate", "-1e-3"],
        &["rate: expected a number from 1e-9 to 1, found -1e-3"],
    );
    refused(
        &["recall", "--memory", &memory, "--cues", &cues, "--model", "modern", "--beta", "-1e-3"],
        &["beta: expected auto, or a number from 1e-30 to 1e30, found -1e-3"],
    );
    refused(
        &["corrupt", "--patterns", &memory, "--out", "nothing.npy", "--sigma", "-1e-3"],
        &["sigma", "expected"],
    );
}

/// After a file or several values too, a number with an exponent is a value and not an unknown argument.
#[test]
fn numbers_with_exponents_are_values_everywhere() {
    let memory = fixture("memory.npy");
    refused(&["recall", "--memory", "-1e-3", "--cues", &memory], &["cannot read -1e-3"]);
    refused(
        &["recommend", "--patterns", &memory, "--corruption", "sigma:0.5", "-1e-3", "--seed", "1"],
        &["corruption", "-1e-3"],
    );
    // Where no value can stand, it is not accepted.
    refused(&["recall", "--memory", &memory, "--cues", &memory, "-1e-3"], &["unexpected argument '-1e-3'"]);
}

/// Exit code 2, nothing on stdout, and one sentence that names what is wrong.
#[test]
fn bad_requests_are_refused_in_one_sentence() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let recall = ["recall", "--memory", &memory, "--cues", &cues];
    let capacity = ["capacity", "--out", "nothing"];
    let landscape = ["landscape", "--memory", &memory, "--out", "nothing.svg"];
    let train = ["train", "--patterns", &memory, "--out", "nothing"];
    let table1 = ["reproduce", "table1", "--out", "nothing"];
    let corrupt = ["corrupt", "--patterns", &memory, "--out", "nothing.npy"];
    let sample = ["sample", "--memory", &memory];
    let store = ["store", "--out", "nothing.memory"];
    let requests: &[(&[&str], &[&str], &[&str])] = &[
        (&recall, &["--sigma", ""], &["sigma: expected a number from 0 to 1e15, found nothing"]),
        (&recall, &["--seed", ""], &["seed: expected a whole number, found nothing"]),
        (&recall, &["--model", ""], &["model", "hopfield"]),
        (&recall, &["--sampler", ""], &["sampler", "heun"]),
        (&recall, &["--prepare", ""], &["prepare: expected none", "found nothing"]),
        (&recall, &["--dtype", ""], &["dtype: expected f32 or f64, found nothing"]),
        (&recall, &["--layout", "rgb"], &["layout: expected chw or hwc, found rgb"]),
        (&recall, &["--shape", ""], &["shape: expected HxW", "found nothing"]),
        (&recall, &["--shape", "-8x8"], &["shape", "-8x8"]),
        (&recall, &["--resize", "8"], &["resize", "8"]),
        (&recall, &["--memory-limit", "-2G"], &["memory-limit", "-2G"]),
        (&recall, &["--memory-limit", "much"], &["memory-limit", "much"]),
        (&recall, &["--sigma", "nan"], &["sigma: expected a number from 0 to 1e15, found nan"]),
        (&recall, &["--signal", "inf"], &["signal: expected a number above 0, at most 1, found inf"]),
        (&recall, &["--tolerance", "nan"], &["tolerance: expected a number >= 0, found nan"]),
        (&recall, &["--reject", "nan"], &["reject: expected a number between 0 and 1, found nan"]),
        (&recall, &["--sigma", "1e999"], &["sigma"]),
        (&recall, &["--sigma", "a"], &["sigma: expected a number from 0 to 1e15, found a"]),
        (&recall, &["--seed", "1.5"], &["seed: expected a whole number, found 1.5"]),
        (&recall, &["--seed", "99999999999999999999999"], &["seed"]),
        (&recall, &["--threads", "-1"], &["threads: expected a whole number, found -1"]),
        (&recall, &["--threads", "1e3"], &["threads", "1e3"]),
        (&recall, &["--model", "perceptron"], &["unknown model 'perceptron'", "hopfield"]),
        (&recall, &["--beta", "2"], &["beta", "modern"]),
        (&recall, &["--locations", "10"], &["locations", "sparse-distributed"]),
        (&recall, &["--model", "modern", "--sampler", "heun"], &["sampler", "diffusion"]),
        (&recall, &["--model", "modern", "--beta", "nan"], &["beta", "nan"]),
        (&recall, &["--model", "universal", "--separation", "poly:-1"], &["poly", "-1"]),
        (&recall, &["--narrow", "yes"], &["narrow: expected on or off, found yes"]),
        (&recall, &["--steps", "1000000000000"], &["steps: expected a whole number from 1 to 100000"]),
        (&recall, &["--clamp", "nothing.npy"], &["nothing.npy"]),
        (&recall, &["--clamp", "-1"], &["-1"]),
        (&recall, &["--clamp", "-1e-3"], &["cannot read -1e-3"]),
        (&recall, &["--values", "-1e+3", "--json"], &["cannot read -1e+3"]),
        (&recall, &["--json=yes"], &["--json"]),
        (&recall, &["--jsom"], &["--jsom"]),
        (&recall, &["more"], &["more"]),
        (&recall, &["--sigma", "1", "--sigma", "2"], &["--sigma"]),
        (&landscape, &["--sigma", "1,,2"], &["sigma"]),
        (&landscape, &["--sigma", "1,-2"], &["sigma", "-2"]),
        (&landscape, &["--size", "1"], &["size", "2 to 500"]),
        (&landscape, &["--margin", "-1"], &["margin", "-1"]),
        (&landscape, &["--through", "-1"], &["-1"]),
        (&sample, &["--count", "-1"], &["count: expected a whole number, found -1"]),
        (&sample, &["--within", "-1"], &["within", "-1"]),
        (&capacity, &["--dims", "-8..32"], &["dims", "-8..32"]),
        (&capacity, &["--dims", ""], &["dims: expected numbers", "found nothing"]),
        (&capacity, &["--threshold", "nan"], &["threshold: expected a number between 0 and 0.5, found nan"]),
        (&capacity, &["--cues", "-1"], &["cues", "-1"]),
        (&capacity, &["--shard", "-1/2"], &["shard", "-1/2"]),
        (&capacity, &["--model", "mixture"], &["model", "mixture"]),
        (&capacity, &["--beta", "-1"], &["beta", "-1"]),
        (&capacity, &["--signal", "1,2"], &["signal", "1"]),
        (&capacity, &["--flip", "-0.1"], &["flip", "-0.1"]),
        (&capacity, &["--threshold", "-1"], &["threshold", "-1"]),
        (&train, &["--width", "-1"], &["width", "-1"]),
        (&train, &["--save-every", "-1"], &["save-every", "-1"]),
        (&train, &["--until-error", "2"], &["until-error", "2"]),
        (&train, &["--prepare", "wash"], &["prepare", "wash"]),
        (&table1, &["--repetitions", "-1"], &["repetitions", "-1"]),
        (&table1, &["--profile", "quick"], &["profile", "fig3"]),
        (&table1, &["--seed", "-1"], &["seed: expected a whole number, found -1"]),
        (&corrupt, &["--block", "-1"], &["block", "-1"]),
        (&corrupt, &["--flip", "2"], &["flip", "2"]),
        (&corrupt, &[], &["--sigma"]),
        (&store, &["--remove", "-1"], &["nothing.memory"]),
        (&store, &[], &["--patterns"]),
        (&["models"], &["perceptron"], &["unknown model 'perceptron'", "hopfield"]),
        (&["completions"], &["tcsh"], &["tcsh", "bash"]),
        (&["reproduce"], &["fig9", "--out", "nothing"], &["fig9"]),
        (&["remember"], &[], &["remember"]),
        (&["bench"], &["--threads", "-1"], &["threads: expected a whole number, found -1"]),
        (&["demo"], &["--cues", "-1"], &["cues: expected a whole number, found -1"]),
        (&["info"], &["nothing.npy"], &["nothing.npy"]),
    ];
    for (command, rest, words) in requests {
        let output = attractor(&[*command, *rest].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let asked = [*command, *rest].concat().join(" ");
        assert_eq!(output.status.code(), Some(2), "{asked}: {error}");
        assert!(output.stdout.is_empty(), "{asked} printed something");
        let sentence = error.lines().last().unwrap_or_default();
        let sentences = error.lines().filter(|line| line.starts_with("attractor: ")).count();
        assert!(sentences == 1 && sentence.starts_with("attractor: "), "{asked}: {error}");
        for word in *words {
            assert!(sentence.contains(word), "{asked}: no '{word}' in {error}");
        }
    }
}
