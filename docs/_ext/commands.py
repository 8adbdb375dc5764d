"""Writes the pages on the commands from the help that the program itself prints.

`attractor COMMAND --help` is read, and each option becomes an `option` of Sphinx, which pages can link to and the search finds.
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
OPTION = re.compile(r"^ {2,6}((?:-\w, )?--?[\w-]+(?: [<\[].*?|\.\.\.)?|<\w+>\S*|\[\w+\]\S*|--[\w-]+ \S+)(?: {2,}(\S.*))?$")
#: A row of two columns, as in the table of columns.
ROW = re.compile(r"^ {2}(\S.*?) {2,}(\S.*)$")


def program() -> str:
    """The program: that of the tree, or the one on the path."""
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
    plain = [re.sub(r"([\\*_|])", r"\\\1", part) for part in parts]
    if len(parts) % 2 == 0:
        return r"\`".join(plain)
    out = []
    for n, part in enumerate(parts):
        out.append(f"``{part}``" if n % 2 else plain[n])
    return re.sub(r"``(?=\w)", r"``\\ ", "".join(out)) if False else "".join(out)


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """The parts of a help: headings, without their colon, and lines. What has no heading has an empty one."""
    heading, lines = "", []
    for line in text.splitlines():
        if re.match(r"^[A-Z][^.]*:$", line):
            yield heading, lines
            heading, lines = line[:-1], []
        elif line and not line.startswith(" ") and heading:
            yield heading, lines
            heading, lines = "", [line]
        else:
            lines.append(line)
    yield heading, lines


def paragraphs(lines: list[str]) -> Iterator[str]:
    for block in "\n".join(lines).split("\n\n"):
        text = " ".join(line.strip() for line in block.splitlines())
        if text:
            yield text


def entries(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Options with the lines of their help."""
    name, text = "", []
    for line in lines:
        found = OPTION.match(line)
        if found and len(line) - len(line.lstrip()) <= 6:
            if name:
                yield name, text
            name, text = found[1], [found[2] or ""]
        else:
            text.append(line)
    if name:
        yield name, text


def options(lines: list[str]) -> list[str]:
    out = []
    for name, text in entries(lines):
        out += [f".. option:: {name}", "", *(f"   {escaped(p)}\n" for p in paragraphs(text)), ""]
    return out


def rows(lines: list[str]) -> list[str]:
    """Two columns as a list of definitions."""
    out: list[str] = []
    for line in lines:
        found = ROW.match(line)
        if found:
            out += [f"``{found[1]}``", f"   {escaped(found[2])}"]
        elif line.strip():
            out.append(f"   {escaped(line.strip())}")
    return [*out, ""]


def heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def page(command: str, text: str) -> str:
    """The page on a command, from its help."""
    about, _, rest = text.partition("Usage: ")
    usage, _, rest = rest.partition("\n\n")
    lines = [f".. program:: attractor {command}", "", *heading(f"attractor {command}", "=")]
    lines += [*(f"{escaped(p)}.\n" if not p.endswith(".") else f"{escaped(p)}\n" for p in paragraphs(about.splitlines())), ""]
    lines += [".. code-block:: text", "", *(f"   {line.strip()}" for line in usage.splitlines()), ""]
    for name, body in sections(rest):
        if not any(line.strip() for line in body):
            continue
        if name:
            lines += heading(name, "-")
        if name.startswith("Examples"):
            lines += [".. code-block:: sh", "", *(f"   {line.strip()}" for line in body if line.strip()), ""]
        elif any(OPTION.match(line) for line in body):
            lines += options(body)
        elif any(ROW.match(line) for line in body):
            lines += rows(body)
        else:
            lines += [f"{escaped(p)}\n" for p in paragraphs(body)]
    return "\n".join(lines)


def commands() -> list[tuple[str, str]]:
    """The commands and what each is for."""
    listed = said("--help").partition("Commands:\n")[2].partition("\n\n")[0]
    found: list[tuple[str, str]] = []
    for line in listed.splitlines():
        row = ROW.match(line)
        if row:
            found.append((row[1], row[2]))
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return [(name, about) for name, about in found if name != "help"]


def model(name: str) -> list[str]:
    """A section on a model, from what `attractor models NAME` prints."""
    head, *body = said("models", name).splitlines()
    title = head.partition(": ")[2]
    split = next((n for n, line in enumerate(body) if line.startswith("  --")), len(body))
    lines = [f".. _model-{name}:", "", *heading(f"{name}: {title}", "-")]
    lines += [f".. program:: attractor recall --model {name}", ""]
    formula = [line.strip() for line in body[:split] if line.strip()]
    facts: list[list[str]] = [["", ""]]
    for line in formula:
        row = re.match(r"^(states|takes|cost|source|aliases?|limits?|options)\s+(.*)$", line)
        if row:
            facts.append([row[1], row[2]])
        else:
            facts[-1][1] = f"{facts[-1][1]} {line}".strip()
    lines += [".. code-block:: text", "", f"   {facts[0][1]}", ""]
    for fact, text in facts[1:]:
        lines += [f":{fact.capitalize()}: {escaped(text)}"]
    lines.append("")
    name_, text_ = "", []

    def flush() -> list[str]:
        if not name_:
            return []
        prose = [line for line in text_ if not line.startswith("        ")]
        table = [line[6:] for line in text_ if line.startswith("        ")]
        out = [f".. option:: {name_}", "", *(f"   {escaped(p)}\n" for p in paragraphs(prose))]
        pairs: list[list[str]] = []
        for line in table:
            row = ROW.match(line)
            if row and not line.startswith("   "):
                pairs.append([row[1], row[2]])
            elif pairs:
                pairs[-1][1] += f" {line.strip()}"
            elif line.strip():
                pairs.append([line.strip(), ""])
        for key, value in pairs:
            out += [f"   ``{key}``", f"      {escaped(value) or '–'}"]
        return [*out, ""]

    for line in body[split:]:
        if line.startswith("  --"):
            lines += flush()
            name_, text_ = line.strip(), []
        else:
            text_.append(line)
    lines += flush()
    return lines


def write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / "reference" / "commands"
    folder.mkdir(parents=True, exist_ok=True)
    listed = commands()
    models = [line.partition(":")[0] for line in said("models").splitlines() if re.match(r"^[a-z-]+: ", line)]
    texts = {f"{name}.rst": page(name, said(name, "--help")) for name, _ in listed}
    index = [*heading("Command line", "="), "Written from the program's own help. ``attractor COMMAND -h`` prints the short form.", ""]
    for name, about in listed:
        index += [f":doc:`attractor {name} <{name}>`", f"   {escaped(about)}.", ""]
    index += [*heading("Exit codes", "-"), "==== ============================================", "code meaning", "==== ============================================"]
    codes = re.search(r"Exit codes: (.*)\.", said("--help"))
    if codes is None:
        raise ValueError("docs: expected exit codes in `attractor --help`, found none")
    for code in codes[1].split(", "):
        number, _, meaning = code.partition(" ")
        index.append(f"{number:4} {meaning}")
    index += ["==== ============================================", "", ".. toctree::", "   :hidden:", ""]
    index += ["   Options of the models <models>", *(f"   {name}" for name, _ in listed)]
    texts["index.rst"] = "\n".join(index) + "\n"
    body = [*heading("Options of the models", "="), "Every command that takes ``--model`` takes these options, too.", ""]
    texts["models-options.rst"] = ""
    del texts["models-options.rst"]
    for name in models:
        body += model(name)
    texts["options.rst"] = "\n".join(body)
    texts["index.rst"] = texts["index.rst"].replace("<models>", "<options>")
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
