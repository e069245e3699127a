"""The sample program on Postgres."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from {{ package }} import links, main

URL = "https://example.com/a/long/way?down=1"


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store links in the test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_a_code_shows_its_url(database: sa.URL, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", URL]) == 0
    code = capsys.readouterr().out.strip()
    assert main(["show", code]) == 0
    assert capsys.readouterr().out == f"{URL}\n"
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(sa.select(links)).all() == [(code, URL)]
    engine.dispose()


def test_each_test_has_an_empty_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_code_is_not_found() -> None:
    assert main(["show", "nowhere"]) == 1


def test_a_long_url_is_stored_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"https://example.com/{'a' * 1500}"
    main(["add", url])
    main(["show", capsys.readouterr().out.strip()])
    assert capsys.readouterr().out == f"{url}\n"


def test_an_unreachable_database_is_reported(
    database: sa.URL, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = database.set(database="missing").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", missing)
    assert main(["list"]) == 1
    assert "Cannot reach the database: " in capsys.readouterr().err


def test_the_migrations_create_the_columns_that_the_program_uses(database: sa.URL) -> None:
    engine = sa.create_engine(database)
    columns = {column["name"] for column in sa.inspect(engine).get_columns("links")}
    assert columns == {column.name for column in links.columns}
    engine.dispose()
