{% if not packaging %}
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "fastapi>=0.118",
#     "sqlalchemy>=2.0",
#     "uvicorn>=0.37",
# ]
# ///
{% endif %}
"""{{ project_name }}: a link shortener.

Configured by the environment:

- PORT: where it listens (8000)
- DATABASE_URL: where the links are kept (an SQLite file in the working directory)
- VERSION: what it says of itself on /healthz ("dev")
{% if feature_flags %}
- FEATURE_FLAGS, FEATURE_FLAGS_FILE: what is switched on, see feature_flags.py
{% endif %}
{% if s3 %}
- S3_ENDPOINT_URL and others: where the pictures are kept, see pictures.py
{% endif %}
"""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
{% if feature_flags %}
from openfeature import api
{% endif %}
from pydantic import BaseModel, HttpUrl
{% if feature_flags or s3 %}

from {{ package }} import {{ (["pictures"] * s3 + ["preview"] * feature_flags) | join(", ") }}
{% endif %}
{% if feature_flags %}
from {{ package }}.feature_flags import FeatureFlags
{% endif %}

SQLITE = "sqlite:///{{ package }}.db"

metadata = sa.MetaData()
links = sa.Table(
    "links",
    metadata,
    sa.Column("code", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
)


class NewLink(BaseModel):
    """What a client sends to have an address shortened."""

    url: HttpUrl


class Link(BaseModel):
    """A shortened address."""

    code: str
    url: str


class Health(BaseModel):
    """Whether the service can serve, and which version it is."""

    status: str
    version: str


def connect() -> sa.Engine:
    """Open the database that the environment names."""
    url = sa.make_url(os.environ.get("DATABASE_URL") or SQLITE)
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return sa.create_engine(url, pool_pre_ping=True)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the database open while the service runs."""
    engine = connect()
    metadata.create_all(engine)
    app.state.engine = engine
    yield
    engine.dispose()


app = FastAPI(title="{{ project_name }}", lifespan=lifespan)
{% if s3 %}
app.include_router(pictures.router)
{% endif %}
{% if feature_flags %}
app.include_router(preview.router)
api.set_provider_and_wait(FeatureFlags(os.environ))
{% endif %}


@app.get("/healthz")
def health(request: Request, response: Response) -> Health:
    """Tell whether the links{{ " and the pictures" if s3 }} can be reached."""
    engine: sa.Engine = request.app.state.engine
    version = os.environ.get("VERSION", "dev")
    try:
        with engine.connect() as connection:
            connection.execute(sa.select(1))
    except sa.exc.OperationalError:
        response.status_code = 503
        return Health(status="database unreachable", version=version)
{% if s3 %}
    if not pictures.reachable():
        response.status_code = 503
        return Health(status="store unreachable", version=version)
{% endif %}
    return Health(status="ok", version=version)


@app.post("/links", status_code=201)
def shorten(link: NewLink, request: Request) -> Link:
    """Keep an address under a new code."""
    engine: sa.Engine = request.app.state.engine
    kept = Link(code=secrets.token_urlsafe(6), url=str(link.url))
    with engine.begin() as connection:
        connection.execute(sa.insert(links).values(code=kept.code, url=kept.url))
    return kept


@app.get("/{code}")
def follow(code: str, request: Request) -> RedirectResponse:
    """Send the client on to the address behind a code."""
    engine: sa.Engine = request.app.state.engine
    with engine.connect() as connection:
        url = connection.scalar(sa.select(links.c.url).where(links.c.code == code))
    if url is None:
        raise HTTPException(404, f"No link has the code {code}.")
    return RedirectResponse(url)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
