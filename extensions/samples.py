"""The sample files: they come and go with levels and options while the application is untouched.

Once the application is the user's, samples are neither added nor changed, and the message names
what is the user's to write.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answers, git, levels, names
from .project import PROJECT, Project, read, remove_empty, say, write
from .pyproject import HEADER, keep_line_ends

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

OPTIONS = ("feature_flags", "s3")
"""Capabilities that change the text of the sample application."""


def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether an update adds or removes sample files, or changes the sample application."""
    had, has = (levels.capabilities(given) for given in (before, after))
    options = any(had[name] != has[name] for name in OPTIONS)
    owned = levels.paths_before(before, after)
    return options or companions(owned, before, ()) != companions(levels.paths(after), after, ())


def sample(path: str, given: Mapping[str, Any], without: Collection[str] = ()) -> str:
    """Return the text of a sample file in a new project.

    Args:
        path: where it is in the project.
        given: the answers of the new project.
        without: options that the project does not have, whatever the answers say.
    """
    file = source(path, given)
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".jinja":
        return text
    import jinja2  # slow, and many updates need no sample

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(levels.ROOT),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    has = levels.capabilities(given) | dict.fromkeys(without, False)
    slug = names.slug(str(given["project_name"]))
    asked = {**dict.fromkeys(answers.questions()), **given}
    return environment.from_string(text).render({**asked, **has, "slug": slug})


def source(path: str, given: Mapping[str, Any]) -> Path:
    """Return the file in `template/` from which a file of a project is rendered."""
    folder = levels.SOURCE.format(package=given["package"])
    file = levels.template_file(path.replace(folder, levels.SOURCE))
    assert file is not None, path
    return file


def application(given: Mapping[str, Any], without: Collection[str] = ()) -> str:
    """Return the text of the sample application in a new project, without its header."""
    return HEADER.sub("", sample(levels.SCRIPT, given, without))


def is_untouched(file: Path, text: str) -> bool:
    """Tell whether a file has a text, whatever its header and its line ends."""
    return HEADER.sub("", read(file).replace("\r\n", "\n")) == text


def application_file(project: Project, folder: Path = PROJECT) -> Path | None:
    """Return where the application is now."""
    places = (folder / path for path in (project.script, project.module))
    return next((path for path in places if path.is_file()), None)


def missing_options(
    project: Project, before: Mapping[str, Any], folder: Path = PROJECT
) -> set[str] | None:
    """Return the options that the untouched sample does not have; None where it was changed.

    An option that came after the first copy left the sample as it was.
    """
    code = application_file(project, folder)
    if code is None:
        return None
    had = levels.capabilities(before)
    never = {name for name in OPTIONS if not had[name]}
    for choice in product(*[(set[str](), {name}) for name in OPTIONS if had[name]]):
        missing = never.union(*choice)
        if is_untouched(code, application(before, missing)):
            return missing
    return None


def is_replaced(folder: Path, before: Mapping[str, Any]) -> bool:
    """Tell whether the application in a project's folder is no longer the untouched sample.

    Args:
        folder: the project's folder.
        before: the answers that the sample was written or last updated with.
    """
    return missing_options(Project(before), before, folder) is None


def remove_options(project: Project, before: Mapping[str, Any], missing: set[str]) -> None:
    """Remove from the untouched sample the options that go, without which it would not run."""
    code = application_file(project)
    old, new = (application(given, missing) for given in (before, project.answers))
    if code and old != new:
        text = read(code)
        write(code, keep_line_ends(text.replace("\r\n", "\n").replace(old, new), text))


def companions(
    owned: Mapping[str, str], given: Mapping[str, Any], without: Collection[str]
) -> set[str]:
    """Return the sample files that a new project has beside its application.

    Args:
        owned: path -> owner of its files.
        given: its answers.
        without: options that it does not have.
    """
    package = str(given["package"])
    others = [entry for entry in levels.additions() if entry.when in without]
    excluded = {path.format(package=package) for entry in others for path in entry.adds}
    excluded |= {one.format(package=package) for one in (levels.SCRIPT, levels.MODULE)}
    return {path for path, owner in owned.items() if owner == "sample"} - excluded


def add_and_remove(project: Project, before: Mapping[str, Any], missing: set[str] | None) -> None:
    """Add the samples of the levels climbed, and remove untouched ones of the levels left.

    Args:
        project: the project.
        before: its answers before the update.
        missing: as `missing_options` returned it. An application that was changed may import a
            sample module: that one stays.
    """
    after, without = project.answers, missing or ()
    new = companions(levels.paths(after), after, without)
    old = companions(levels.paths_before(before, after), before, without)
    for path in sorted((old - new) & levels.all_paths(project.package)):
        file = Path(path)
        unused = missing is not None or not path.startswith("src/")
        if unused and file.is_file() and is_untouched(file, sample(path, project.answers)):
            file.unlink()
            remove_empty(file.parent)
    folders = {Path(path).parent for path in old}
    unwritten = []
    for path in sorted(new - old):
        file = Path(path)
        if file.exists():
            continue
        if missing is not None:
            write(file, sample(path, project.answers))
        elif path.startswith("migrations/"):
            say('Write your first migration: uv run alembic revision -m "…"')
        elif path.startswith("tests/") and file.parent not in folders:
            folders.add(file.parent)
            unwritten.append(f"{file.parent.as_posix()}/")
    if unwritten:
        say(
            f"Write tests of your application in {', '.join(unwritten)}: the sample tests fit only "
            "the unchanged sample application."
        )


def report_options(project: Project, before: Mapping[str, Any]) -> None:
    """Say what is left to do where an option came to an application, or went."""
    had, has = (levels.capabilities(given) for given in (before, project.answers))
    came = {name for name in OPTIONS if has[name] and not had[name]}
    went = {name for name in OPTIONS if had[name] and not has[name]}
    module = project.module.as_posix()
    flags = project.module.with_name("feature_flags.py").as_posix()
    if "feature_flags" in came:
        say(f"Set the provider of feature flags in {module} and use it, as {flags} shows.")
    if "s3" in came:
        say(
            f"Use the store in {module}: tests/integration/test_s3.py fails until /healthz reports "
            "whether it can be reached."
        )
    for name, what, library, loss in (
        ("feature_flags", "feature flags", "openfeature", f"{flags} was deleted"),
        ("s3", "store", "boto3", "pyproject.toml no longer lists boto3"),
    ):
        if name in went and (left := git.lines(PROJECT, "grep", "-l", library, "--", "*.py")):
            say(f"Remove the {what} from {', '.join(left)}: {loss}.")
