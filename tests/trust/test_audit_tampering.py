"""T22: whoever can change the database cannot change the audit log unnoticed, given a head that was kept outside."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.kit.audit import Actor, Anchor, Verification, audit, head_of, seal_now, verify_chain
from ringmain.kit.audit.model import GENESIS, Content, canonical, linked
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls

ENTRIES = 40
SOMEBODY = Actor("operator", uuid4())


@dataclass(slots=True)
class Log:
    """A network with a chained log, its head as it was kept outside, and the hand of an attacker."""

    database: Database
    network_id: UUID
    url: str
    kept: Anchor

    async def verify(self, *, anchored: bool = True) -> Verification:
        """Verify, with the kept head or without any."""
        async with self.database.unit(self.network_id, role="worker") as uow:
            return await verify_chain(uow, [self.kept] if anchored else [])

    async def write(self, count: int = 1) -> None:
        """Go on with honest work, and let the sealer chain it."""
        for _ in range(count):
            async with self.database.unit(self.network_id) as uow:
                await audit(uow, SOMEBODY, "make_deposit", "deposit", uuid4(), {"amount_minor": 500})
        await seal_now(self.database, self.network_id)

    def tamper(self, *statements: str) -> None:
        """Run statements as the owner of the database; `:n` is the network, `:e` the 17th entry."""
        entry = "(SELECT entry_id FROM audit_link WHERE network_id = :n AND sequence = 17)"
        with psycopg.connect(self.url) as owner:
            for statement in statements:
                owner.execute(statement.replace(":e", entry).replace(":n", f"'{self.network_id}'"))

    def chain_again(self) -> None:
        """Do what a careful attacker does: compute every hash anew, so that the chain holds in itself."""
        with psycopg.connect(self.url) as owner:
            rows = owner.execute(
                "SELECT l.sequence, e.id, e.at, e.actor_kind, e.actor_id, e.action, e.object_kind, e.object_id,"
                " e.facts, e.request_id FROM audit_link l JOIN audit_entry e ON e.network_id = l.network_id"
                " AND e.id = l.entry_id WHERE l.network_id = %s ORDER BY 1",
                (self.network_id,),
            ).fetchall()
            hash_ = GENESIS
            for sequence, id_, at, actor_kind, actor_id, *rest in rows:
                content = Content(id_, at, Actor(actor_kind, actor_id), *rest)
                hash_ = linked(hash_, canonical(self.network_id, sequence, content))
                owner.execute(
                    "UPDATE audit_link SET hash = %s WHERE network_id = %s AND sequence = %s",
                    (hash_, self.network_id, sequence),
                )


@pytest.fixture
async def log(database_urls: Urls) -> AsyncIterator[Log]:
    """Give a log of 40 chained entries with its head."""
    network_id = uuid4()
    async with Database(database_urls.application_url, connections=2) as database:
        made = Log(database, network_id, database_urls.migration_url, Anchor(network_id, 0, ""))
        await made.write(ENTRIES)
        async with database.unit(network_id, role="worker") as uow:
            head = await head_of(uow)
        assert head is not None
        assert head.sequence == ENTRIES
        made.kept = head
        yield made


GAP = "UPDATE audit_link SET sequence = -sequence WHERE network_id = :n AND sequence > {}"
ALLOW = "ALTER TABLE audit_link DROP CONSTRAINT IF EXISTS audit_link_sequence_check"
CLOSE = "UPDATE audit_link SET sequence = -sequence {} WHERE network_id = :n AND sequence < 0"


def _edit(log: Log) -> None:
    log.tamper("UPDATE audit_entry SET facts = '{\"amount_minor\": 5}' WHERE id = :e")


def _edit_time(log: Log) -> None:
    log.tamper("UPDATE audit_entry SET at = at - interval '1 microsecond' WHERE id = :e")


def _edit_actor(log: Log) -> None:
    log.tamper("UPDATE audit_entry SET actor_id = gen_random_uuid() WHERE id = :e")


def _delete_entry(log: Log) -> None:
    log.tamper("DELETE FROM audit_entry WHERE id = :e")


def _delete_both(log: Log) -> None:
    log.tamper(
        "DELETE FROM audit_entry WHERE id = :e",
        "DELETE FROM audit_link WHERE network_id = :n AND sequence = 17",
    )


def _delete_and_close(log: Log) -> None:
    _delete_both(log)
    log.tamper(ALLOW, GAP.format(17), CLOSE.format("- 1"))


def _insert(log: Log) -> None:
    """Put an entry in between, and move all that follow: the hash of the new link is the attacker's guess."""
    log.tamper(
        ALLOW,
        GAP.format(16),
        CLOSE.format("+ 1"),
        "INSERT INTO audit_entry SELECT network_id, gen_random_uuid(), at, actor_kind, actor_id, 'revoke_key', 'key',"
        " object_id, '{}', '' FROM audit_entry WHERE id = (SELECT entry_id FROM audit_link"
        " WHERE network_id = :n AND sequence = 16)",
        "INSERT INTO audit_link SELECT network_id, 17, id, sha256(id::text::bytea) FROM audit_entry"
        " WHERE network_id = :n AND action = 'revoke_key'",
    )


