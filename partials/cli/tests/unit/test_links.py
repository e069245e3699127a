"""The sample program on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from {{ package }} import links, main

URL = "https://example.com/a/long/way?down=1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory, where the program stores its links."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_a_code_shows_its_url(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", URL]) == 0
    code = capsys.readouterr().out.strip()
    assert main(["show", code]) == 0
    assert capsys.readouterr().out == f"{URL}\n"


def test_each_link_has_its_own_code(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        main(["add", URL])
    assert len(set(capsys.readouterr().out.split())) == 5


def test_all_links_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    for url in ("https://example.com/b", "https://example.com/a"):
        main(["add", url])
    second, first = capsys.readouterr().out.split()
    assert main(["list"]) == 0
    listed = f"{first}  https://example.com/a\n{second}  https://example.com/b\n"
    assert capsys.readouterr().out == listed


def test_an_unknown_code_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "nowhere"]) == 1
    assert capsys.readouterr().err == "No link has the code nowhere.\n"


@pytest.mark.parametrize("url", ["", "not a url", "javascript:alert(1)", "https://"])
def test_an_invalid_url_is_rejected(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["add", url])
    assert end.value.code == 2
    assert "is not a URL" in capsys.readouterr().err


def test_an_unreachable_database_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////no/such/folder/links.db")
    assert main(["list"]) == 1
    assert capsys.readouterr().err.startswith("Cannot reach the database: ")


def test_links_are_stored_in_the_home_directory(home: Path) -> None:
    main(["add", URL])
    engine = sa.create_engine(f"sqlite:///{home / '.links.db'}")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(links.c.url)) == URL
    engine.dispose()
