"""The built dashboard: its files, and its one page for every other address."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"


class Page(StaticFiles):
    """Files below `assets/` have their hash in the name and never change; the page itself is asked for each time."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._index = folder / "index.html"

    async def check_config(self) -> None:
        """A page that is being built anew is missing for a moment: that is no error of ours."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or the page for an address that the page itself routes."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            routed = error.status_code == 404 and "." not in path.rsplit("/", 1)[-1]
            if not routed or path.startswith(("api/", "metrics")) or not self._index.exists():
                raise
            response = FileResponse(self._index)
        response.headers["Cache-Control"] = IMMUTABLE if path.startswith("assets/") else "no-cache"
        return response
