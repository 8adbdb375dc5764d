"""Compares this library with its peers on the same questions, in turns.

    python bench/compare.py                    all cases except those that must be named
    python bench/compare.py read scan-10000000 some cases, by name or by the start of their names
    python bench/compare.py --list             lists cases and contenders, and which are missing
    python bench/compare.py --avx2             as on a machine without AVX-512
    python bench/compare.py --record           also writes bench/record/DATE-CASES.md and .json

Every contender has its own process. First all answers are compared, and a case is refused if two answers differ. Then
the contenders are timed in turn, round by round (A B C A B C ...). The processes of the others are stopped meanwhile, so
that nothing spins or computes beside the one that is measured. The first round warms up and is not counted. OpenMP's
threads sleep while they wait (OMP_WAIT_POLICY=passive, unless it is set). On a shared machine, threads that spin hold
each other up; peers that use them took up to a hundred times as long.

For each contender, the table has the median over rounds of the fastest call of a round. For each but the first it also
has the time relative to the first within a round: median, least and largest. Above 1 the first is faster.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from cases import CASES
from contest import ROOT, Case, Contender

#: The variables with which libraries set the number of threads.
THREADS = ["OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON"]

#: How OpenMP's threads wait by default.
WAIT = {"OMP_WAIT_POLICY": "passive"}


#: How each library is kept from instructions beyond AVX2. (NumPy names what it may not use.)
AVX2 = {
    "ATTRACTOR_INSTRUCTIONS": "avx2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "FAISS_OPT_LEVEL": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
}


class Refused(Exception):
    """Raised for a case if contenders disagree or one of them fails."""


class Worker:
    """The process of a contender. It is stopped unless it is asked something."""

    def __init__(self, case: Case, contender: Contender, folder: str, environment: dict[str, str]):
        self.name = contender.name
        if contender.program:
            command = [*contender.program, folder]
        else:
            command = [sys.executable, str(ROOT / "bench" / "worker.py"), case.name, contender.name, folder]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.greeting = self._hear()
        self.process.send_signal(signal.SIGSTOP)

    def ask(self, question: str) -> str:
        """Wakes the process to ask one question."""
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        answer = self._hear()
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def _hear(self) -> str:
        line = self.process.stdout.readline().strip()
        if not line:
            raise Refused(f"{self.name} failed; its message is above.")
        return line

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        self.process.kill()
        self.process.communicate()


def run(case: Case, rounds: int, environment: dict[str, str]) -> dict:
    """Compares the answers, then times the contenders: seconds per round of each, and which were skipped."""
    workers: list[Worker] = []
    skipped = {c.name: reason for c in case.contenders if (reason := c.missing())}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, array in case.data().items():
                np.save(Path(folder) / f"{name}.npy", array)
            for contender in case.contenders:
                if contender.name in skipped:
                    continue
                workers.append(Worker(case, contender, folder, environment))
                if workers[-1].greeting != "ready":
                    skipped[contender.name] = workers[-1].greeting.removeprefix("not here: ")
                    workers.pop().end()
            differences = agree(case, workers, folder)
        seconds: dict[str, list[float]] = {worker.name: [] for worker in workers}
        for turn in range(min(rounds, case.most_rounds) + 1):
            for worker in workers:
                best = min(map(float, worker.ask(f"time {case.best_of}").split()))
                if turn > 0:
                    seconds[worker.name].append(best)
    finally:
        for worker in workers:
            worker.end()
    return {"case": case.name, "title": case.title, "tolerance": case.tolerance, "best_of": case.best_of,
            "seconds": seconds, "differences": differences, "skipped": skipped}  # fmt: skip


def agree(case: Case, workers: list[Worker], folder: str) -> dict[str, float]:
    """The difference of each answer from the first. A case with too large a difference is refused."""
    if not workers:
        raise Refused("no contender is here.")
    found = {}
    path = str(Path(folder) / "answer.npy")
    for worker in workers:
        worker.ask(f"answer {path}")
        answer = np.load(path)
        if not found:
            first = answer
        if answer.shape != first.shape:
            raise Refused(f"{worker.name} answers with shape {answer.shape}, {workers[0].name} with {first.shape}.")
        found[worker.name] = float(np.abs(answer.astype(float) - first.astype(float)).max())
        if not found[worker.name] <= case.tolerance:
            raise Refused(
                f"{worker.name} and {workers[0].name} differ by {found[worker.name]:.2g}, more than {case.tolerance:g}."
            )
    return found


def table(result: dict) -> str:
    """The result of a case in Markdown."""
    seconds = result["seconds"]
    first = next(iter(seconds))
    lines = [
        f"### {result['case']}",
        "",
        f"{result['title']} Answers agree to {max(result['differences'].values()):.1g} (allowed: {result['tolerance']:g}). "
        f"Rounds: {len(seconds[first])}.",
        "",
        f"| contender | median (least–largest) | times {first} (least–largest) |",
        "|---|---|---|",
    ]
    for name, own in seconds.items():
        ratios = [theirs / ours for theirs, ours in zip(own, seconds[first], strict=True)]
        times = "1" if name == first else f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        lines.append(
            f"| {name} | {duration(statistics.median(own))} ({duration(min(own))}–{duration(max(own))}) | {times} |"
        )
    lines += ["", *(f"Skipped: {name} ({reason})." for name, reason in result["skipped"].items())]
    return "\n".join(lines).rstrip() + "\n"


def duration(seconds: float) -> str:
    """A time with three digits and a unit."""
    for unit, size in [("s", 1.0), ("ms", 1e-3)]:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:.0f} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def machine(threads: int) -> dict:
    """The machine and software of the measurement."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", WAIT["OMP_WAIT_POLICY"]),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": git("describe", "--always", "--dirty", "--abbrev=12"),
        "packages": packages(),
    }


