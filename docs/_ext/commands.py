"""Writes the pages on the commands from the help that the program itself prints.

`attractor COMMAND --help` is read, and each option becomes an `option` of Sphinx, which pages can link to and the search
finds. `attractor models NAME` gives the options of the models.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

#: An option or an argument at the beginning of its lines; its help may follow on the same line.
OPTION = re.compile(r"^ {2,6}((?:-\w, )?--?[\w-]+(?: [<\[]?[^ ]+[>\]]?)?|[<\[][\w-]+[>\]]\S*)(?: {2,}(\S.*))?$")
#: A row of two columns.
ROW = re.compile(r"^ {2}(\S.*?) {2,}(\S.*)$")


def program() -> str:
    """The program: that of `ATTRACTOR`, that of the tree, or the one on the path."""
    built = Path(__file__).parents[2] / "target" / "debug" / "attractor"
    found = os.environ.get("ATTRACTOR") or (str(built) if built.is_file() else shutil.which("attractor"))
    if found is None:
        raise FileNotFoundError("docs: expected the program `attractor`, found none; run `cargo build`")
    return found


def said(*words: str) -> str:
    return subprocess.run([program(), *words], capture_output=True, text=True, check=True).stdout


def escaped(text: str) -> str:
    """A text in which only `code` is marked up."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [text.replace("`", "'")]

    def plain(part: str) -> str:
        part = re.sub(r"([\\*_|:])", r"\\\1", part)
        part = re.sub(r"docs/([\w/-]+)\.md", r":doc:`/\1`", part)
        return re.sub(r"(?<![\w`-])(--[a-z][a-z-]*)", r"``\1``", part)

    return "".join(f"``{part}``" if n % 2 else plain(part) for n, part in enumerate(parts))


def paragraphs(lines: list[str]) -> Iterator[str]:
    for block in "\n".join(lines).split("\n\n"):
        text = " ".join(line.strip() for line in block.splitlines())
        if text:
            yield escaped(text)


def heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """The parts of a help, with their headings. What stands between them has an empty heading."""
    name, lines = "", []
    for line in text.splitlines():
        if re.match(r"^[A-Z][^.]*:$", line):
            yield name, lines
            name, lines = line[:-1], []
        elif line and not line.startswith(" ") and name:
            yield name, lines
            name, lines = "", [line]
        else:
            lines.append(line)
    yield name, lines


