"""The requests of a load: distinct codes and keys, written to a file that the load generator reads before it begins."""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ringmain.entry.bench.ids import code_text, member_id
from ringmain.entry.bench.stage import MERCHANTS, Stage
from ringmain.entry.bench.store import CURRENCY


def write_redemptions(path: Path, stage: Stage, numbers: Iterable[int]) -> None:
    """Write one redemption per voucher, each sent by a till of the voucher's merchant."""
    per_merchant = len(stage.tokens) // MERCHANTS
    with path.open("w") as file:
        for place, number in enumerate(numbers):
            token = stage.tokens[number % MERCHANTS + MERCHANTS * (place // MERCHANTS % per_merchant)]
            file.write(f'{token}\t{secrets.token_hex(16)}\t{{"code":"{code_text(number)}"}}\n')


def write_batches(path: Path, stage: Stage, batches: Sequence[Sequence[int]]) -> None:
    """Write one request per batch; the vouchers of a batch are of one merchant, whose till sends it."""
    with path.open("w") as file:
        for place, numbers in enumerate(batches):
            items = [{"idempotency_key": secrets.token_hex(16), "code": code_text(number)} for number in numbers]
            token = stage.tokens[numbers[0] % MERCHANTS + MERCHANTS * (place % (len(stage.tokens) // MERCHANTS))]
            file.write(f"{token}\t\t{msgspec.json.encode({'items': items}).decode()}\n")


def write_sales(path: Path, stage: Stage, count: int, members: int) -> None:
    """Write sales to members in turn, one request each, sent by every till in turn."""
    with path.open("w") as file:
        for place in range(count):
            token, who = stage.tokens[place % len(stage.tokens)], member_id(place % members)
            body = f'{{"total_minor":1500,"currency":"{CURRENCY}","member_id":"{who}"}}'
            file.write(f"{token}\t{secrets.token_hex(16)}\t{body}\n")
