"""The server under test: the real application under uvicorn, on a socket that the bench has opened."""

import socket
import sys

import uvicorn

from ringmain.entry.http import build_app
from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings


async def serve(descriptor: int) -> None:
    """Answer requests on an open socket until told to end."""
    settings = Settings()
    assert settings.database_url is not None
    keyring = Keyring.open(settings.master_key_path)
    database = Database(settings.database_url.get_secret_value(), connections=settings.pool_size)
    async with database:
        app = build_app(settings, database, keyring)
        config = uvicorn.Config(app, loop="uvloop", http="httptools", log_config=None, access_log=False, lifespan="on")
        # As a socket and not as uvicorn's `fd`, which takes it for a unix socket and leaves TCP_NODELAY off.
        with socket.socket(fileno=descriptor) as listener:
            await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
