"""Preview of a link: `GET /CODE+` returns its URL while the flag `preview` is on."""

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from openfeature import api

links = sa.table("links", sa.column("code"), sa.column("url"))
router = APIRouter()


@router.get("/{code}+")
def preview(code: str, request: Request) -> PlainTextResponse:
    """Return the URL of a link without a redirect."""
    if not api.get_client().get_boolean_value("preview", False):
        raise HTTPException(404, f"No link has the code {code}+.")
    engine: sa.Engine = request.app.state.engine
    with engine.connect() as connection:
        url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        raise HTTPException(404, f"No link has the code {code}.")
    return PlainTextResponse(f"{url}\n")
