"""Tests of who follows a link: people in browsers, and not the programs that look at it before them."""

import pytest

from ringmain.entry.web.following import is_followed

GOES = {"sec-fetch-mode": "navigate"}


@pytest.mark.parametrize(
    ("method", "headers", "with_session", "without"),
    [
        ("GET", GOES, True, True),
        ("GET", {}, True, False),
        ("HEAD", GOES, False, False),
        ("GET", GOES | {"sec-purpose": "prefetch;prerender"}, False, False),
        ("GET", GOES | {"purpose": "prefetch"}, False, False),
        ("GET", GOES | {"x-moz": "prefetch"}, False, False),
        ("GET", GOES | {"x-purpose": "preview"}, False, False),
        ("GET", {"sec-fetch-mode": "no-cors"}, False, False),
    ],
)
def test_only_who_goes_there_has_followed_it(
    method: str, headers: dict[str, str], with_session: bool, without: bool
) -> None:
    """Without a session only a browser that says so counts: programs that make previews of links do not."""
    assert is_followed(method, headers, signed_in=True) is with_session
    assert is_followed(method, headers, signed_in=False) is without