def processor() -> str:
    """The processor's model, and its widest instruction set that matters here."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in lines.items()}
        flags = facts.get("flags", "").split()
        wide = [name for name in ("avx2", "avx512f", "avx512_vpopcntdq") if name in flags]
        return f"{facts.get('model name', platform.machine())} ({', '.join(wide) or 'no AVX2'})"
    except OSError:
        return platform.processor() or platform.machine()


def git(*arguments: str) -> str:
    """The output of a git command, or nothing if git fails."""
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def packages() -> dict[str, str]:
    """Versions of the installed packages that contenders need."""
    needed = {name: c for case in CASES.values() for c in case.contenders for name in c.packages}
    return {name: version(name) for name, c in sorted(needed.items()) if not missing_package(name)}


def missing_package(name: str) -> bool:
    """Whether a package is missing."""
    return Contender(name, (name,)).missing() is not None


def chosen(names: list[str]) -> list[Case]:
    """The cases with these names, or with names that start so."""
    if not names:
        return [case for case in CASES.values() if case.default]
    found = []
    for name in names:
        exact = [CASES[name]] if name in CASES else []
        matching = exact or [c for c in CASES.values() if c.name.startswith(f"{name}-") and c.default]
        if not matching:
            sys.exit(f"compare.py: there is no case {name}; there are {', '.join(CASES)}")
        found += [case for case in matching if case not in found]
    return found


def show_list() -> None:
    """Prints cases and contenders."""
    for case in CASES.values():
        print(f"{case.name}{'' if case.default else ' (when named)'}: {case.title}")
        for contender in case.contenders:
            reason = contender.missing()
            print(f"    {contender.name}{f' - {reason}' if reason else ''}")


def record(text: str, numbers: dict, names: list[str]) -> None:
    """Writes the printed text and its data, under today's date."""
    folder = ROOT / "bench" / "record"
    folder.mkdir(exist_ok=True)
    stem = folder / f"{numbers['date'][:10]}-{'+'.join(names) or 'all'}"
    stem.with_suffix(".md").write_text(text, encoding="utf-8")
    stem.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    print(f"\nWritten: {stem.relative_to(ROOT)}.md and .json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count (default 7)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every contender (default 2)")
    parser.add_argument("--avx2", action="store_true", help="no contender uses instructions beyond AVX2")
    parser.add_argument("--list", action="store_true", help="show cases and contenders, and stop")
    parser.add_argument("--record", action="store_true", help="write the result to bench/record/")
    asked = parser.parse_args()
    if asked.list:
        show_list()
        return
    cases = chosen(asked.cases)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that processes that stand still are ended, too
    if hasattr(os, "sched_setaffinity"):  # children inherit it: some libraries count cores, not variables
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.threads])
    environment = (
        WAIT
        | os.environ
        | (AVX2 if asked.avx2 else {})
        | {f"{name}_NUM_THREADS": str(asked.threads) for name in THREADS}
    )
    now = datetime.datetime.now().astimezone().isoformat(timespec="minutes")
    numbers = {
        "date": now,
        "command": shlex.join(["python", "bench/compare.py", *sys.argv[1:]]),
        "machine": machine(asked.threads),
        "load_before": os.getloadavg(),
        "results": [],
        "refused": {},
    }
    facts = numbers["machine"]
    head = (
        f"`{numbers['command']}`, {now}: {facts['processor']}, {facts['threads']} threads of {facts['cores']} cores "
        f"(OpenMP waits: {facts['omp_wait_policy']}), "
        f"{facts['system']}, Python {facts['python']}, commit {facts['commit']}; "
        + ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
        + f". Load before: {numbers['load_before'][0]:.1f}.\n"
    )
    if asked.avx2:
        head += (
            "\nNo contender uses instructions beyond AVX2: " + ", ".join(f"{k}={v}" for k, v in AVX2.items()) + ".\n"
        )
    if numbers["load_before"][0] > 1:
        head += "\n**Others use this machine: these numbers are of little worth, those of whoever has threads that wait least.**\n"
    print(head, flush=True)
    parts = [f"# Comparison of {now[:10]}\n", head]
    for case in cases:
        try:
            result = run(case, asked.rounds, environment)
            numbers["results"].append(result)
            parts.append(table(result))
        except Refused as reason:
            numbers["refused"][case.name] = str(reason)
            parts.append(f"### {case.name}\n\nRefused: {reason}\n")
        print(parts[-1], flush=True)
    numbers["load_after"] = os.getloadavg()
    if asked.record:
        record("\n".join(parts), numbers, [*asked.cases, *(["avx2"] if asked.avx2 else [])])
    if numbers["refused"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
