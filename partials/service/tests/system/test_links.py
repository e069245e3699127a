"""What users do, from outside; staging and production see it too, so it leaves nothing harmful."""

from __future__ import annotations

import httpx2

ADDRESS = "https://example.com/a/long/way?down=1"


def test_a_short_link_leads_to_its_address(client: httpx2.Client) -> None:
    made = client.post("/links", json={"url": ADDRESS})
    assert made.status_code == 201, made.text
    followed = client.get(f"/{made.json()['code']}")
    assert followed.status_code == 307
    assert followed.headers["location"] == ADDRESS


def test_an_unknown_code_is_not_found(client: httpx2.Client) -> None:
    assert client.get("/nowhere-at-all").status_code == 404


def test_what_is_no_address_is_refused(client: httpx2.Client) -> None:
    assert client.post("/links", json={"url": "no address"}).status_code == 422
