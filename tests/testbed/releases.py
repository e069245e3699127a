"""A repository's releases in GitHub's API, for the forge of the testbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Reply = tuple[int, Any]
WRITABLE = ("tag_name", "target_commitish", "name", "body", "draft", "prerelease")


def _gone() -> Reply:
    return 404, {"message": "Not Found", "status": "404"}


def _invalid(resource: str, code: str, on: str) -> Reply:
    problem = {"resource": resource, "code": code, "field": on}
    return 422, {"message": "Validation Failed", "errors": [problem], "status": "422"}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Releases:
    """The releases that `gh release` creates, shows and changes; `forge.releases` in a test.

    `forge.releases["1.2.0"]` is a release as the API shows it, `forge.releases.latest` the tag of
    the latest one and `forge.releases.content("1.2.0", "links")` an asset's bytes.
    """

    repository: str
    api: str
    web: str
    public: bool
    tags: dict[str, str] = field(default_factory=dict)
    """Tag -> its target; publishing a release creates its tag."""
    _kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    _contents: dict[int, bytes] = field(default_factory=dict)
    _made_latest: int = 0
    _last_number: int = 0

    def __getitem__(self, tag: str) -> dict[str, Any]:
        return self._shown(self._find(tag))

    def __contains__(self, tag: str) -> bool:
        return any(release["tag_name"] == tag for release in self._kept.values())

    @property
    def latest(self) -> str | None:
        """The tag of the latest release: neither a draft nor a pre-release."""
        stable = {n: r for n, r in self._kept.items() if not (r["draft"] or r["prerelease"])}
        number = self._made_latest if self._made_latest in stable else max(stable, default=0)
        return str(stable[number]["tag_name"]) if number else None

    def content(self, tag: str, name: str) -> bytes:
        """Return the bytes of an asset."""
        assets = self._find(tag)["assets"]
        return self._contents[next(asset["id"] for asset in assets if asset["name"] == name)]

    def graphql(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer the queries of `gh release` with the requested fields; others with None."""
        if "RepositoryReleaseList" in query:
            nodes = [self._node(release) for _, release in sorted(self._kept.items(), reverse=True)]
            found = {"nodes": nodes, "pageInfo": {"hasNextPage": False, "endCursor": ""}}
            return {"repository": {"releases": found}}
        if "RepositoryReleaseByTag" in query:
            tag = variables["tagName"]
            release = self._find(tag) if tag in self else None
            known = release and {"databaseId": release["id"], "isDraft": release["draft"]}
            return {"repository": {"release": known}}
        if "RepositoryFindRef" in query:
            tag = variables["tagName"].removeprefix("refs/tags/")
            return {"repository": {"ref": {"id": f"REF_{tag}"} if tag in self.tags else None}}
        return None

    def _find(self, tag: str, *, published: bool = False) -> dict[str, Any]:
        for release in self._kept.values():
            if release["tag_name"] == tag and not (published and release["draft"]):
                return release
        raise KeyError(tag)

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _node(self, release: Mapping[str, Any]) -> dict[str, Any]:
        """Show a release as the list of `gh release` asks for it."""
        return {
            "name": release["name"],
            "tagName": release["tag_name"],
            "isDraft": release["draft"],
            "isPrerelease": release["prerelease"],
            "isLatest": release["tag_name"] == self.latest and not release["draft"],
            "createdAt": release["created_at"],
            "publishedAt": release["published_at"],
        }

    def _shown(self, release: Mapping[str, Any]) -> dict[str, Any]:
        """Show a release as REST does."""
        url = f"{self.api}/repos/{self.repository}/releases"
        page = f"{self.web}/{self.repository}/releases"
        tag = release["tag_name"]
        assets = [
            asset
            | {
                "url": f"{url}/assets/{asset['id']}",
                "browser_download_url": f"{page}/download/{tag}/{asset['name']}",
            }
            for asset in release["assets"]
        ]
        return dict(release) | {
            "assets": assets,
            "html_url": f"{page}/tag/{tag}",
            "upload_url": f"{url}/{release['id']}/assets{{?name,label}}",
            "url": f"{url}/{release['id']}",
        }

    # Each handler answers one route; the part in () is its argument.

    def _list(self, body: Any) -> Reply:
        return 200, [self._shown(release) for _, release in sorted(self._kept.items())[::-1]]

    def _create(self, body: Any) -> Reply:
        if not isinstance(body, dict) or not body.get("tag_name"):
            return _invalid("Release", "missing_field", "tag_name")
        number = self._number()
        release = {
            "id": number,
            "node_id": f"RE_{number}",
            "author": {"login": self.repository.split("/")[0], "node_id": "U_1"},
            "target_commitish": "main",
            "name": "",
            "body": "",
            "draft": False,
            "prerelease": False,
            "created_at": _now(),
            "published_at": None,
            "assets": [],
        }
        return self._write(release, body, 201)

    def _edit(self, body: Any, number: str) -> Reply:
        release = self._kept.get(int(number))
        return self._write(release, body or {}, 200) if release else _gone()

    def _write(self, before: dict[str, Any], body: Mapping[str, Any], status: int) -> Reply:
        release = before | {key: body[key] for key in WRITABLE if key in body}
        public, number = not release["draft"], release["id"]
        stable, latest = public and not release["prerelease"], body.get("make_latest")
        others = [other for other in self._kept.values() if other["id"] != number]
        if public and any(
            (other["tag_name"], other["draft"]) == (release["tag_name"], False) for other in others
        ):
            return _invalid("Release", "already_exists", "tag_name")
        if latest == "true" and not stable:
            return _invalid("Release", "invalid", "make_latest")
        newly = public and not release["published_at"]
        if newly:
            release["published_at"] = _now()
            self.tags.setdefault(release["tag_name"], release["target_commitish"])
        if stable and (latest == "true" or (newly and latest is None)):
            self._made_latest = number
        self._kept[number] = release
        return status, self._shown(release)

    def _get(self, body: Any, number: str) -> Reply:
        release = self._kept.get(int(number))
        return (200, self._shown(release)) if release else _gone()

    def _get_latest(self, body: Any) -> Reply:
        return self._get_by_tag(body, self.latest) if self.latest else _gone()

    def _get_by_tag(self, body: Any, tag: str) -> Reply:
        try:
            return 200, self._shown(self._find(tag, published=True))
        except KeyError:
            return _gone()

    def _delete(self, body: Any, number: str) -> Reply:
        return (204, None) if self._kept.pop(int(number), None) else _gone()

    def _delete_tag(self, body: Any, tag: str) -> Reply:
        return (204, None) if self.tags.pop(tag, None) else _gone()

    def _upload(self, body: Any, number: str) -> Reply:
        release = self._kept.get(int(number))
        if release is None:
            return _gone()
        if any(asset["name"] == body["name"] for asset in release["assets"]):
            return _invalid("ReleaseAsset", "already_exists", "name")
        own = self._number()
        self._contents[own] = body["content"]
        asset = {
            "id": own,
            "node_id": f"RA_{own}",
            "name": body["name"],
            "label": body["label"],
            "content_type": body["content_type"],
            "state": "uploaded",
            "size": len(body["content"]),
            "created_at": _now(),
            "updated_at": _now(),
        }
        release["assets"].append(asset)
        return 201, self._shown(release)["assets"][-1]

    def _asset(self, number: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Find a release and its asset."""
        for release in self._kept.values():
            for asset in release["assets"]:
                if asset["id"] == int(number):
                    return release, asset
        return None

    def _get_asset(self, body: Any, number: str) -> Reply:
        if not (found := self._asset(number)):
            return _gone()
        release, asset = found
        shown = self._shown(release)["assets"]
        return 200, next(row for row in shown if row["id"] == asset["id"])

    def _get_content(self, body: Any, number: str) -> Reply:
        return (200, self._contents[int(number)]) if self._asset(number) else _gone()

    def _delete_asset(self, body: Any, number: str) -> Reply:
        if not (found := self._asset(number)):
            return _gone()
        release, asset = found
        release["assets"].remove(asset)
        return 204, None

    def _download(self, body: Any, tag: str, name: str) -> Reply:
        """Answer outside the API and without a token: only public assets."""
        try:
            assets = self._find(tag, published=True)["assets"] if self.public else []
        except KeyError:
            return _gone()
        numbers = [asset["id"] for asset in assets if asset["name"] == name]
        return (200, self._contents[numbers[0]]) if numbers else _gone()

    def _download_latest(self, body: Any, name: str) -> Reply:
        return self._download(body, self.latest, name) if self.latest else _gone()


_REPO = r"/repos/[^/]+/[^/]+"
_RELEASES = rf"{_REPO}/releases"
CONTENT = "/content"
"""Appended to the path of a request for an asset's bytes instead of its description."""
ROUTES: list[tuple[str, str, Callable[..., Reply]]] = [
    ("GET", _RELEASES, Releases._list),
    ("POST", _RELEASES, Releases._create),
    ("GET", rf"{_RELEASES}/latest", Releases._get_latest),
    ("GET", rf"{_RELEASES}/tags/(.+)", Releases._get_by_tag),
    ("GET", rf"{_RELEASES}/(\d+)", Releases._get),
    ("PATCH", rf"{_RELEASES}/(\d+)", Releases._edit),
    ("DELETE", rf"{_RELEASES}/(\d+)", Releases._delete),
    ("POST", rf"{_RELEASES}/(\d+)/assets", Releases._upload),
    ("GET", rf"{_RELEASES}/assets/(\d+)", Releases._get_asset),
    ("GET", rf"{_RELEASES}/assets/(\d+){CONTENT}", Releases._get_content),
    ("DELETE", rf"{_RELEASES}/assets/(\d+)", Releases._delete_asset),
    ("DELETE", rf"{_REPO}/git/refs/tags/(.+)", Releases._delete_tag),
    ("GET", r"/[^/]+/[^/]+/releases/download/(.+)/([^/]+)", Releases._download),
    ("GET", r"/[^/]+/[^/]+/releases/latest/download/([^/]+)", Releases._download_latest),
]
