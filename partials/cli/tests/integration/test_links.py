"""The program in this process, on Postgres."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from {{ package }} import links, main

ADDRESS = "https://example.com/a/long/way?down=1"


@pytest.fixture(autouse=True)
def environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program keeps its links in the test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_a_short_link_leads_to_its_address(
    database: sa.URL, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["add", ADDRESS]) == 0
    code = capsys.readouterr().out.strip()
    assert main(["show", code]) == 0
    assert capsys.readouterr().out == f"{ADDRESS}\n"
    engine = sa.create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(sa.select(links)).all() == [(code, ADDRESS)]
    engine.dispose()


def test_a_test_sees_nothing_of_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_code_is_not_found() -> None:
    assert main(["show", "nowhere"]) == 1


def test_a_long_address_is_kept_whole(capsys: pytest.CaptureFixture[str]) -> None:
    address = f"https://example.com/{'a' * 1500}"
    main(["add", address])
    main(["show", capsys.readouterr().out.strip()])
    assert capsys.readouterr().out == f"{address}\n"


def test_a_database_that_is_down_is_told_in_a_sentence(
    database: sa.URL, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = database.set(database="nowhere").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", nowhere)
    assert main(["list"]) == 1
    assert "The links cannot be reached: " in capsys.readouterr().err


def test_the_migrations_make_what_the_program_uses(database: sa.URL) -> None:
    engine = sa.create_engine(database)
    columns = {column["name"] for column in sa.inspect(engine).get_columns("links")}
    assert columns == {column.name for column in links.columns}
    engine.dispose()
