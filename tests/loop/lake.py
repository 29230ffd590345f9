"""Writes a small lake as Parquet, from rows that name shops and people by letters and times by days."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa

from ringmain.kit.follow_store import Position
from ringmain.kit.lake.arrow import by_day, schema_of
from ringmain.kit.lake.folder import LakeFolder
from ringmain.loop.api import LAKE_TABLES

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Return the time so many days after the start."""
    return START + timedelta(days=number)


@dataclass
class SmallLake:
    """The facts of one network; `write` puts them where the exporter would."""

    root: Path
    network_id: UUID = field(default_factory=uuid4)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def sale(self, sale_id: str, who: str | None, shop: str, on: float) -> None:
        """Add a sale."""
        worth = {"total_minor": 1_000, "redeemed_minor": 200, "currency": "CNY"}
        self._add("sale", sale_id=sale_id, subject_id=who, shop_id=shop, merchant_id=shop, sold_at=day(on), **worth)

    def walk(self, who: str, *visits: tuple[str, float]) -> None:
        """Add a member's sales, one after another."""
        for shop, on in visits:
            self.sale(f"{who}-{shop}-{on}", who, shop, on)

    def grant(
        self,
        voucher_id: str,
        who: str | None,
        won_at: str | None,
        shops: Sequence[str],
        on: float,
        *,
        days: float = 14,
        valid_from: float | None = None,
        led_by: str | None = None,
        paid_by: str | None = None,
    ) -> None:
        """Add a grant; it can be spent at `shops` (none: at any) for so many days."""
        self._add(
            "grant",
            voucher_id=voucher_id,
            subject_id=who,
            funder_id=paid_by,
            sender_shop_id=won_at,
            granted_at=day(on),
            valid_from=day(on if valid_from is None else valid_from),
            valid_until=day(on + days),
            redeem_shop_ids=list(shops),
            origin_kind=None if led_by is None else "sale",
            origin_id=led_by,
        )

    def redeem(self, voucher_id: str, who: str | None, shop: str, on: float, sale_id: str) -> None:
        """Add a redemption in a sale that was added already."""
        self._add(
            "redemption",
            redemption_id=f"r-{voucher_id}-{on}",
            voucher_id=voucher_id,
            sale_id=sale_id,
            subject_id=who,
            shop_id=shop,
            merchant_id=shop,
            amount_minor=200,
            redeemed_at=day(on),
        )

    def reverse(self, voucher_id: str, on: float, reversed_on: float) -> None:
        """Add the reversal of a redemption."""
        self._add(
            "reversal",
            reversal_id="v",
            redemption_id=f"r-{voucher_id}-{on}",
            voucher_id=voucher_id,
            reversed_at=day(reversed_on),
        )

    def merge(self, who: str, into: str) -> None:
        """Let one subject stand for another."""
        self._add("subject_alias", subject_id=who, canonical_subject_id=into)

    def say(self, sale_id: str, on: float, *, not_me: bool = True) -> None:
        """Let a person say of a sale that it was not theirs, or that it was."""
        self._add("sale_dispute", dispute_id=f"d-{sale_id}-{on}", sale_id=sale_id, not_me=not_me, said_at=day(on))

    def refund(self, sale_id: str, on: float, amount_minor: int) -> None:
        """Add a refund."""
        row = {"change_id": f"c-{sale_id}-{on}", "sale_id": sale_id, "kind": "refund"}
        self.rows.setdefault("sale_change", []).append({**row, "amount_minor": amount_minor, "changed_at": day(on)})

    def touch(self, scene: str, who: str | None, on: float) -> None:
        """Add a touch of a scene."""
        row = {"touch_id": f"t-{scene}-{who}-{on}", "scene_id": scene, "shop_id": None, "subject_id": who}
        self._add("touch", **row, touched_at=day(on))

    def invite(self, invitation: str, who: str, on: float) -> None:
        """Let somebody hand on a link."""
        row = {"invitation_id": invitation, "subject_id": who, "kind": "link", "made_at": day(on)}
        self.rows.setdefault("invitation", []).append(row)

    def refer(self, invitation: str, who: str, friend: str, on: float, *, came: bool = False) -> None:
        """Let a friend become a member by a link, and (`came`) buy something for the first time."""
        row = {"referral_id": f"f-{friend}", "invitation_id": invitation, "subject_id": who, "friend_id": friend}
        self._add("referral", **row, refused=None, joined_at=day(on))
        if came:
            reward = {"reward_id": f"w-{friend}", "referral_id": f"f-{friend}", "subject_id": who}
            self._add("referral_reward", **reward, sale_id="s", voucher_id="v", rewarded_at=day(on))

    def deal(
        self, campaign: str, who: str, on: float, *, treated: bool, turn: int = 0, shop: str | None = None
    ) -> None:
        """Record that somebody would have been shown the offer of a campaign."""
        self._add(
            "campaign_opportunity",
            opportunity_id=f"o-{campaign}-{who}-{on}",
            campaign_id=campaign,
            subject_id=who,
            treated=treated,
            area="",
            turn=turn,
            shop_id=shop,
            happened_at=day(on),
        )

    def serve(self, plan: str, who: str, on: float, *, treated: bool, scene: str = "poster") -> None:
        """Record that somebody was met under a service plan."""
        self._add(
            "service_met",
            meeting_id=f"m-{plan}-{who}-{on}",
            plan_id=plan,
            version=1,
            tribe_id="tribe",
            scene=scene,
            subject_id=who,
            treated=treated,
            met_at=day(on),
        )

    def give_benefit(self, plan: str, who: str, on: float) -> None:
        """Record that a till gave somebody a benefit of a plan."""
        row = {"given_id": f"b-{plan}-{who}-{on}", "plan_id": plan, "version": 1, "benefit": 1, "subject_id": who}
        self._add("benefit_given", **row, shop_id="shop", given_at=day(on))

    def breach(self, campaign: str, who: str, on: float) -> None:
        """Record that somebody was given the offer of a campaign by hand."""
        row = {"breach_id": f"b-{campaign}-{who}", "campaign_id": campaign, "subject_id": who}
        self._add("campaign_breach", **row, happened_at=day(on))

    def write(self) -> "SmallLake":
        """Write all facts."""
        folder = LakeFolder(self.root)
        for table in LAKE_TABLES:
            given = self.rows.get(table.kind, [])
            if not given:
                continue
            rows = pa.Table.from_pylist(given, schema=schema_of(table))
            if table.whole:
                files = {folder.whole_file(table.kind, self.network_id): rows}
            else:
                files = {
                    folder.day_file(table.kind, self.network_id, on, Position(7, 1)): part
                    for on, part in by_day(table, rows)
                }
            folder.publish(files)
        return self

    def _add(self, kind: str, **row: Any) -> None:
        self.rows.setdefault(kind, []).append(row)
