"""What users do with links, through the proxy."""

from __future__ import annotations

import httpx2

URL = "https://example.com/a/long/way?down=1"


def test_a_short_link_redirects_to_its_url(client: httpx2.Client) -> None:
    made = client.post("/links", json={"url": URL})
    assert made.status_code == 201, made.text
    followed = client.get(f"/{made.json()['code']}")
    assert followed.status_code == 307
    assert followed.headers["location"] == URL


def test_an_unknown_code_is_not_found(client: httpx2.Client) -> None:
    assert client.get("/nowhere-at-all").status_code == 404


def test_an_invalid_url_is_rejected(client: httpx2.Client) -> None:
    assert client.post("/links", json={"url": "not a url"}).status_code == 422
