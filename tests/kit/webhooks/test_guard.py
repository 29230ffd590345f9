"""No webhook leads into our own house: refused by its text, by what its name means, and again at every call."""

from collections.abc import Sequence

import httpx2 as httpx
import pytest

from ringmain.kit.webhooks.deliver import post
from ringmain.kit.webhooks.errors import WebhookAddressRefused
from ringmain.kit.webhooks.guard import Guard
from tests.kit.webhooks.receiver import receiving

REFUSED = {
    "http://example.com/": "not_https",
    "ftp://example.com/": "not_https",
    "file:///etc/passwd": "unreadable",
    "https:///nowhere": "unreadable",
    "https://user:secret@example.com/": "unreadable",
    "https://example.com/#part": "unreadable",
    "https://example.com/a b": "unreadable",
    "https://exämple.com/": "unreadable",
    "https://localhost/": "not_public",
    "https://127.0.0.1/": "not_public",
    "https://127.1/": "not_public",
    "https://0x7f000001/": "not_public",
    "https://2130706433/": "not_public",
    "https://0/": "not_public",
    "https://10.0.0.8/": "not_public",
    "https://172.16.0.1/": "not_public",
    "https://192.168.1.1/": "not_public",
    "https://100.64.0.1/": "not_public",
    "https://169.254.169.254/latest/meta-data/": "not_public",
    "https://168.63.129.16/": "not_public",
    "https://224.0.0.1/": "not_public",
    "https://255.255.255.255/": "not_public",
    "https://[::1]/": "not_public",
    "https://[::]/": "not_public",
    "https://[fd00::1]/": "not_public",
    "https://[fe80::1%25eth0]/": "not_public",
    "https://[::ffff:127.0.0.1]/": "not_public",
    "https://[::ffff:10.0.0.1]/": "not_public",
    "https://[64:ff9b::10.0.0.1]/": "not_public",
    "https://[2002:7f00:1::]/": "not_public",
}


def answering(*addresses: str) -> Guard:
    """Return a guard for which every name means these addresses."""

    async def resolver(_: str, __: int) -> Sequence[str]:
        return addresses

    return Guard(resolver=resolver)


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_of_our_own_house_are_refused(url: str) -> None:
    """Each is refused with its reason, before anybody is asked what a name means."""
    with pytest.raises(WebhookAddressRefused) as refused:
        Guard().check(url)
    assert refused.value.facts["reason"] == REFUSED[url]


def test_a_public_address_is_let_through() -> None:
    """Control: the guard does not refuse everything."""
    for url in ("https://example.com/hook?a=1", "https://93.184.216.34:8443/", "https://[2606:4700::1111]/"):
        assert Guard().check(url).hostname


def test_in_development_this_machine_may_be_called() -> None:
    """Development lets http to this machine through, and nothing else of the house."""
    guard = Guard(development=True)
    assert guard.check("http://127.0.0.1:9000/hook").port == 9000
    for url in ("http://10.0.0.1/", "https://192.168.0.1/", "http://example.com/"):
        with pytest.raises(WebhookAddressRefused):
            guard.check(url)


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::ffff:169.254.169.254",), ("fe80::1%eth0",), ()]
)
async def test_a_name_that_leads_inside_is_refused(addresses: tuple[str, ...]) -> None:
    """One inner address among those of a name is enough to refuse."""
    with pytest.raises(WebhookAddressRefused):
        await answering(*addresses).target("https://innocent.example/")


async def test_the_checked_address_is_the_one_that_is_called() -> None:
    """A name is looked up once: the connection goes to the checked number, whatever the name means a moment later."""
    target = await answering("93.184.216.34").target("https://innocent.example:8443/hook?a=1")
    assert target.url == "https://93.184.216.34:8443/hook?a=1"
    assert (target.host, target.host_header) == ("innocent.example", "innocent.example:8443")
    looked_up = 0

    async def rebinding(_: str, __: int) -> Sequence[str]:
        nonlocal looked_up
        looked_up += 1
        return ["127.0.0.1"] if looked_up == 1 else ["169.254.169.254"]

    async with receiving() as receiver, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://localhost:{receiver.port}/hook"
        outcome = await post(client, Guard(development=True, resolver=rebinding), url, b"{}", {}, 5.0)
    assert (outcome.status, looked_up) == (204, 1)
    assert receiver.calls[0].headers["host"] == f"localhost:{receiver.port}"


async def test_redirects_are_not_followed_and_long_answers_are_cut() -> None:
    """A redirect into the house is an answer that is not 2xx; an endless answer ends after sixteen kilobytes."""
    there = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n" + b"x" * 200_000
    guard = Guard(development=True)
    async with httpx.AsyncClient(trust_env=False) as client:
        async with receiving(lambda _id, _count: there) as receiver:
            outcome = await post(client, guard, receiver.url, b"{}", {}, 5.0)
            assert (outcome.status, outcome.delivered, len(receiver.calls)) == (302, False, 1)
        async with receiving(lambda _id, _count: long) as receiver:
            assert (await post(client, guard, receiver.url, b"{}", {}, 5.0)).delivered
        async with receiving(lambda _id, _count: "hang") as receiver:
            assert (await post(client, guard, receiver.url, b"{}", {}, 0.2)).error == "timeout"
        assert (await post(client, guard, receiver.url, b"{}", {}, 5.0)).error == "connection"
        assert (await post(client, Guard(), receiver.url, b"{}", {}, 5.0)).error == "address_refused"
