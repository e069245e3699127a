"""The shape of `ladder.yml` and `company.yml`: a reader of YAML, and the models of both files."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "int_type": "a whole number",
    "invalid_key": "text as the key",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
}
"""Pydantic's type of an error -> what should be there."""
Owner = Literal["sample", "write-once", "managed", "shared"]


def one_line(text: str) -> str:
    """Return a text that people read.

    Raises:
        ValueError: it is empty or not one line.
    """
    if not text.strip() or not text.isprintable():
        raise ValueError("one line of text")
    return text


def project_path(path: str) -> str:
    """Return the path of a file in a project.

    Raises:
        ValueError: it is absolute, leaves the project, or means something else to Copier.
    """
    parts = path.replace("{package}", "package").split("/")
    reserved = {"", ".", "..", ".git"}
    if reserved & {part.lower() for part in parts} or re.search(r"[\\:*?!{}\[\]]", "".join(parts)):
        raise ValueError("a path inside the project, such as docs/SECURITY.md")
    if path != path.strip() or not path.isprintable():
        raise ValueError("a path without spaces at its ends")
    return path


def setting_name(name: str) -> str:
    """Return the name of a variable or secret of the forge.

    Raises:
        ValueError: the forge does not allow it.
    """
    if not re.fullmatch(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", name):
        raise ValueError("a name such as AUDIT_TOKEN, which does not begin with GITHUB_")
    return name


Text = Annotated[str, AfterValidator(one_line)]
ProjectPath = Annotated[str, AfterValidator(project_path)]
Setting = Annotated[str, AfterValidator(setting_name)]


class Model(BaseModel):
    """What all models have in common: nothing is converted, and no key is unknown."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Entry(Model):
    """A level, or what an option or a company adds to one; `ladder.yml` explains the fields."""

    level: int
    when: Text = "always"
    name: str = ""
    capability: str = ""
    meaning: str = ""
    climb_when: str = ""
    not_yet: str = ""
    cost: str = ""
    adds: dict[ProjectPath, Owner] = Field(default_factory=dict)
    drops: list[ProjectPath] = Field(default_factory=list)
    required_checks: list[Text] = Field(default_factory=list)
    settings: dict[Setting, Text] = Field(default_factory=dict)
    set_up: list[Text] = Field(default_factory=list)


class Addition(Entry):
    """What an option or a company adds to a level."""

    @field_validator("name", "capability")
    @classmethod
    def is_of_a_level(cls, _: str) -> str:
        """Refuse what only a level has.

        Raises:
            ValueError: always, because the field was given.
        """
        raise ValueError("no such key, which only levels have")


class Table(Model):
    """`ladder.yml`."""

    levels: list[Entry]
    additions: list[Addition]


class Defaults(Model):
    """The default answers that a company may set."""

    level: int | None = None
    license: Text | None = None
    owner: Text | None = None
    project_description: Text | None = None


class Company(Model):
    """`company.yml`."""

    defaults: Defaults = Defaults()
    additions: list[Addition] = Field(default_factory=list)


PARTS: dict[str, type[Model]] = {"levels": Entry, "additions": Addition, "defaults": Defaults}
"""Key at the top of a file -> the model below it."""
File = TypeVar("File", Table, Company)


def load(file: Path, model: type[File]) -> File:
    """Return what a YAML file says.

    Raises:
        ValueError: the file is wrong; says how, in one line for each fault.
    """
    read = parse(file)
    try:
        return model.model_validate(read)
    except ValidationError as error:
        faults = [fault(one, model) for one in error.errors(include_url=False)]
    raise ValueError("\n".join(faults))


def parse(file: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        ValueError: it is not YAML, or has a key twice; says where.
    """
    text = ""
    try:
        text = file.read_text(encoding="utf-8")
        loader = LOADER(text)
        node = loader.get_single_node()
        twice = list(repeated_keys(node, (), set()))
        read = loader.construct_document(node) if node and not twice else None
    except OSError as error:
        raise ValueError(f"expected a file, and found: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: expected UTF-8.") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(syntax_fault(error, text)) from error
    if twice:
        raise ValueError("\n".join(twice))
    return read


def syntax_fault(error: Exception, text: str) -> str:
    """Return where a text is not YAML, and why."""
    mark = getattr(error, "problem_mark", None)
    problem = " ".join(str(getattr(error, "problem", None) or error).split())
    if mark is None:
        return f"expected YAML: {problem}."
    line = text.splitlines()[mark.line : mark.line + 1]
    if line and line[0].lstrip(" ").startswith("\t"):
        problem = "the line is indented with a tab, and YAML takes only spaces"
    return f"line {mark.line + 1}: expected YAML: {problem}."


def repeated_keys(node: Any, place: tuple[Any, ...], seen: set[int]) -> Iterator[str]:
    """Yield a fault for each key that a mapping has twice.

    Args:
        node: what PyYAML composed.
        place: the keys that lead there.
        seen: nodes that were looked at: an alias is the same node again.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from repeated_keys(item, (*place, number), seen)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            here, line = (*place, str(key.value)), key.start_mark.line + 1
            if here[-1] in lines:
                both = f"lines {lines[here[-1]]} and {line}"
                yield f"{dotted(here)}: expected each key once, and found it in {both}."
            lines[here[-1]] = line
            yield from repeated_keys(value, here, seen)


def fault(error: Any, model: type[Model]) -> str:
    """Return one of Pydantic's errors as a sentence that begins with its place.

    Args:
        error: as Pydantic describes it.
        model: that of the whole file.
    """
    place = tuple(one for one in error["loc"] if one != "[key]")
    if error["type"] == "invalid_key":
        place = (*place[:-1], str(place[-1]))
    kind, found = error["type"], shown(error["input"])
    if kind == "extra_forbidden":
        keys = (PARTS[place[0]] if len(place) > 1 else model).model_fields
        allowed = [key for key in keys if key not in {"name", "capability"}]
        hint = suggestion(str(place[-1]), allowed) or f"; expected one of {', '.join(allowed)}"
        return f"{dotted(place)}: there is no such key{hint}."
    if kind == "missing":
        return f"{dotted(place)}: expected a value, and the key is missing."
    if kind == "literal_error":
        return f"{dotted(place)}: expected {error['ctx']['expected']}, and found {found}."
    expected = str(error["ctx"]["error"]) if kind == "value_error" else EXPECTED.get(kind)
    sentence = f"expected {expected or error['msg']}, and found {found}."
    return f"{dotted(place)}: {sentence}" if place else sentence


def dotted(place: Iterable[Any]) -> str:
    """Return the keys and indexes that lead to a value: `additions[1].adds["a.md"]`."""
    text = ""
    for one in place:
        if isinstance(one, int):
            text += f"[{one}]"
        elif re.fullmatch(r"\w+", one):
            text += f".{one}"
        else:
            text += f"[{json.dumps(one, ensure_ascii=False)}]"
    return text.removeprefix(".")


def shown(value: object) -> str:
    """Return a value of a file as a sentence names it."""
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that suggests the nearest of the known names, or nothing."""
    found = difflib.get_close_matches(name, [*known], 1)
    return f"; did you mean {found[0]}" if found else ""
