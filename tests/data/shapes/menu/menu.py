# /// script
# requires-python = ">=3.11"
# dependencies = ["fastapi>=0.118", "jinja2>=3.1", "uvicorn>=0.37"]
# ///
"""The menu of a small restaurant, from a file that the cook edits."""

import os
import tomllib
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Template

HERE = Path(__file__).parent

app = FastAPI()
app.mount("/static", StaticFiles(directory=HERE / "static"))


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.get("/", response_class=HTMLResponse)
def index():
    dishes = tomllib.loads((HERE / "menu.toml").read_text())
    page = (HERE / "templates" / "index.html").read_text()
    return Template(page).render(dishes=dishes)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
