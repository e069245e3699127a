import os
from pathlib import Path

import config
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from board import store

PAGE = Path(__file__).parent / "templates" / "board.html"


def page():
    return PAGE.read_text().replace("NOTICES", "".join(store.notices(config.LIMIT)))


async def index(request):
    return HTMLResponse(page())


async def healthz(request):
    return JSONResponse({"status": "ok", "version": os.environ.get("VERSION", "dev")})


app = Starlette(routes=[Route("/", index), Route("/healthz", healthz)])
