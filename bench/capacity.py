"""Computes figure 3 with attractor and with a straightforward PyTorch program: the whole grid, and its one curve.

    pip install torch
    cargo build --release
    python bench/capacity.py [--sets 140] [--last 24]

Both store random ±1 patterns and recall noisy cues (θ = 0.68), every pattern once per set, for every N up to 1.5 times the
capacity. PyTorch computes all sets of a cell at once. It prints seconds, the capacities of both, and ratios:

3a  the exact model on the grid, by the same sampler (DPM-Solver++(2M), 24 reads), like for like
3b  capacities of exact diffusion, modern Hopfield (β = 5, 150 updates) and the classical network (150 synchronous
    updates): PyTorch on the grid by the paper's 300 Euler steps, attractor by bisection at its default sampler
"""

import argparse
import csv
import json
import subprocess
import tempfile
import time
from pathlib import Path

import torch

SIGNAL, THRESHOLD, GAMMA = 0.68, 0.03, 0.8


def denoise(states, patterns, sigma):
    """E[y | z] of all sets at once, for states (S, B, D) and patterns (S, N, D)."""
    return torch.softmax(states @ patterns.mT / sigma**2, dim=2) @ patterns


def diffusion_euler(patterns, cues, steps=300):
    """The probability flow of the variance-preserving process, with equal steps of time."""
    states = cues / SIGNAL
    first = -2.0 / GAMMA * torch.log(torch.tensor(SIGNAL)).item()
    times = torch.linspace(first, 0.0, steps + 1).tolist()
    sigma = [max(torch.expm1(torch.tensor(GAMMA * t)).item(), 0.0) ** 0.5 for t in times]
    for now, then in zip(sigma[:-1], sigma[1:], strict=True):
        mean = denoise(states, patterns, now)
        states = mean + (states - mean) * (then / now)
    return states


def diffusion_dpm(patterns, cues, steps=24, rho=2.0, last=0.002):
    """DPM-Solver++(2M) (Lu et al. 2022) on a grid of exponent rho."""
    states = cues / SIGNAL
    first = (1.0 - SIGNAL**2) ** 0.5 / SIGNAL
    ends = first ** (1 / rho), last ** (1 / rho)
    sigma = [(ends[0] + i / (steps - 1) * (ends[1] - ends[0])) ** rho for i in range(steps)] + [0.0]
    before = None
    for i in range(steps):
        mean = denoise(states, patterns, sigma[i])
        ratio = sigma[i + 1] / sigma[i]
        target = mean
        if before is not None and sigma[i + 1] > 0:
            h = torch.log(torch.tensor(sigma[i] / sigma[i + 1])).item()
            h_before = torch.log(torch.tensor(sigma[i - 1] / sigma[i])).item()
            r = h_before / h
            target = mean + (mean - before) / (2 * r)
        states = target + (states - target) * ratio
        before = mean
    return states


def modern(patterns, cues, updates=150):
    states = cues
    for _ in range(updates):
        after = torch.softmax(5.0 * states @ patterns.mT, dim=2) @ patterns
        if torch.equal(after, states):
            break
        states = after
    return states


def classical(patterns, cues, updates=150):
    weights = patterns.mT @ patterns
    weights.diagonal(dim1=1, dim2=2).zero_()
    states = cues
    for _ in range(updates):
        fields = states @ weights
        after = torch.where(fields == 0, states, fields.sign())
        if torch.equal(after, states):
            break
        states = after
    return states


def grid(recall, dims, sets):
    """The capacities from every N up to 1.5 times the capacity, and the number of cells."""
    found, cells = {}, 0
    for dim in dims:
        capacity, count = 0, 0
        while count < max(4, -(-3 * capacity // 2)):
            count += 1
            cells += 1
            patterns = torch.randn(sets, count, dim).sign()
            cues = SIGNAL * patterns + (1 - SIGNAL**2) ** 0.5 * torch.randn(sets, count, dim)
            wrong = (recall(patterns, cues).sign() != patterns).float().mean().item()
            if wrong <= THRESHOLD:
                capacity = count
        found[dim] = capacity
    return found, cells


def ours(binary, dims, sets, more):
    with tempfile.TemporaryDirectory() as folder:
        task = ["--dims", ",".join(map(str, dims)), "--sets", str(sets), "--cues", "each", "--signal", str(SIGNAL)]
        start = time.perf_counter()
        subprocess.run([binary, "capacity", *task, *more, "--out", folder, "--quiet"], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        rows = csv.DictReader((Path(folder) / "results.csv").open())
        return seconds, {(row["memory"].split()[0], int(row["dim"])): int(row["patterns"]) for row in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", type=int, default=140)
    parser.add_argument("--last", type=int, default=24)
    parser.add_argument("--binary", default="target/release/attractor")
    asked = parser.parse_args()
    dims = list(range(8, asked.last + 1, 2))
    torch.manual_seed(0)
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), "sets": asked.sets, "dims": dims}

    seconds, found = ours(asked.binary, dims, asked.sets, ["--model", "diffusion", "--grid"])
    result["3a"] = {"attractor": round(seconds, 2), "capacities": [found["diffusion", dim] for dim in dims]}
    start = time.perf_counter()
    theirs, cells = grid(diffusion_dpm, dims, asked.sets)
    result["3a"] |= {"torch": round(time.perf_counter() - start, 2), "theirs": list(theirs.values()), "cells": cells}
    result["3a"]["ratio"] = round(result["3a"]["torch"] / result["3a"]["attractor"], 2)
    print(json.dumps(result["3a"]))

    models = ["--model", "diffusion,modern,hopfield", "--beta", "5", "--updates", "150"]
    seconds, found = ours(asked.binary, dims, asked.sets, models)
    result["3b"] = {"attractor": round(seconds, 2), "torch": 0.0}
    for name, recall in (("diffusion", diffusion_euler), ("modern", modern), ("hopfield", classical)):
        start = time.perf_counter()
        theirs, _ = grid(recall, dims, asked.sets)
        spent = time.perf_counter() - start
        capacities = [found[name, dim] for dim in dims]
        result["3b"][name] = {"torch": round(spent, 2), "theirs": list(theirs.values()), "ours": capacities}
        result["3b"]["torch"] = round(result["3b"]["torch"] + spent, 2)
    result["3b"]["ratio"] = round(result["3b"]["torch"] / result["3b"]["attractor"], 2)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
