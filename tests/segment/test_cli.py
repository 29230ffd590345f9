"""The commands about tribes say what was found in plain words, and what is missing where nothing was."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.segment.cli import commands
from tests.segment.street import Street, open_street


@dataclass(frozen=True, slots=True)
class _Opened:
    database: Any
    keyring: Any
    settings: Settings


def test_tribes_are_listed_in_plain_words(
    database_urls: Urls, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first finding it says when the next one is; then each tribe with size, stability, rule and lifts."""

    async def told(act: Callable[[Street, Callable[..., Awaitable[None]]], Awaitable[None]]) -> None:
        async with open_street(database_urls.application_url, tmp_path) as street:
            opened = _Opened(street.database, street.keyring, Settings(home=tmp_path))

            async def run(*words: str) -> None:
                kept: list[Callable[[Any], Awaitable[None]]] = []
                commands(kept.append)([*words, "--network", str(street.network_id)], result_action="return_value")
                await kept[0](opened)

            await act(street, run)

    async def story(street: Street, run: Callable[..., Awaitable[None]]) -> None:
        await run()
        assert "nobody has looked for tribes yet" in capsys.readouterr().out
        await run("find")
        assert "0 tribes, 0 of 0 people with visits enough" in capsys.readouterr().out
        await run()
        assert "no tribes: 0 people who agreed have 10 visits and more" in capsys.readouterr().out
        noodles, others = await street.join(20), await street.join(40)
        now = datetime.now(tz=UTC)
        street.live(noodles, "noodles", seed=1, until=now)
        street.live(others, seed=2, until=now)
        street.write()
        await run("find")
        assert "1 tribes, 20 of 60 people with visits enough in one; 0 of 0 newcomers" in capsys.readouterr().out
        await run()
        out = capsys.readouterr().out
        assert "1 tribes: 60 people who agreed" in out
        assert ("Noodles" in out, "Of all visits, at least" in out) == (True, True)

    asyncio.run(told(story))
