"""The hook: the Jinja extension that gives `copier.yml` and the templates their names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from copier_template_extensions import ContextHook

from . import answers, levels, render

if TYPE_CHECKING:
    from collections.abc import Mapping

ARTIFACTS = {
    "service": {"Container image": "container"},
    "cli": {"Wheel": "wheel", "Stand-alone binary": "binary"},
}
"""Kind -> the choices of the question `artifact`."""


class Ladder(ContextHook):
    """What `copier.yml` names. Copier makes one for each render, and keeps nothing else."""

    render: render.Render | None = None
    names: dict[str, Any] | None = None
    """What the files read, once every question is answered."""

    def hook(self, context: dict[str, Any]) -> None:
        """Add the ladder's names to the context of one string or file.

        Copier renders hundreds of strings, each part of a path for one: what the files have in
        common is computed once.

        Args:
            context: Copier's. While questions are asked, answers are missing and what `--data` gave
                is text.

        Raises:
            UserMessageError: an answer that was given or recorded is wrong.
        """
        if self.render is None:
            self.render = render.start(context["_copier_conf"])
        if context["_copier_phase"] != "render":
            context.update(names(self.render, context))
            return
        if self.names is None:
            self.names = names(self.render, context)
        context.update(self.names)
        context["is_first_copy"] = self.render.is_first_copy


def names(current: render.Render, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names that `copier.yml` and the templates may use.

    `excluded` is an interface between versions of the template: an update has the extension of the
    old version render the new version's `_exclude`. Its name and its argument must stay.

    Args:
        current: what the render knows.
        context: Copier's own names, and the answers so far.
    """
    asked = {key: context[key] for key in answers.questions() if key in context}
    known = {**asked, "level": int(asked.get("level") or 0)}
    known["package"] = str(asked.get("package") or current.detected.get("package") or "")
    if answers.error_of("dependents", asked, {}):
        known["dependents"] = []  # still being typed
    has = levels.capabilities(known)
    conf, recording = context["_copier_conf"], context["_copier_answers"]
    discard_edits = str(conf["data"].get("discard_edits", "")).lower() == "true"
    return has | {
        "artifact_choices": ARTIFACTS["cli" if has["cli"] else "service"],
        "company": levels.company().get("defaults", {}),
        "default_name": current.default_name,
        "default_owner": current.default_owner,
        "default_package": current.default_package,
        "dependent_services": levels.dependent_services(known),
        "detected": current.detected,
        "error_of": lambda key: answers.error_of(key, asked, current.recorded),
        "excluded": partial(current.exclude, recording=recording, discard_edits=discard_edits),
        "is_first_copy": current.is_first_copy,
        "level_choices": {f"{one.level}  {one.name}": one.level for one in levels.levels()},
        "render_message": partial(current.message, recording),
        "required_checks": levels.required_checks(known),
        "settings": levels.settings(known),
        "slug": answers.slug(str(asked.get("project_name") or "")),
    }
