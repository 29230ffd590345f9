"""The real application under uvicorn, as a process that tests may kill: python -m tests.trust.server PORT."""

import asyncio
import sys

import uvicorn

from ringmain.entry.http import build_app
from ringmain.kit.db import Database
from ringmain.kit.logs import configure_logs
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings


async def serve(port: int) -> None:
    """Answer requests until killed; the settings come from the environment."""
    settings = Settings()
    configure_logs(settings.log_level, "json")
    assert settings.database_url is not None
    async with Database(settings.database_url.get_secret_value(), connections=8) as database:
        app = build_app(settings, database, Keyring.open(settings.master_key_path))
        config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
