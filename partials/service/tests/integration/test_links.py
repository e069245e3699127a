"""The sample application on Postgres."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from {{ package }} import app, links

URL = "https://example.com/a/long/way?down=1"


@pytest.fixture
def client(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client of the application, which stores links in the test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_a_short_link_redirects_to_its_url(client: TestClient, database: sa.URL) -> None:
    code = client.post("/links", json={"url": URL}).json()["code"]
    assert client.get(f"/{code}").headers["location"] == URL
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(sa.select(links)).all() == [(code, URL)]
    engine.dispose()


def test_each_test_has_an_empty_database(client: TestClient) -> None:
    engine: sa.Engine = app.state.engine
    assert engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(links)) == 0


def test_an_unknown_code_is_not_found(client: TestClient) -> None:
    assert client.get("/nowhere").status_code == 404


def test_a_long_url_is_stored_in_full(client: TestClient) -> None:
    url = f"https://example.com/{'a' * 1500}"
    code = client.post("/links", json={"url": url}).json()["code"]
    assert client.get(f"/{code}").headers["location"] == url


def test_the_migrations_create_the_columns_that_the_application_uses(database: sa.URL) -> None:
    engine = sa.create_engine(database)
    columns = {column["name"] for column in sa.inspect(engine).get_columns("links")}
    assert columns == {column.name for column in links.columns}
    engine.dispose()
