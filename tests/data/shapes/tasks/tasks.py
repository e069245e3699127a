# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "fastapi>=0.118",
#     "uvicorn>=0.37",
# ]
# ///
"""Tasks of a household."""

import json
import os
from pathlib import Path

from fastapi import FastAPI
from routers.items import router as items
from routers.lists import router as lists

app = FastAPI()
app.include_router(items, prefix="/items")
app.include_router(lists, prefix="/lists")
DEFAULTS = json.loads(Path(__file__).with_name("data").joinpath("defaults.json").read_text())


@app.get("/healthz")
def healthz():
    return {"status": "ok", "version": os.environ.get("VERSION", "dev")}


@app.get("/")
def index():
    return ", ".join(DEFAULTS)


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", 8000)))
