"""What an append costs: 10 patterns to 1,000,000 x 256 numbers of f32, without a look at the others.

    python bench/append.py [PROGRAM]

PROGRAM is the `attractor` to measure; default target/release/attractor. It needs NumPy, 3 GB of disk, and Linux for the bytes read and written.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

PROGRAM = next(iter(sys.argv[1:]), "target/release/attractor")
PATTERNS, UNITS, ADDED, PARTS = 1_000_000, 256, 10, 100


def measured(*arguments: str) -> tuple[float, str, float]:
    """Seconds, megabytes read and written, and megabytes of memory of one run."""
    begun = time.perf_counter()
    process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.perf_counter() - begun
    counts = dict(line.split(": ") for line in open(f"/proc/{process.pid}/io").read().splitlines())
    said = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, said
    moved = f"read {int(counts['rchar']) / 1e6:.2f} MB, wrote {int(counts['wchar']) / 1e6:.3f} MB"
    return seconds, moved, usage.ru_maxrss / 1024


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", ".")) as folder:
        rows, more, labels = (os.path.join(folder, name) for name in ("rows.npy", "more.npy", "labels.txt"))
        # In a process of its own, since a child's peak of memory begins with that of its parent.
        made = f"import numpy as np; np.save({rows!r}, np.random.default_rng(0).standard_normal(({PATTERNS}, {UNITS}), dtype='f4'))"
        subprocess.run([sys.executable, "-c", made], check=True)
        np.save(more, np.random.default_rng(1).standard_normal((ADDED, UNITS), dtype="f4"))
        with open(labels, "w") as file:
            file.writelines(f"note {n} of the application\n" for n in range(PATTERNS))
        ten = os.path.join(folder, "ten.txt")
        with open(ten, "w") as file:
            file.writelines(f"new note {n}\n" for n in range(ADDED))
        for name, first, added in (("no labels", [], []), ("a label each", ["--labels", labels], ["--labels", ten])):
            memory = os.path.join(folder, "a.memory")
            model = ["--model", "modern", "--beta", "20"]
            measured("store", "--patterns", rows, "--out", memory, "--quiet", *model, *first)
            append = ["store", "--patterns", more, "--append", "--out", memory, "--check-cues", "0", *added]
            runs = [measured(*append) for _ in range(5)]
            seconds = statistics.median(run[0] for run in runs)
            print(f"{name}: {seconds:.3f} s, {runs[-1][1]}, {runs[-1][2]:.0f} MB of memory", flush=True)
            if not added:
                for _ in range(PARTS - len(runs)):
                    measured(*append)
                for what in (["info", memory, "--json"], append):
                    seconds, moved, _ = measured(*what)
                    print(f"  {what[0]} with {PARTS} parts: {seconds:.3f} s, {moved}", flush=True)
            os.remove(memory)


if __name__ == "__main__":
    main()
