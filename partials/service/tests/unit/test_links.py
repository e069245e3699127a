"""The sample application on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from {{ package }} import app, links

URL = "https://example.com/a/long/way?down=1"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of the application, with an empty database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_a_short_link_redirects_to_its_url(client: TestClient) -> None:
    made = client.post("/links", json={"url": URL})
    assert made.status_code == 201
    followed = client.get(f"/{made.json()['code']}")
    assert followed.status_code == 307
    assert followed.headers["location"] == URL


def test_each_link_has_its_own_code(client: TestClient) -> None:
    codes = {client.post("/links", json={"url": URL}).json()["code"] for _ in range(5)}
    assert len(codes) == 5


def test_an_unknown_code_is_not_found(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "nowhere" in answer.json()["detail"]


@pytest.mark.parametrize("url", ["", "not a url", "javascript:alert(1)"])
def test_an_invalid_url_is_rejected(client: TestClient, url: str) -> None:
    assert client.post("/links", json={"url": url}).status_code == 422


def test_it_is_healthy(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_it_is_not_healthy_without_its_database(client: TestClient) -> None:
    app.state.engine = sa.create_engine("sqlite:////no/such/folder/links.db")
    assert client.get("/healthz").status_code == 503


def test_links_survive_a_restart(client: TestClient) -> None:
    code = client.post("/links", json={"url": URL}).json()["code"]
    with TestClient(app, follow_redirects=False) as again:
        assert again.get(f"/{code}").headers["location"] == URL
    engine = sa.create_engine("sqlite:///{{ package }}.db")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(links.c.url)) == URL
    engine.dispose()
