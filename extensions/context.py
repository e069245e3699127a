"""The hook: gives the templates and `copier.yml` their names, and refuses what cannot be rendered.

Copier makes one Jinja environment, and so one `Ladder`, for each render: a copy is one render, an
update is three and its messages and migrations belong to a fourth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml
from copier.errors import UserMessageError
from copier_template_extensions import ContextHook

from . import adopt, answers, detect, fresh, git, guards, levels, messages

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Render:
    """What one render knows of its project, from its first moment on."""

    project: Path
    """The folder that is rendered into, without symbolic links."""
    recorded: Mapping[str, Any]
    """The answers that the project had recorded."""
    detected: Mapping[str, str]
    """The answers that the files of an unmanaged project give."""
    is_first_copy: bool = False
    """Whether the sample application is written; known once `_exclude` is rendered."""
    adoption: list[str] | None = None
    """What to print of an adopted project; known once `_exclude` is rendered."""
    names: dict[str, Any] | None = None
    """What templates read; does not change once every question is answered."""

    @property
    def default_name(self) -> str:
        """The name that the project has already, or else its folder's."""
        return self.detected.get("project_name") or self.project.name

    @property
    def default_owner(self) -> str:
        """The owner that git knows: the remote's, else the account's, else the user's name."""
        folder = self.project if self.project.is_dir() else Path.cwd()
        remote = git.line(folder, "remote", "get-url", "origin")
        if found := re.search(r"github\.com[:/]([^/]+)/", remote):
            return found[1]
        name = git.line(folder, "config", "github.user") or git.line(folder, "config", "user.name")
        return answers.slug(name) or "acme"

    def default_package(self, name: str) -> str:
        """Return the import name that the project has already, or else one made from its name."""
        return self.detected.get("package") or answers.package_name(name)


def start(conf: Mapping[str, Any]) -> Render:
    """Return what a render knows when it starts.

    Args:
        conf: Copier's `_copier_conf`.

    Raises:
        UserMessageError: an answer that was given or recorded is wrong.
    """
    project = Path(conf["dst_path"]).resolve()
    recorded = read_answers(project / answers.FILE)
    detected = detect.detect_answers(project) if detect.is_unmanaged(project) else {}
    render = Render(project, recorded, detected)
    given = {**conf["user_defaults"], **recorded, **conf["data"]}
    if "package" in detected:
        given.setdefault("package", detected["package"])
    if conf["defaults"]:
        given.setdefault("project_name", render.default_name)
        given.setdefault("kind", detected.get("kind", "service"))
    refuse(guards.refuse_company() or answers.error_in(given, recorded))
    return render


def read_answers(file: Path) -> dict[str, Any]:
    """Return the answers in a file; none where it is missing or not what Copier wrote."""
    try:
        read = levels.load_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, dict) else {}


def refuse(reason: str) -> None:
    """Stop Copier where there is a reason to, with the reason as its only output.

    Raises:
        UserMessageError: there is one.
    """
    if reason:
        raise UserMessageError(reason)


