"""The hook: the Jinja extension that gives `copier.yml` and the templates their names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from copier_template_extensions import ContextHook

from . import answers, levels, names, render

if TYPE_CHECKING:
    from collections.abc import Mapping


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
            context.update(question_names(self.render, context))
        else:
            if self.names is None:
                before = self.render.before
                self.names = question_names(self.render, context) | file_names(context, before)
            context.update(self.names)
        context["is_first_copy"] = self.render.is_first_copy


def question_names(current: render.Render, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names that `copier.yml` uses, among them the capabilities.

    `excluded` is an interface between versions of the template: an update has the extension of the
    old version render the new version's `_exclude`. Its name and its argument must stay.

    Args:
        current: what the render knows.
        context: Copier's own names, and the answers so far.
    """
    asked = {key: context[key] for key in answers.questions() if key in context}
    has = levels.capabilities({**asked, "level": int(asked.get("level") or 0)})
    conf, after = context["_copier_conf"], context["_copier_answers"]
    discard_edits = answers.parsed(conf["data"].get("discard_edits")) is True
    return has | {
        "artifact_choices": answers.ARTIFACTS["cli" if has["cli"] else "service"],
        "company": levels.company().defaults.model_dump(exclude_none=True),
        "default_name": current.default_name,
        "default_owner": current.default_owner,
        "default_package": current.default_package,
        "detected": current.detected,
        "error_of": lambda key: answers.error_of(key, asked, current.before),
        "excluded": partial(current.exclude, after=after, discard_edits=discard_edits),
        "is_adoption": current.is_adoption,
        "kept": current.kept,
        "level_choices": {f"{one.level}  {one.name}": one.level for one in levels.levels()},
        "render_message": partial(current.message, after),
    }


def file_names(context: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names that only files use.

    Args:
        context: Copier's own names, and the answers.
        before: the answers that the project had recorded.
    """
    after = context["_copier_answers"]
    return {
        "dependent_services": levels.dependent_services(after),
        "kept_answers": answers.kept_answers(before, after),
        "required_checks": levels.required_checks(after),
        "settings": levels.settings(after),
        "slug": names.slug(after["project_name"]),
    }
