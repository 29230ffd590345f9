"""Static files of the package, read once: each has an address with its digest in it, which never goes stale."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_DIGEST_BYTES = 6
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    media_type: str
    digest: str


class StaticFiles:
    """The files below one folder, in memory, under `/static/<name>` and `/static/<stem>.<digest><suffix>`.

    A name may lead through folders: `till/queue.js`.
    """

    def __init__(self, folder: Path) -> None:
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
        self._files = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        self._versioned = {_versioned(name, file): name for name, file in self._files.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files, in their order."""
        return tuple(self._files)

    def content(self, name: str) -> str:
        """Return the content of a text file. Raises `KeyError` where there is none."""
        return self._files[name].data.decode()

    def address(self, name: str) -> str:
        """Return the address of a file, which changes with its content. Raises `KeyError` where there is none."""
        return f"/static/{_versioned(name, self._files[name])}"

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file: for ever by its digest, to be asked for again by its plain name."""
        asked = request.path_params["name"]
        name = self._versioned.get(asked, asked)
        return self.answer(request, name, for_ever=asked in self._versioned)

    def answer(self, request: Request, name: str, *, for_ever: bool) -> Response:
        """Return a file, or 304 where the browser has it. Raises 404 where there is none."""
        file = self._files.get(name)
        if file is None:
            raise HTTPException(404)
        headers = {"etag": f'"{file.digest}"', "cache-control": _FOR_EVER if for_ever else _ASK_AGAIN}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(file.data, media_type=file.media_type, headers=headers)


def _read(path: Path) -> _File:
    data = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _File(data, media_type, hashlib.blake2b(data, digest_size=_DIGEST_BYTES).hexdigest())


def _versioned(name: str, file: _File) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{file.digest}{dot}{suffix}"
