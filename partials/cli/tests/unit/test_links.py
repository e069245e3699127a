"""The program in this process, in a home folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from {{ package }} import links, main

ADDRESS = "https://example.com/a/long/way?down=1"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, where the program keeps its links."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def test_a_short_link_leads_to_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["add", ADDRESS]) == 0
    code = capsys.readouterr().out.strip()
    assert main(["show", code]) == 0
    assert capsys.readouterr().out == f"{ADDRESS}\n"


def test_every_link_has_a_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        main(["add", ADDRESS])
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


@pytest.mark.parametrize("url", ["", "no address", "javascript:alert(1)", "https://"])
def test_what_is_no_address_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["add", url])
    assert end.value.code == 2
    assert "is no address" in capsys.readouterr().err


def test_links_that_cannot_be_reached_are_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////no/such/folder/links.db")
    assert main(["list"]) == 1
    assert capsys.readouterr().err.startswith("The links cannot be reached: ")


def test_links_are_kept_in_the_home_folder(home: Path) -> None:
    main(["add", ADDRESS])
    engine = sa.create_engine(f"sqlite:///{home / '.links.db'}")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(links.c.url)) == ADDRESS
    engine.dispose()
