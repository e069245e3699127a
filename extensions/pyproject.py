"""Dependencies: in a script's header (PEP 723), and between the anchor lines of pyproject.toml.

Texts are edited at the anchor lines, and the result is parsed before anybody writes it.
"""

from __future__ import annotations

import json
import re
import tomllib
from contextlib import suppress
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from packaging.requirements import Requirement

FILE = "pyproject.toml"
TEMPLATE_ANCHOR = "    # Managed by the template, up to the next comment:\n"
OWN_ANCHOR = "    # Yours; add with `uv add`:\n"
HEADER = re.compile(
    r"(?m)(?:(?<=\A\ufeff)(?:\r?\n)?|^)"
    r"# /// script\r?\n(?P<body>(?:#(?: .*)?\r?\n)+?)# ///(?:\r?\n|\Z)"
)
FIRST_LINES = re.compile(
    r"\ufeff?(?:(?:[ \t\f]*(?:#.*)?\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*[-\w.].*\n|#!.*\n)?"
)
"""What must stay first in a script: a byte order mark, the line `#!`, the encoding (PEP 263)."""
SERVER = "uvicorn"
"""A service's server: the one dependency that the template lists at every level from 3 on."""


def parse(requirement: str) -> Requirement:
    """Return a parsed requirement (PEP 508).

    Raises:
        ValueError: it is not one.
    """
    from packaging.requirements import InvalidRequirement, Requirement  # slow, and rarely needed

    try:
        return Requirement(requirement)
    except InvalidRequirement:
        raise ValueError(f"{requirement!r} is not a requirement") from None


def name_of(requirement: str) -> str:
    """Return the normalized name (PEP 503) of the package that a requirement asks for.

    Raises:
        ValueError: it is not a requirement.
    """
    from packaging.utils import canonicalize_name  # slow, and rarely needed

    return canonicalize_name(parse(requirement).name)


def missing(wanted: Iterable[str], present: Iterable[object]) -> list[str]:
    """Return the requirements for packages that no requirement present asks for."""
    names = set()
    for one in present:
        try:
            names.add(name_of(str(one)))
        except ValueError:
            continue  # not a requirement, such as {include-group = "test"}
    return [one for one in wanted if name_of(one) not in names]


def unmet(wanted: Iterable[str], present: Iterable[object]) -> list[str]:
    """Return the requirements that no requirement present meets.

    One does that asks for the same package, for the extras at least, and for no older version.
    """
    known = []
    for one in present:
        with suppress(ValueError):  # not a requirement, such as {include-group = "test"}
            known.append((name_of(str(one)), parse(str(one))))
    return [
        one
        for one in wanted
        if not any(name == name_of(one) and meets(own, parse(one)) for name, own in known)
    ]


def meets(own: Requirement, wanted: Requirement) -> bool:
    """Tell whether a requirement asks for no less than another one for the same package."""
    from packaging.version import Version  # slow, and rarely needed

    if not own.extras >= wanted.extras:
        return False
    if own.url:
        return True
    oldest, least = (
        max(
            (
                Version(one.version.removesuffix(".*"))
                for one in requirement.specifier
                if one.operator in {">=", ">", "==", "~="}
            ),
            default=Version("0"),
        )
        for requirement in (own, wanted)
    )
    return oldest >= least


def dependencies(pyproject: str) -> tuple[list[str], list[str]]:
    """Return the template's and the user's dependencies in the text of a pyproject.toml.

    The template's stand between the two anchors. The user's stand below the second, or above the
    first, where `uv add` may sort them.

    Raises:
        ValueError: it is not TOML.
    """
    everything: list[str] = tomllib.loads(pyproject).get("project", {}).get("dependencies", [])
    between = pyproject.partition(OWN_ANCHOR)[0].partition(TEMPLATE_ANCHOR)[2]
    templates = [one for one in everything if f'"{one}"' in between]
    return templates, [one for one in everything if one not in templates]


def addresses(pyproject: str) -> dict[str, str]:
    """Return name -> address of the user's dependencies that are in a folder or in git.

    Args:
        pyproject: the text of a pyproject.toml. The address is a folder, or begins with `git+`.

    Raises:
        ValueError: it is not TOML, or a dependency is not a requirement.
    """
    _, own = dependencies(pyproject)
    found = {name_of(one): parse(one).url or "" for one in own}
    sources = tomllib.loads(pyproject).get("tool", {}).get("uv", {}).get("sources", {})
    for name, source in sources.items():
        for one in source if isinstance(source, list) else [source]:
            found[name] = f"git+{one['git']}" if "git" in one else str(one.get("path", ""))
    return {
        name: address.removeprefix("file://")
        for name, address in found.items()
        if address and not address.startswith(("http:", "https:"))
    }


