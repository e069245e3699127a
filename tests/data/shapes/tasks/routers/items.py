from fastapi import APIRouter

from routers.names import title

router = APIRouter()


@router.get("/{name}")
def item(name: str):
    return {"name": title(name)}
