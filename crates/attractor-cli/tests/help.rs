//! What help shows, and the errors for impossible numbers.
#![allow(missing_docs)]

mod common;

use common::*;

/// What is printed as one line.
fn words(arguments: &[&str]) -> String {
    ok(arguments).split_whitespace().collect::<Vec<_>>().join(" ")
}

const OF_MODELS: [&str; 6] = ["recall", "trace", "sample", "landscape", "energy", "store"];

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
        assert!(help.lines().count() <= 100, "{command}: {} lines", help.lines().count());
        let short = ok(&[command, "-h"]);
        assert!(!short.contains("--threads") && short.contains("--help"), "{short}");
        assert!(short.lines().count() <= 60, "{command}: {} lines", short.lines().count());
    }
}

#[test]
fn help_of_a_model_has_its_options() {
    for command in OF_MODELS.into_iter().chain(["capacity"]) {
        let help = ok(&[command, "--model", "modern", "--help"]);
        assert!(help.contains("--beta") && help.contains("--norm-bias"), "{help}");
        assert!(!help.contains("--sampler") && !help.contains("--rule"), "{help}");
        let help = words(&[command, "--help", "--model=diffusion"]);
        assert!(help.contains("--sampler") && help.contains("dormand-prince"), "{help}");
        assert!(help.contains("a number from 0.1 to 100") && !help.contains("--beta"), "{help}");
    }
}

#[test]
fn models_says_what_options_are() {
    let text = words(&["models", "diffusion"]);
    for words in
        ["--sampler", "heun", "second order", "a whole number from 1 to 100000", "[default: 24; 1 one-step"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("--beta") && text.contains("Ambrogioni"));
    let text = ok(&["models", "universal"]);
    assert!(text.contains("jensen-shannon") && text.contains("softmax:BETA"), "{text}");
    refused(&["models", "perceptron"], &["unknown model 'perceptron'", "hopfield"]);
}

#[test]
fn completions_know_the_models_options() {
    for shell in ["bash", "zsh", "fish"] {
        let script = ok(&["completions", shell]);
        for word in
            ["beta", "sampler", "dormand-prince", "norm-bias", "jensen-shannon", "predictor-corrector"]
        {
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
    refused(&["capacity", "--out", "nothing", "--flip", "0.1,-x"], &["flip: expected a number, found -x"]);
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