def locked(text: str) -> object:
    """Return what a uv.lock depends on in the text of a pyproject.toml; all where it is no TOML."""
    try:
        read = tomllib.loads(text)
    except ValueError:
        return text
    project = read.get("project", {})
    keys = ("name", "requires-python", "dependencies", "optional-dependencies")
    metadata = {key: project.get(key) for key in keys}
    return metadata, read.get("dependency-groups"), read.get("tool", {}).get("uv")


def without_own_dependencies(pyproject: str) -> str:
    """Return the text of a pyproject.toml without the user's dependencies."""
    above = r"(?ms)^dependencies = \[\n.*?^    # Managed by the template, up to the next comment:$"
    below = r"(?ms)^    # Yours; add with `uv add`:\n.*?^\]$"
    return re.sub(below, "]", re.sub(above, "", pyproject))


def with_header(pyproject: str, header: str) -> str:
    """Return the text of a pyproject.toml with what a script's header asks for.

    Args:
        pyproject: the text.
        header: the lines between `# /// script` and `# ///`.

    Raises:
        ValueError: one of the two cannot be read, or the result would not be TOML.
    """
    original, pyproject = pyproject, pyproject.replace("\r\n", "\n")
    body = re.sub(r"(?m)^# ?", "", header.replace("\r\n", "\n"))
    wanted = tomllib.loads(body)
    templates, own = dependencies(pyproject)
    if OWN_ANCHOR not in pyproject:
        raise ValueError(f"the line {OWN_ANCHOR.strip()!r} is missing")
    carried = missing(wanted.get("dependencies", []), own)
    carried = [one for one in carried if not is_in_template(one, templates)]
    lines = "".join(f"    {json.dumps(one)},\n" for one in sorted(carried, key=name_of))
    pyproject = pyproject.replace(OWN_ANCHOR, OWN_ANCHOR + lines, 1)
    if python := wanted.get("requires-python"):
        line = f"requires-python = {json.dumps(python)}"
        pyproject = re.sub(r"(?m)^requires-python = .*$", lambda _: line, pyproject, count=1)
    tables = re.search(r"(?ms)^\[.*", body)
    more = f"{tables[0].rstrip()}\n\n" if tables else ""
    if any(parse(one).url for one in carried):
        more += "[tool.hatch.metadata]\nallow-direct-references = true\n\n"
    # Not at the end of the file, where a higher level adds tables of the template's.
    start, uv, end = partition(r"(?m)^\[tool\.uv\]\n(?:[^\[#\n].*\n)*\n", pyproject)
    pyproject = f"{start}{uv}{more}{end}" if uv else f"{start.rstrip()}\n\n{more}"
    return keep_line_ends(merge_tables(pyproject), original)


def keep_line_ends(edited: str, original: str) -> str:
    """Return an edited text with the line ends that it had.

    Args:
        edited: the text, with LF. A new line gets the line end of the original's first line.
        original: the text before.
    """
    old, new = original.split("\n"), edited.split("\n")
    end = "\r" if old[0].endswith("\r") else ""
    lines = [*(line + end for line in new[:-1]), new[-1]]
    unchanged = SequenceMatcher(None, [one.removesuffix("\r") for one in old], new, autojunk=False)
    for start, place, size in unchanged.get_matching_blocks():
        lines[place : place + size] = old[start : start + size]
    return "\n".join(lines)


def partition(pattern: str, text: str) -> tuple[str, str, str]:
    """Return what is before the first match of a pattern, the match, and what is after it."""
    match = re.search(pattern, text)
    return (text[: match.start()], match[0], text[match.end() :]) if match else (text, "", "")


def merge_tables(pyproject: str) -> str:
    """Return the text of a pyproject.toml in which every table is there once.

    The settings of a table's later places go to its first one, and replace those of the same name.

    Raises:
        ValueError: the result would not be TOML.
    """
    start, *blocks = re.split(r"(?m)^(?=\[[^\[\n])", pyproject)
    tables: dict[str, str] = {}
    for number, block in enumerate(blocks):
        header, _, body = block.partition("\n")
        name = header.partition("#")[0].strip()
        if name in tables:
            added, left = settings(body)
            tables[name] = with_settings(tables[name], added)
            tables[f"{name} {number}"] = left
        else:
            tables[name] = block
    result = f"{start}{''.join(tables.values()).rstrip()}\n"
    tomllib.loads(result)
    return result


def with_settings(table: str, added: Mapping[str, str]) -> str:
    """Return the text of a table with more settings, which replace those of the same name."""
    header, _, body = table.partition("\n")
    there, left = settings(body)
    return f"{header}\n{''.join({**there, **added}.values())}{left}"