def options(lines: list[str]) -> list[str]:
    """Options with their help."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        option = OPTION.match(line)
        if option:
            found.append((option[1], [option[2] or ""]))
        elif found:
            found[-1][1].append(line)
    out = []
    for name, text in found:
        out += [f".. option:: {name}", "", *(f"   {p}\n" for p in paragraphs(text)), ""]
    return out


def rows(lines: list[str]) -> list[str]:
    """Two columns as a list of definitions."""
    found: list[list[str]] = []
    for line in lines:
        row = ROW.match(line)
        if row:
            found.append([row[1], row[2]])
        elif line.strip() and found:
            found[-1][1] += f" {line.strip()}"
        elif line.strip():
            found.append([line.strip(), ""])
    out = []
    for name, text in found:
        out += [f"``{name}``", f"   {escaped(text) or '–'}"]
    return [*out, ""]


def command_page(command: str, text: str) -> str:
    """The page on a command, from its help."""
    about, _, rest = text.partition("Usage: ")
    usage, _, rest = rest.partition("\n\n")
    out = [f".. program:: attractor {command}", "", *heading(f"attractor {command}", "=")]
    out += [p if p.endswith(".") else f"{p}." for p in paragraphs(about.splitlines())]
    out += ["", ".. code-block:: text", "", *(f"   {line.strip()}" for line in usage.splitlines()), ""]
    for name, lines in sections(rest):
        if not any(line.strip() for line in lines):
            continue
        out += heading(name, "-") if name else []
        if name.startswith("Examples"):
            out += [".. code-block:: sh", "", *(f"   {line.strip()}" for line in lines if line.strip()), ""]
        elif any(OPTION.match(line) for line in lines):
            out += options(lines)
        elif any(ROW.match(line) for line in lines):
            out += rows(lines)
        else:
            out += [f"{p}\n" for p in paragraphs(lines)]
    return "\n".join(out)


def model_section(name: str) -> list[str]:
    """A section on a model, from what `attractor models NAME` prints."""
    head, *body = said("models", name).splitlines()
    first = next((n for n, line in enumerate(body) if line.startswith("  --")), len(body))
    facts = [["", ""]]
    for line in body[:first]:
        fact = re.match(r"^  (family|states|takes|cost|source)\s+(.*)$", line)
        if fact:
            facts.append([fact[1].capitalize(), fact[2]])
        elif line.strip() == "It has no options.":
            facts.append(["Options", "none"])
        else:
            facts[-1][1] = f"{facts[-1][1]} {line.strip()}".strip()
    out = [f".. _model-{name}:", "", *heading(f"{name}: {head.partition(': ')[2]}", "-")]
    out += [".. code-block:: text", "", f"   {facts[0][1]}", ""]
    out += [f":{fact}: {escaped(text)}" for fact, text in facts[1:]]
    out += ["", f".. program:: {name}", ""]
    for block in "\n".join(body[first:]).split("\n\n"):
        option, *lines = block.splitlines() or [""]
        if not option.strip():
            continue
        prose = [line for line in lines if not line.startswith("        ")]
        values = [line[6:] for line in lines if line.startswith("        ")]
        out += [f".. option:: {option.strip()}", "", *(f"   {p}\n" for p in paragraphs(prose))]
        out += [f"   {line}" for line in rows(values)] if values else [""]
    return out


def commands() -> list[tuple[str, str]]:
    """The commands and what each is for."""
    listed = said("--help").partition("Commands:\n")[2].partition("\n\n")[0]
    found: list[list[str]] = []
    for line in listed.splitlines():
        row = ROW.match(line)
        if row:
            found.append([row[1], row[2]])
        else:
            found[-1][1] += f" {line.strip()}"
    return [(name, about) for name, about in found if name != "help"]


def index_page(listed: list[tuple[str, str]]) -> str:
    out = [*heading("Command line", "="), "These pages are written from the program's own help.", ""]
    out += [
        "``attractor COMMAND -h`` prints the options that are needed most, ``--help`` all of them. ``attractor completions bash`` prints a completion script for the shell.",
        "",
    ]
    for name, about in listed:
        out += [f":doc:`attractor {name} <{name}>`", f"   {escaped(about)}.", ""]
    out += [*heading("Exit codes", "-")]
    codes = re.search(r"Exit codes: (.*)\.", said("--help"))
    if codes is None:
        raise ValueError("docs: expected exit codes in `attractor --help`, found none")
    for code in codes[1].split(", "):
        number, _, meaning = code.partition(" ")
        out += [f"``{number}``", f"   {meaning}"]
    out += [
        "",
        ".. toctree::",
        "   :hidden:",
        "",
        "   models",
        *(f"   {name}" for name, _ in listed if name != "models"),
        "",
    ]
    return "\n".join(out)


def pages() -> dict[str, str]:
    listed = commands()
    texts = {name: command_page(name, said(name, "--help")) for name, _ in listed}
    names = re.findall(r"^([a-z-]+): ", said("models"), re.MULTILINE)
    body = [
        *heading("Models and their options", "="),
        "Every command that takes ``--model`` takes the options of that model. ``attractor models NAME`` prints them.",
        "",
    ]
    for name in names:
        body += model_section(name)
    texts["models"] = "\n".join(body)
    texts["index"] = index_page(listed)
    return texts


def write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference" / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.rst": text for name, text in pages().items()}
    for old in folder.glob("*.rst"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
