"""A look ahead: `GET /CODE+` tells where a link leads, while the flag `preview` is on."""

import sqlalchemy as sa
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from openfeature import api

links = sa.table("links", sa.column("code"), sa.column("url"))
router = APIRouter()


@router.get("/{code}+")
def preview(code: str, request: Request) -> PlainTextResponse:
    """Tell where a link leads, and do not go there."""
    if not api.get_client().get_boolean_value("preview", False):
        raise HTTPException(404, f"No link has the code {code}+.")
    engine: sa.Engine = request.app.state.engine
    with engine.connect() as connection:
        url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        raise HTTPException(404, f"No link has the code {code}.")
    return PlainTextResponse(f"{url}\n")
