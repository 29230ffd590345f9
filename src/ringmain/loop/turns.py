"""Analyses of the lake take their turn: one at a time in a process, in a thread of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Found = TypeVar("Found")

# Each may take all the memory and threads that analyses are given.
_ONE = ThreadPoolExecutor(1, thread_name_prefix="loop")


async def in_turn(analysis: Callable[Asked, Found], *asked: Asked.args, **named: Asked.kwargs) -> Found:
    """Run an analysis when those before it have ended, whoever asked for them; the loop is not blocked meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_ONE, partial(analysis, *asked, **named))
