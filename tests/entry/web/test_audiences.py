"""Who may open which page: everybody else is led to where one signs in, and nothing happens."""

from datetime import timedelta
from uuid import uuid4

import httpx2
import pytest

from ringmain.entry.web.audiences import AUDIENCES
from ringmain.entry.web.site import PAGES
from ringmain.kit.pages import PageRoute, open_session
from ringmain.simulate.api import street
from tests.entry.web.served import Served

# One holder of each kind: by the name of what they are.
HOLDERS: dict[str, tuple[str, dict[str, str]]] = {
    "nobody": ("", {}),
    "member": ("phone", {}),
    "till": ("till", {"merchant_id": str(street.STALLS[0].merchant_id), "shop_id": str(street.STALLS[0].shop_id)}),
    "owner": ("account", {"role": "owner", "merchant_id": str(street.STALLS[0].merchant_id), "name": "x"}),
    "manager": ("account", {"role": "manager", "merchant_id": str(street.STALLS[0].merchant_id), "name": "x"}),
    "operator": ("account", {"role": "operator", "name": "x"}),
}
# Who gets past the door of each audience; a locked till is no cashier.
ADMITTED: dict[str, set[str]] = {
    "anybody": set(HOLDERS),
    "phone": set(HOLDERS),
    "device": set(HOLDERS),
    "visitor": set(HOLDERS),
    "member": {"member"},
    "till": {"till"},
    "cashier": set(),
    "account": {"owner", "manager", "operator"},
    "merchant": {"owner", "manager"},
    "operator": {"operator"},
}


def test_every_page_declares_an_audience_that_this_table_knows() -> None:
    """A page for an audience that nobody has judged here fails, and so does an audience without a page table."""
    assert {page.audience.name for page in PAGES} <= set(ADMITTED)
    assert {audience.name for audience in AUDIENCES} == set(ADMITTED)


def _guarded() -> list[tuple[PageRoute, str]]:
    return [(page, who) for page in PAGES for who in HOLDERS if who not in ADMITTED[page.audience.name]]


@pytest.fixture(scope="module")
def cookies(served: Served) -> dict[str, dict[str, str]]:
    """Give the cookies of one holder of each kind."""

    async def opened(kind: str, facts: dict[str, str]) -> str:
        async with served.database.unit(street.NETWORK_ID) as uow:
            return (await open_session(uow, kind, uuid4(), timedelta(hours=1), facts))[1]

    return {
        who: {f"rm_{kind}": served.call(opened(kind, facts))} if kind else {} for who, (kind, facts) in HOLDERS.items()
    }


async def test_a_page_lets_in_nobody_else(served: Served, cookies: dict[str, dict[str, str]]) -> None:
    """Reading or sending, whoever is not of the audience is led away (or told 401, as a module of ours)."""
    faults = []
    async with httpx2.AsyncClient(base_url=served.url) as client:
        for page, who in _guarded():
            path = _filled(page.path)
            for method in page.methods:
                client.cookies.clear()
                headers = {"cookie": "; ".join(f"{name}={value}" for name, value in cookies[who].items())}
                answer = await client.request(method, path, headers=headers, follow_redirects=False)
                led = answer.headers.get("location", "").split("?")[0]
                wanted = (401, "") if page.json and method == "POST" else (303, page.audience.otherwise.split("?")[0])
                if answer.status_code != 429 and (answer.status_code, led) != wanted:
                    faults.append(f"{who}: {method} {path}: {answer.status_code} {led}")
    assert faults == []
    assert len(_guarded()) > 100


def _filled(path: str) -> str:
    """Return an address with something in its braces."""
    parts = [
        str(uuid4()) if part.endswith(":uuid}") else "x" if part.startswith("{") else part for part in path.split("/")
    ]
    return "/".join(parts)