class Ladder(ContextHook):
    """The Jinja extension that `copier.yml` names."""

    render: Render | None = None

    def hook(self, context: dict[str, Any]) -> None:
        """Add the ladder's names to the context of one string or file.

        Args:
            context: while questions are asked, answers are missing and `--data level=2` is text.

        Raises:
            UserMessageError: the project cannot be rendered so; says why and what to do.
        """
        if self.render is None:
            self.render = start(context["_copier_conf"])
        rendering = context["_copier_phase"] == "render"
        if rendering and self.render.names and "_copier_operation" not in context:
            context.update(self.render.names)
            return
        asked = {key: context[key] for key in answers.questions() if key in context}
        names = self.names_for(self.render, asked, context)
        if rendering:
            self.render.names = names
        context.update(names)

    def names_for(
        self, render: Render, asked: dict[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the names that templates and `copier.yml` may use.

        Args:
            render: what the render knows.
            asked: the answers so far.
            context: Copier's own names.
        """
        known = {**asked, "level": int(asked.get("level") or 0)}
        known["package"] = str(asked.get("package") or render.detected.get("package") or "")
        if answers.error_of("dependents", asked, {}):
            known["dependents"] = []  # being typed, and not a list yet
        has = levels.capabilities(known)
        return has | {
            "artifact_choices": ARTIFACTS["cli" if has["cli"] else "service"],
            "company": levels.company().get("defaults", {}),
            "default_name": render.default_name,
            "default_owner": lambda: render.default_owner,
            "default_package": render.default_package,
            "dependent_services": levels.dependent_services(known),
            "detected": render.detected,
            "error_of": lambda key: answers.error_of(key, asked, render.recorded),
            "excluded": lambda operation: self.excluded(render, operation, known, context),
            "is_first_copy": render.is_first_copy,
            "level_choices": {f"{one.level}  {one.name}": one.level for one in levels.levels()},
            "render_message": lambda: self.message(render, context["_copier_answers"]),
            "required_checks": levels.required_checks(known),
            "settings": levels.settings(known),
            "slug": answers.slug(str(asked.get("project_name") or "")),
        }

    def excluded(
        self,
        render: Render,
        operation: str,
        known: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> str:
        """Return `_exclude`: one pattern a line for each path that is not to be written.

        Copier renders it when every question is answered and nothing is written, and tells the
        operation nowhere else. A later version of the template has an earlier version's extension
        render this, too: its name and argument must stay.

        Args:
            render: what the render knows.
            operation: Copier's own word, `copy` or `update`.
            known: the project's answers.
            context: Copier's own names.

        Raises:
            UserMessageError: a guard refuses.
        """
        project, conf = render.project, context["_copier_conf"]
        recording = context["_copier_answers"]
        if operation == "update":
            if render.recorded:
                discard_edits = str(conf["data"].get("discard_edits", "")).lower() == "true"
                refuse(
                    guards.refuse_update(
                        project, render.recorded, recording, discard_edits=discard_edits
                    )
                )
            return patterns(levels.excluded_paths(known, {"sample"}))
        refuse(guards.refuse_source(recording["_src_path"]))
        wanted = levels.paths(known)
        if detect.is_unmanaged(project):
            refuse(guards.refuse_adoption(project, wanted))
            render.adoption = report_adoption(project, recording)
            kept = {path for path in wanted if (project / path).exists()}
            return patterns(levels.excluded_paths(known, {"sample"}) | kept)
        places = [one.format(package=known["package"]) for one in (levels.SCRIPT, levels.MODULE)]
        render.is_first_copy = not any((project / place).exists() for place in places)
        if render.names:
            render.names["is_first_copy"] = render.is_first_copy
        return patterns(levels.excluded_paths(known, set() if render.is_first_copy else {"sample"}))

    def message(self, render: Render, recording: Mapping[str, Any]) -> str:
        """Return the message after a copy or an update."""
        committed = git.output(render.project, "show", f"HEAD:./{answers.FILE}")
        before = yaml.safe_load(committed) if committed else None
        return messages.render_message(render.project, recording, before, render.adoption)


def report_adoption(project: Path, recording: Mapping[str, Any]) -> list[str]:
    """Return what to print of a project that is being adopted."""
    with TemporaryDirectory() as folder:
        new = fresh.render(Path(folder, project.name), recording)
        adoption = adopt.Adoption(project, new, recording)
        return messages.adoption_lines(adoption.kept(), list(adoption.missing_requirements()))


def patterns(paths: set[str]) -> str:
    """Return paths as `_exclude` patterns, anchored at the project's folder."""
    return "\n".join(f"/{path}" for path in sorted(paths))


ARTIFACTS = {
    "service": {"Container image": "container"},
    "cli": {"Wheel": "wheel", "Stand-alone binary": "binary"},
}
"""Kind -> the choices of the question `artifact`."""
