from fastapi import APIRouter

router = APIRouter()


@router.get("/")
def lists():
    return ["home", "garden"]