def _reorder(log: Log) -> None:
    log.tamper(
        ALLOW,
        "UPDATE audit_link SET sequence = -1 WHERE network_id = :n AND sequence = 17",
        "UPDATE audit_link SET sequence = 17 WHERE network_id = :n AND sequence = 18",
        "UPDATE audit_link SET sequence = 18 WHERE network_id = :n AND sequence = -1",
    )


def _truncate(log: Log) -> None:
    log.tamper(
        "DELETE FROM audit_entry WHERE network_id = :n AND id IN"
        " (SELECT entry_id FROM audit_link WHERE network_id = :n AND sequence >= 17)",
        "DELETE FROM audit_link WHERE network_id = :n AND sequence >= 17",
    )


def _truncate_links(log: Log) -> None:
    log.tamper("DELETE FROM audit_link WHERE network_id = :n AND sequence >= 17")


def _rewrite(log: Log) -> None:
    _edit(log)
    log.chain_again()


def _insert_unannounced(log: Log) -> None:
    log.tamper(
        "INSERT INTO audit_entry VALUES"
        " (:n, gen_random_uuid(), now(), 'system', NULL, 'nothing', 'thing', NULL, '{}', '')"
    )


# What is found without a head from outside, and where.
IN_ITSELF: dict[str, tuple[Callable[[Log], None], str, int | None]] = {
    "edit": (_edit, "hash_differs", 17),
    "edit of the time": (_edit_time, "hash_differs", 17),
    "edit of the actor": (_edit_actor, "hash_differs", 17),
    "delete an entry": (_delete_entry, "entry_missing", 17),
    "delete an entry and its link": (_delete_both, "link_missing", 17),
    "delete and close the gap": (_delete_and_close, "hash_differs", 17),
    "insert": (_insert, "hash_differs", 17),
    "insert without an announcement": (_insert_unannounced, "entry_unannounced", None),
    "reorder": (_reorder, "hash_differs", 17),
    "cut the links off": (_truncate_links, "entry_unannounced", None),
}
# What only a head from outside shows.
ONLY_ANCHORED: dict[str, tuple[Callable[[Log], None], str, int]] = {
    "truncate": (_truncate, "truncated", 17),
    "write the whole chain anew": (_rewrite, "anchor_differs", ENTRIES),
}


async def test_an_honest_log_holds(log: Log) -> None:
    """Nothing is found in a log that nobody touched, also when work has gone on since the head was kept."""
    await log.write(3)
    found = await log.verify()
    assert (found.ok, found.links, found.waiting, found.anchors) == (True, ENTRIES + 3, 0, 1)


@pytest.mark.parametrize("name", IN_ITSELF)
async def test_tampering_is_found(log: Log, name: str) -> None:
    """Each change is found, and the first link that does not hold is named."""
    tamper, what, sequence = IN_ITSELF[name]
    tamper(log)
    found = await log.verify(anchored=False)
    assert found.broken is not None
    assert (found.broken.what, found.broken.sequence) == (what, sequence)


@pytest.mark.parametrize("name", ONLY_ANCHORED)
async def test_only_a_head_from_outside_shows_the_rest(log: Log, name: str) -> None:
    """A cut end and a chain written anew hold in themselves (the control), and are found against the kept head."""
    tamper, what, sequence = ONLY_ANCHORED[name]
    tamper(log)
    assert (await log.verify(anchored=False)).ok
    found = await log.verify()
    assert found.broken is not None
    assert (found.broken.what, found.broken.sequence) == (what, sequence)


async def test_a_cut_end_is_found_when_work_has_gone_on(log: Log) -> None:
    """New entries that take the places of those cut off do not hide it."""
    _truncate(log)
    await log.write(ENTRIES)
    found = await log.verify()
    assert found.broken is not None
    assert (found.broken.what, found.broken.sequence) == ("anchor_differs", ENTRIES)
