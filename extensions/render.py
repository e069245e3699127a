"""What one render of a project decides, before its first file is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml
from copier.errors import UserMessageError

from . import (
    adopt,
    answers,
    company,
    detect,
    fresh,
    git,
    guards,
    levels,
    messages,
    names,
    write_once,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass
class Render:
    """One render: a copy is one, an update is three, and a fourth for its messages."""

    project: Path
    """The folder that is rendered into, without symbolic links."""
    before: Mapping[str, Any]
    """The answers that the project had recorded."""
    detected: Mapping[str, str]
    """The answers that the files of an unmanaged project give."""
    is_adoption: bool = False
    """Whether the project has files and no answers: what its files do not tell is asked."""
    is_first_copy: bool = False
    """Whether the sample application is written; `exclude` decides."""
    adoption: list[str] | None = None
    """What to print of an adopted project; `exclude` finds out."""

    @property
    def default_name(self) -> str:
        """The name that the project has already, or else its folder's, made valid."""
        if found := self.detected.get("project_name"):
            return str(found)
        folder = self.project.name
        return next(
            one
            for one in (folder, f"{folder}-app", "app")
            if not answers.project_name_error(one)
            if not answers.package_error(names.package(one))
        )

    def default_owner(self) -> str:
        """Return the owner that git knows: the remote's, else the account's, else the user's."""
        folder = self.project if self.project.is_dir() else Path.cwd()
        found = [
            names.owner(git.line(folder, "remote", "get-url", "origin")),
            git.line(folder, "config", "github.user"),
            names.slug(git.line(folder, "config", "user.name")),
        ]
        return next((one for one in found if one and not answers.owner_error(one)), "acme")

    @property
    def kept(self) -> dict[str, Any]:
        """The valid ones of the answers that the project gave at a level that asked for them."""
        found = self.before.get(answers.KEPT)
        given = found if isinstance(found, dict) else {}
        return {
            key: answer
            for key, answer in given.items()
            if key in answers.questions()
            if not answers.error_of(key, {**self.before, key: answer}, {})
        }

    def default_package(self, name: str) -> str:
        """Return the import name that the project has already, or else one made from its name."""
        return self.detected.get("package") or names.package(name)

    def exclude(self, operation: str, after: Mapping[str, Any], *, discard_edits: bool) -> str:
        """Return `_exclude`: one pattern a line for each path that is not to be written.

        Copier asks for it when every question is answered and nothing is written.

        Args:
            operation: Copier's own word, `copy` or `update`.
            after: the answers that the project will record.
            discard_edits: whether an update may delete edited files.

        Raises:
            UserMessageError: an answer given at a prompt is wrong, or a guard refuses.
        """
        stop(answers.error_in(after, self.before))
        if operation == "copy":
            stop(guards.source_refusal(after["_src_path"], after.get("_commit")))
            if detect.is_unmanaged(self.project):
                return self.adopt(after)
            package = after["package"]
            places = [one.format(package=package) for one in (levels.SCRIPT, levels.MODULE)]
            self.is_first_copy = not any((self.project / place).exists() for place in places)
        elif self.before:
            stop(
                guards.update_refusal(self.project, self.before, after, discard_edits=discard_edits)
            )
        if operation == "update":
            return patterns(levels.excluded_paths(after, levels.WRITTEN_ONCE))
        without = () if self.is_first_copy else ("sample",)
        served = write_once.served_paths(self.project, after)
        return patterns(levels.excluded_paths(after, without) | served)

    def adopt(self, after: Mapping[str, Any]) -> str:
        """Return `_exclude` of a copy into an unmanaged project: what it has is not written."""
        wanted = levels.paths(after)
        stop(guards.adoption_refusal(self.project, wanted))
        stop(guards.package_refusal(self.project, after))
        with TemporaryDirectory() as folder:
            new = fresh.render(Path(folder, self.project.name), after)
            adoption = adopt.Adoption(self.project, new, after)
            missing = list(adoption.missing_requirements())
            self.adoption = messages.adoption_lines(adoption.kept(), missing)
        kept = {path for path in wanted if (self.project / path).exists()}
        kept |= write_once.served_paths(self.project, after)
        return patterns(levels.excluded_paths(after, ("sample",)) | kept)

    def message(self, after: Mapping[str, Any]) -> str:
        """Return the message after a copy or an update.

        Args:
            after: the answers that the project has recorded.
        """
        committed = git.output(self.project, "show", f"HEAD:./{answers.FILE}")
        head = yaml.safe_load(committed) if committed else None
        return messages.render_message(self.project, after, head, self.adoption)


def start(conf: Mapping[str, Any]) -> Render:
    """Return a render that has just started.

    Args:
        conf: Copier's `_copier_conf`.

    Raises:
        UserMessageError: the company's template, or an answer that was given or recorded, is wrong.
    """
    stop(company.refusal())
    project = Path(conf["dst_path"]).resolve()
    before = read_answers(project / answers.FILE)
    if not conf["overwrite"]:  # an update always overwrites
        stop(guards.copy_refusal(project, before))
    is_adoption = detect.is_unmanaged(project)
    detected = detect.detect_answers(project) if is_adoption else {}
    render = Render(project, before, detected, is_adoption)
    recorded = before if answers.are_ours(before) else {}
    given = {**conf["user_defaults"], **recorded, **conf["data"]}
    if "package" in detected:
        given.setdefault("package", detected["package"])
    if conf["defaults"]:
        given.setdefault("project_name", render.default_name)
        given.setdefault("kind", detected.get("kind", "service"))
    stop(answers.recorded_error(recorded))
    stop(answers.error_in(given, before))
    return render


def read_answers(file: Path) -> dict[str, Any]:
    """Return the answers in a file; none where it is missing or not what Copier wrote."""
    try:
        read = levels.load_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, dict) else {}


def stop(reason: str) -> None:
    """Stop Copier where there is a reason to, with the reason as its only output.

    Raises:
        UserMessageError: there is one.
    """
    if reason:
        raise UserMessageError(reason)


def patterns(paths: Collection[str]) -> str:
    """Return paths as `_exclude` patterns, anchored at the project's folder."""
    return "\n".join(f"/{path}" for path in sorted(paths))
