"""The demo street: roles that one press gives, and none of it where there is no demo."""

import httpx2
import pytest
from playwright.async_api import Browser, ViewportSize

from tests.entry.web.journey import Language, Scheme, faults, forms, journey
from tests.entry.web.served import Served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("size", "language", "scheme"), forms(("phone", "zh", "light"), ("desk", "en", "dark")))
async def test_the_demo_page_has_no_fault(
    served: Served, browser: Browser, size: ViewportSize, language: Language, scheme: Scheme
) -> None:
    """Five roles, eight posters, and the outbox stand on the page, marked as made up."""
    async with journey(browser, served.url, "demo", size=size, language=language, scheme=scheme) as walk:
        await walk.page.goto("/demo")
        assert await walk.page.locator("form[action^='/demo/']").count() == 5
        assert await walk.page.locator(".doors a").count() == 8
        assert await faults(walk.page) == []


async def test_another_site_cannot_give_a_role(served: Served) -> None:
    """A form that another site had a browser send opens no session."""
    async with httpx2.AsyncClient(base_url=served.url) as client:
        answer = await client.post("/demo/operator", data={"x": "1"}, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
