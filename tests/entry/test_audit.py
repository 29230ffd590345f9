"""Every write of an operator's or merchant's key leaves an entry without personal data; the chain outlives people."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.entry.auditing import HeadsUnreadable, heads, sentence, verify
from ringmain.entry.http import described_routes
from ringmain.entry.installation import Installation as Opened
from ringmain.kit.audit import Broken, Verification, seal_now
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from tests.network.town import Client, Installation, Town

# Writes that leave no entry, by name: whoever adds a route that should be here says so in the route and here.
WITHOUT_ENTRY = {
    "claim_prize",
    "complete_sale",
    "draw_prizes",
    "give_phone",
    "grant_voucher",
    "make_receipt_code",
    "choose_prize",
    "open_red_packet",
    "play_game",
    "recognise_payment",
    "release_validation",
    "send_one_time_code",
    "take_voucher",
    "touch_scene",
    "validate_vouchers",
}


async def made(client: Client, path: str, body: Any = None) -> Any:
    """Post something that has to succeed."""
    answer = await client.post(path, body)
    assert answer.status in (200, 201), answer.body
    return answer.json


async def log_of(here: Installation, town: Town) -> list[dict[str, Any]]:
    """Return the entries of a network, the oldest first, as the API lists them."""
    answer = await here.client(town.tokens["operator"]).get("/v1/audit?limit=200")
    return list(reversed(answer.json["items"]))


def test_which_writes_leave_no_entry() -> None:
    """The writes that are left out are these, each with its reason; all others leave an entry by themselves."""
    routes = described_routes(Settings())
    assert {route.operation for route in routes if route.unaudited_because} == WITHOUT_ENTRY
    assert all(route.transaction == "write" for route in routes if route.unaudited_because)


async def test_keys_leave_entries(here: Installation, town: Town) -> None:
    """Making, rotating and revoking a key are told with who did it, and never with its secret."""
    merchant = here.client(town.tokens["merchant"])
    key = await made(merchant, "/v1/keys", {"role": "merchant", "name": "Anna's laptop"})
    await made(merchant, f"/v1/keys/{key['id']}/rotation", {"overlap_seconds": 60})
    await merchant.call("DELETE", f"/v1/keys/{key['id']}")
    found = await log_of(here, town)
    assert [(entry["action"], entry["object_kind"], entry["object_id"]) for entry in found] == [
        ("make_key", "key", key["id"]),
        ("rotate_key", "key", key["id"]),
        ("revoke_key", "key", key["id"]),
    ]
    assert {entry["actor_kind"] for entry in found} == {"merchant"}
    assert found[0]["facts"] == {"merchant_id": str(town.merchants[0]), "role": "merchant", "version": 1}
    assert "Anna" not in str(found)
    assert "rm_m" not in str(found)


async def test_refusals_and_retries_leave_nothing_more(here: Installation, town: Town) -> None:
    """A refused write leaves no entry, and a retry that gets the first answer leaves no second one."""
    operator = here.client(town.tokens["operator"])
    money = {"amount_minor": 700, "currency": "CNY", "reference": "one"}
    for _ in range(2):
        await operator.post(f"/v1/merchants/{town.merchants[0]}/deposits", money, key="same")
    refused = await operator.post(f"/v1/merchants/{uuid4()}/deposits", money)
    assert refused.status == 404
    (entry,) = await log_of(here, town)
    assert entry["action"] == "make_deposit"
    assert entry["facts"] == {"amount_minor": 700, "currency": "CNY", "merchant_id": str(town.merchants[0])}


async def test_a_change_names_the_fields_and_not_their_content(here: Installation, town: Town) -> None:
    """Of a change the names of the fields are kept; the new name of the person is not."""
    merchant = here.client(town.tokens["merchant"])
    staff = await made(merchant, "/v1/staff", {"name": "Mei Lin", "role": "cashier", "pin": "7391"})
    await merchant.call("PATCH", f"/v1/staff/{staff['id']}", {"name": "Mei Wang", "pin": "5824"})
    added, changed = await log_of(here, town)
    assert (added["action"], added["object_id"]) == ("add_staff", staff["id"])
    assert (changed["action"], changed["object_id"]) == ("change_staff", staff["id"])
    assert changed["facts"]["changed"] == ["name", "pin"]
    assert not [word for word in ("Mei", "7391", "5824") if word in str((added, changed))]


async def test_a_reversal_at_the_till_names_the_till(here: Installation, town: Town) -> None:
    """Undoing a redemption leaves who undid what and how much, without the words that were written as a reason."""
    operator, till = here.client(town.tokens["operator"]), here.client(town.tokens["terminal"])
    merchant = here.client(town.tokens["merchant"])
    money = {"amount_minor": 10_000, "currency": "CNY", "reference": "opening"}
    await made(operator, f"/v1/merchants/{town.merchants[0]}/deposits", money)
    offer = {"name": "Two off", "kind": "cash", "currency": "CNY", "face_minor": 200, "valid_days": 14}
    offered = await made(merchant, "/v1/offers", offer)
    mint = await made(merchant, f"/v1/offers/{offered['id']}/mints", {"count": 1})
    codes = (await merchant.get(f"/v1/offers/{offered['id']}/mints/{mint['id']}/codes")).body.decode().split()
    basket = {"basket_minor": 1_000, "currency": "CNY", "code": codes[1].split(",")[1]}
    spent = (await made(till, "/v1/redemptions", basket))["redemptions"][0]["redemption_id"]
    undone = await made(till, f"/v1/redemptions/{spent}/reversal", {"reason": "Mrs Wang was upset"})
    found = await log_of(here, town)
    assert [entry["action"] for entry in found] == [
        "make_deposit",
        "publish_offer",
        "order_codes",
        "reverse_redemption",
    ]
    last = found[-1]
    assert (last["actor_kind"], last["actor_id"]) == ("terminal", str(town.terminals[0]))
    assert (last["object_kind"], last["object_id"]) == ("reversal", undone["reversal_id"])
    assert (last["facts"]["redemption_id"], last["facts"]["amount_minor"]) == (spent, 200)
    assert "Wang" not in str(found)


async def test_erasing_a_person_leaves_the_chain_whole(here: Installation, town: Town) -> None:
    """Entries about a member hold nothing of the person, so the chain holds after the erasure, which is one of them."""
    operator = here.client(town.tokens["operator"])
    phone = f"+8613{uuid4().int % 10**9:09}"
    asked = await made(operator, "/v1/members/one-time-codes", {"phone": phone})
    code = (await operator.get(f"/v1/members/one-time-codes/{asked['challenge_id']}")).json["code"]
    proof = {"challenge_id": asked["challenge_id"], "code": code, "name": "Anna Karenina"}
    member = (await made(operator, "/v1/members", proof))["member_id"]
    await operator.get(f"/v1/members/{member}/export")
    await operator.call("DELETE", f"/v1/members/{member}")
    await seal_now(here.database, town.network_id)
    found = await log_of(here, town)
    assert [entry["action"] for entry in found] == ["join_network", "export_member", "erase_member"]
    assert [entry["object_id"] for entry in found] == [member] * 3
    assert not [word for word in ("Anna", phone, phone[3:]) if word in str(found)]
    verified = (await operator.get("/v1/audit/verification")).json
    assert (verified["holds"], verified["links"], verified["waiting"]) == (True, 3, 0)


async def test_the_api_compares_with_a_kept_head(here: Installation, town: Town) -> None:
    """A head that fits is compared; one that differs, or lies beyond the end, is a fault."""
    operator = here.client(town.tokens["operator"])
    await made(operator, "/v1/merchants", {"legal_name": "New Ltd"})
    await seal_now(here.database, town.network_id)
    head = (await operator.get("/v1/audit/verification")).json["head"]
    path = "/v1/audit/verification?head_sequence={}&head_hash={}"
    good = (await operator.get(path.format(head["sequence"], head["hash"]))).json
    other = (await operator.get(path.format(head["sequence"], "0" * 64))).json
    beyond = (await operator.get(path.format(head["sequence"] + 1, head["hash"]))).json
    assert (good["holds"], good["heads_compared"]) == (True, 1)
    assert other["broken"] == {"what": "anchor_differs", "sequence": 1, "entry_id": other["broken"]["entry_id"]}
    assert beyond["broken"]["what"] == "truncated"


@pytest.mark.parametrize("role", ["merchant", "terminal", "analyst"])
async def test_only_operators_read_the_log(here: Installation, town: Town, role: str) -> None:
    """The log of the network is not shown to others."""
    assert (await here.client(town.tokens[role]).get("/v1/audit")).status == 403


async def test_the_command_line_prints_heads_and_compares_them(
    here: Installation, town: Town, database_urls: Urls, tmp_path: Path
) -> None:
    """What `audit head` prints is what `audit verify --head` reads; a cut end is found with it, and not without."""
    operator = here.client(town.tokens["operator"])
    for name in ("One Ltd", "Two Ltd"):
        await made(operator, "/v1/merchants", {"legal_name": name})
    installed = Opened(Settings(), database_urls, here.database, here.keyring)
    file = tmp_path / "heads"
    file.write_text("".join(await heads(installed, town.network_id)))
    assert await verify(installed, town.network_id, file) == (
        [f"network {town.network_id}: holds (2 links, 0 waiting, compared with 1 kept)"],
        True,
    )
    with psycopg.connect(database_urls.migration_url) as owner:
        last = "SELECT entry_id FROM audit_link WHERE network_id = %s AND sequence = 2"
        owner.execute(f"DELETE FROM audit_entry WHERE id = ({last})", (town.network_id,))  # noqa: S608 (no input)
        owner.execute("DELETE FROM audit_link WHERE network_id = %s AND sequence = 2", (town.network_id,))
    lines, holds = await verify(installed, town.network_id, file)
    assert not holds
    assert "BROKEN: link 2 is missing although a head was kept beyond it: the end was cut off" in lines[0]
    assert (await verify(installed, town.network_id, None))[1]
    (tmp_path / "other").write_text("hello")
    with pytest.raises(HeadsUnreadable):
        await verify(installed, town.network_id, tmp_path / "other")


def test_a_verification_is_told_in_a_sentence() -> None:
    """The command line names the first broken link, and says when no head was compared."""
    network = UUID(int=1)
    broken = Verification(network, 16, 0, 0, None, Broken("entry_missing", 17))
    assert sentence(broken).endswith(
        "BROKEN: the entry of link 17 is gone: it was deleted (16 links hold, compared with no head from outside)"
    )
    assert "holds (16 links, 2 waiting, compared with 1 kept)" in sentence(Verification(network, 16, 2, 1, None, None))
