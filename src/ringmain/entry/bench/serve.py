"""The server under test: the real application under uvicorn, on a socket that the bench has opened."""

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
        config = uvicorn.Config(app, fd=descriptor, loop="uvloop", http="httptools", log_config=None, access_log=False)
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1])))
