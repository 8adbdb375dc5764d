"""Runs one contender in its own process, which answers requests line by line. It is started by compare.py.

    python bench/worker.py CASE CONTENDER FOLDER

FOLDER holds the arrays of the case as .npy. It prints `ready`, or `not here: REASON`; then it answers

    answer FILE.npy   with `done`, when the answer of a call is in the file
    time N            with the seconds of N calls, one after the other; fewer once they have taken a second

`bench/rust-peers` uses the same protocol.
"""

import sys
import time
from pathlib import Path

import numpy as np
from cases import CASES
from contest import NotHere


def main(case, name, folder):
    arrays = {path.stem: np.load(path) for path in Path(folder).glob("*.npy")}
    contender = next(c for c in CASES[case].contenders if c.name == name)
    try:
        call = contender.prepare(arrays)
    except NotHere as reason:
        say(f"not here: {reason}")
        return
    del arrays
    say("ready")
    for line in sys.stdin:
        verb, value = line.split(maxsplit=1)
        if verb == "answer":
            np.save(value.strip(), call())
            say("done")
        else:
            seconds = []
            while len(seconds) < int(value) and sum(seconds) < 1:
                start = time.perf_counter()
                call()
                seconds.append(time.perf_counter() - start)
            say(" ".join(map(repr, seconds)))


#: Output of libraries must not be mistaken for an answer.
answers = sys.stdout
sys.stdout = sys.stderr


def say(text):
    print(text, file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