def settings(body: str) -> tuple[dict[str, str], str]:
    """Return key -> text of each setting of a table, and the text after the last one.

    The text of a setting begins with the comments above it.
    """
    found: dict[str, str] = {}
    pending = ""
    for line in body.splitlines(keepends=True):
        pending += line
        try:
            keys = tomllib.loads(pending)
        except ValueError:
            continue  # the value goes on in the next line
        if keys:
            found[line_key(pending)] = pending
            pending = ""
    return found, pending


def line_key(statement: str) -> str:
    """Return the key of a setting, as it is written."""
    lines = (line for line in statement.splitlines() if "=" in line and not line.startswith("#"))
    return next(lines).partition("=")[0].strip()


def python_for(requires: str, pinned: str) -> str:
    """Return the oldest Python, such as 3.14, that a requirement allows; "" if the pinned one is.

    Args:
        requires: such as `>=3.14`.
        pinned: such as `3.13`.

    Raises:
        ValueError: the requirement is not one.
    """
    if allows(requires, pinned):
        return ""
    return next((f"3.{minor}" for minor in range(11, 40) if allows(requires, f"3.{minor}")), "")


def allows(requires: str, python: str) -> bool:
    """Tell whether a requirement allows a Python: any release of it, where it is such as 3.13.

    Between two versions that a requirement names, it allows all or none: the neighbours of those
    are enough to try.

    Raises:
        ValueError: the requirement or the Python is not one.
    """
    from packaging.specifiers import SpecifierSet  # slow, and rarely needed
    from packaging.version import Version

    allowed, wanted = SpecifierSet(requires), Version(python)
    if len(wanted.release) > 2:
        return wanted in allowed
    named = {Version(one.version.removesuffix(".*")).micro for one in allowed}
    patches = {0} | {micro + step for micro in named for step in (-1, 0, 1)}
    return any(f"{python}.{patch}" in allowed for patch in patches if patch >= 0)


def is_in_template(requirement: str, templates: Iterable[str]) -> bool:
    """Tell whether the template asks for all that a requirement asks for, at every level from 3 on.

    Only the server is there at every level: what a level adds goes again with a descent, and must
    not take a dependency of the user's with it.
    """
    if name_of(requirement) != SERVER:
        return False
    if requirement in templates:
        return True
    wanted = parse(requirement)
    unconstrained = not (wanted.specifier or wanted.marker or wanted.url)
    servers = [parse(one) for one in templates if name_of(one) == SERVER]
    return unconstrained and any(wanted.extras <= server.extras for server in servers)


def header_for(pyproject: str, imported: Collection[str]) -> str:
    """Return the header for a script whose dependencies are in a pyproject.toml.

    Args:
        pyproject: its text.
        imported: top-level names that the script imports: of the template's dependencies, the
            script gets those.

    Raises:
        ValueError: the text is not TOML.
    """
    templates, own = dependencies(pyproject)
    known = {name_of(one) for one in own}
    own += [one for one in templates if name_of(one) in set(imported) - known]
    python = tomllib.loads(pyproject).get("project", {}).get("requires-python", ">=3.11")
    lines = [f"#     {json.dumps(one)}," for one in sorted(own, key=name_of)]
    lines = ["# dependencies = [", *lines, "# ]"] if own else ["# dependencies = []"]
    python = f"# requires-python = {json.dumps(python)}"
    tables = [f"# {line}".rstrip() for line in uv_tables(pyproject).splitlines()]
    return "\n".join(["# /// script", python, *lines, *tables, "# ///", ""])


def uv_tables(pyproject: str) -> str:
    """Return the tables for uv in the text of a pyproject.toml, without the template's settings."""
    found = ""
    for block in re.split(r"(?m)^(?=\[)", pyproject):
        header, _, body = block.partition("\n")
        if re.match(r"\[\[?tool\.uv[].]", header):
            kept = {key: text for key, text in settings(body)[0].items() if key != "default-groups"}
            found += "\n".join(["", header, "".join(kept.values())]) if kept else ""
    return found


def is_restorable(pyproject: str, unedited: str) -> bool:
    """Tell whether a script's header can hold all that the user added to a pyproject.toml.

    Args:
        pyproject: its text.
        unedited: as the template wrote it.
    """
    try:
        header = HEADER.search(header_for(pyproject, ()))
        again = with_header(unedited, header["body"]) if header else unedited
    except ValueError:
        return False
    return without_own_dependencies(pyproject) == without_own_dependencies(again)


def add_header(code: str, header: str) -> str:
    """Return the text of a script with a header, below the lines that must stay first.

    A header in the line of a byte order mark would not be seen.
    """
    newline = "\r\n" if "\r\n" in code else "\n"
    match = FIRST_LINES.match(code)
    first = match[0] if match else ""
    header = header.replace("\n", newline)
    return first + (newline if first == "\ufeff" else "") + header + code[len(first) :]
