"""A merchant's own webhooks: made, tried, sent again and deleted; another merchant's do not exist for it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringmain.kit.migrate import Urls
from tests.entry.web.merchant_site import MerchantSite, merchant_site

ROOT = "/merchant/webhooks"


@pytest.fixture
async def site(database_urls: Urls, tmp_path: Path) -> AsyncIterator[MerchantSite]:
    """Give the tea house's console."""
    async with merchant_site(database_urls.application_url, tmp_path) as site:
        yield site


async def test_a_merchant_makes_tries_and_deletes_its_own_webhook(site: MerchantSite) -> None:
    """Its secret is shown once; a test event waits; a press sent twice makes one; afterwards nothing is left."""
    fields = {"url": "http://127.0.0.1:9/hook", "kinds": "sale", "once": await site.press(ROOT)}
    made = await site.client.post(ROOT, data=fields)
    assert "whsec_" in made.text
    assert (await site.client.post(ROOT, data=fields)).text.count("whsec_") == made.text.count("whsec_")
    assert await site.count("webhook_endpoint", f"merchant_id = '{site.street.tea}'") == 1
    shown = await site.get(ROOT)
    assert "whsec_" not in shown.text
    found = re.search(rf'href="({ROOT}/[0-9a-f-]+)"', shown.text)
    assert found is not None
    await site.send(found[1], found[1], do="test")
    assert await site.count("webhook_delivery") == 1
    assert "Send again" in (await site.get(found[1])).text
    # Another merchant's console knows nothing of it, and may do nothing with it.
    cookie = await site.cookie_of(1)
    site.client.cookies.set("rm_account", cookie)
    assert found[1] not in (await site.get(ROOT)).text
    assert (await site.get(found[1])).status_code == 404
    assert (await site.send(found[1], ROOT, do="delete")).status_code == 404
    assert await site.count("webhook_endpoint") == 1
    site.client.cookies.set("rm_account", site.cookie)
    await site.send(found[1], found[1], do="delete")
    assert await site.count("webhook_endpoint") == 0
