"""What webhooks tell, collected from the slices that own the facts: ids, amounts and times, no personal data."""

from ringmain.entry.lake import lake_tables
from ringmain.kit.webhooks import Source, ids_only, of_lake

# Which merchant may hear of a fact. Where a voucher was won and who else funded it is not told to merchants: a single
# event would show what one person did elsewhere.
_TOLD = {
    "sale": ("merchant_id", ("subject_id",)),
    "redemption": ("merchant_id", ("subject_id",)),
    "reversal": ("", ()),
    "grant": ("", ()),
    "touch": ("", ()),
    # Its merchant is named where every clause is about its own shops: what its till says already.
    "segment_change": ("merchant_id", ("subject_id", "cause_kind", "cause_id")),
}
_IDS = {
    "deposit_made": "deposit_id",
    "game_running_low": "game_id",
    "member_erased": "subject_id",
    "member_joined": "subject_id",
    "member_merged": "subject_id",
    "merchant_opened": "merchant_id",
    "offer_published": "offer_id",
    "sale_change": "change_id",
    "scene_placed": "scene_id",
    "scene_retired": "scene_id",
    "shop_changed": "shop_id",
    "shop_opened": "shop_id",
    "voucher_closed": "voucher_id",
}


def sources() -> tuple[Source, ...]:
    """Return what is told of each kind of fact. `subject_id` stands for a person, and for nobody once erased."""
    lake = {table.kind: table for table in lake_tables()}
    told = (of_lake(lake[kind], field, hidden) for kind, (field, hidden) in _TOLD.items())
    return (*told, *(ids_only(kind, name) for kind, name in _IDS.items()))
