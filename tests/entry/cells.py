"""What is declared of every operation: one cell each, independent of the routes. A route without a cell fails T11."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from tests.entry.matrix import CAMPAIGN_TIME, PICTURE, Cell, Things

SHOP = {"name": "West Lake", "category": "tea", "latitude": 30.2, "longitude": 120.1, "time_zone": "Asia/Shanghai"}


def _merchant(things: Things) -> str:
    return f"/v1/merchants/{things.town.merchants[0]}"


NETWORK: dict[str, Cell] = {
    "read_network": Cell("omta", lambda _: "/v1/network", other_network="apart", other_merchant="apart"),
    "who_am_i": Cell("omta", lambda _: "/v1/me", other_network="apart", other_merchant="apart"),
    "open_merchant": Cell("o", lambda _: "/v1/merchants", lambda _: {"legal_name": "New Ltd"}, other_network="apart"),
    "list_merchants": Cell("oma", lambda _: "/v1/merchants", other_network="apart", other_merchant="apart"),
    "read_merchant": Cell("omta", _merchant),
    "rename_merchant": Cell("o", _merchant, lambda _: {"legal_name": "Renamed Ltd"}),
    "state_margin": Cell("om", lambda things: f"{_merchant(things)}/margin", lambda _: {"margin_bp": 6_200}),
    "read_margin": Cell("om", lambda things: f"{_merchant(things)}/margin"),
    "make_deposit": Cell(
        "o",
        lambda things: f"{_merchant(things)}/deposits",
        lambda _: {"amount_minor": 5, "currency": "CNY", "reference": str(uuid4())},
    ),
    "read_balance": Cell("om", lambda things: f"{_merchant(things)}/balance"),
    "open_shop": Cell(
        "om", lambda _: "/v1/shops", lambda things: SHOP | {"merchant_id": str(things.town.merchants[0])}
    ),
    "list_shops": Cell("omta", lambda _: "/v1/shops", other_network="apart", other_merchant="apart"),
    "read_shop": Cell("omta", lambda things: f"/v1/shops/{things.town.shops[0]}"),
    "change_shop": Cell("om", lambda things: f"/v1/shops/{things.town.shops[0]}", lambda _: {"name": "Changed"}),
    "list_rivals": Cell("om", lambda things: f"{_merchant(things)}/rivals"),
    "declare_rival": Cell("om", lambda things: f"{_merchant(things)}/rivals/{things.town.shops[1]}"),
    "withdraw_rival": Cell("om", lambda things: f"{_merchant(things)}/rivals/{things.town.shops[1]}"),
    "add_staff": Cell(
        "om",
        lambda _: "/v1/staff",
        lambda things: {
            "name": "Li",
            "role": "manager",
            "pin": "5824",
            "merchant_id": str(things.town.merchants[0]),
        },
    ),
    "list_staff": Cell("omt", lambda _: "/v1/staff", other_network="apart", other_merchant="apart"),
    "change_staff": Cell("om", lambda things: f"/v1/staff/{things.staff_id}", lambda _: {"name": "Mei Li"}),
    "check_pin": Cell(
        "t",
        lambda _: "/v1/staff/pin-checks",
        lambda things: {"staff_id": str(things.staff_id), "pin": "7391"},
        refused_with=(403,),
    ),
    "make_terminal": Cell(
        "om", lambda _: "/v1/terminals", lambda things: {"shop_id": str(things.town.shops[0]), "name": "Till 3"}
    ),
    "pair_terminal": Cell("", lambda _: "/v1/terminals/pair", lambda _: {"code": "AAAAAA"}, public=True),
    "pair_terminal_again": Cell("om", lambda things: f"/v1/terminals/{things.made_terminal_id}/pairing-codes"),
    "list_terminals": Cell("om", lambda _: "/v1/terminals", other_network="apart", other_merchant="apart"),
    "revoke_terminal": Cell("om", lambda things: f"/v1/terminals/{things.made_terminal_id}"),
    "make_key": Cell(
        "om",
        lambda _: "/v1/keys",
        lambda things: {"role": "merchant", "name": "third", "merchant_id": str(things.town.merchants[0])},
        refused_with=(403, 404),
    ),
    "list_keys": Cell("om", lambda _: "/v1/keys", other_network="apart", other_merchant="apart"),
    "rotate_key": Cell("om", lambda things: f"/v1/keys/{things.key_id}/rotation", lambda _: {}),
    "revoke_key": Cell("om", lambda things: f"/v1/keys/{things.key_id}"),
    "add_account": Cell(
        "om",
        lambda _: "/v1/accounts",
        lambda things: {
            "email": f"{uuid4().hex}@tea.example",
            "name": "Li",
            "role": "manager",
            "merchant_id": str(things.town.merchants[0]),
        },
    ),
    "list_accounts": Cell("om", lambda _: "/v1/accounts", other_network="apart", other_merchant="apart"),
    "reset_account": Cell("o", lambda things: f"/v1/accounts/{things.account_id}/reset"),
    "disable_account": Cell("om", lambda things: f"/v1/accounts/{things.account_id}"),
    # The network's own money and its list of tenants: for who runs it.
    "import_tenants": Cell(
        "o",
        lambda _: "/v1/tenant-imports",
        lambda _: {"csv": "merchant,shop,category\nA Ltd,A,tea\n", "latitude": 30.2, "longitude": 120.1},
        other_network="apart",
    ),
    "read_pool": Cell("o", lambda _: "/v1/pool", other_network="apart"),
    "fund_pool": Cell(
        "o",
        lambda _: "/v1/pool/deposits",
        lambda _: {"amount_minor": 5, "currency": "CNY", "reference": str(uuid4())},
        other_network="apart",
    ),
    "list_pool_deposits": Cell("o", lambda _: "/v1/pool/deposits", other_network="apart"),
}


def _in(template: str) -> Callable[[Things], str]:
    """Return the path with the names in braces replaced by the first merchant's things."""
    return lambda things: template.format(**things.more)


def _with(**fields: Any) -> Callable[[Things], Any]:
    """Return a body; a text in braces names a thing of the first merchant."""

    def made(things: Things) -> Any:
        known = {**things.more, "merchant": str(things.town.merchants[0]), "shop": str(things.town.shops[0])}
        return {name: _filled(value, known) for name, value in fields.items()}

    return made


def _filled(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**known) if value.startswith("{") else value
    if isinstance(value, list):
        return [_filled(part, known) for part in value]
    if isinstance(value, dict):
        return {name: _filled(part, known) for name, part in value.items()}
    return value


_CONSENT = {"purpose": "share_with_merchant", "granted": True, "text_version": "2026-01", "language": "zh"}
_CONSENT_TO = _CONSENT | {"recipient_merchant_id": "{merchant}"}
_TOKEN = {"kind": "card_token", "value": "tok_8fG2kLq9"}
_BASKET = {"basket_minor": 1_000, "currency": "CNY"}
_SALE = {"total_minor": 1_000, "currency": "CNY", "shop_id": "{shop}"}

# Members belong to the network: every till of it may meet them; another network never does.
MEMBER: dict[str, Cell] = {
    "send_one_time_code": Cell(
        "ot",
        lambda _: "/v1/members/one-time-codes",
        lambda _: {"phone": f"+861390013{uuid4().int % 10_000:04}"},
        other_network="apart",
        other_merchant="shared",
    ),
    "read_development_code": Cell("o", _in("/v1/members/one-time-codes/{challenge}")),
    "join_network": Cell(
        "ot",
        lambda _: "/v1/members",
        _with(challenge_id="{challenge}", code="000000", name="Bo"),
        other_merchant="shared",
        refused_with=(403, 404, 409, 422),
        own=(403, 404, 409, 422),
    ),
    "recognise_payment": Cell(
        "ot",
        lambda _: "/v1/members/recognitions",
        _with(tokens=[_TOKEN]),
        other_network="apart",
        other_merchant="shared",
    ),
    "give_phone": Cell(
        "ot",
        _in("/v1/members/recognitions/{payment_challenge}/phone"),
        lambda _: {"phone": f"+861370013{uuid4().int % 10_000:04}"},
        other_merchant="shared",
        own=(200, 404),
    ),
    "look_up_member": Cell(
        "ot",
        lambda _: "/v1/members/lookups",
        _with(kind="phone", value="{phone}"),
        other_network="apart",
        other_merchant="shared",
    ),
    "read_member": Cell("mo", _in("/v1/members/{member}")),
    "export_member": Cell("o", _in("/v1/members/{member}/export")),
    "read_consents": Cell("o", _in("/v1/members/{member}/consents")),
    "show_member_code": Cell("o", _in("/v1/members/{member}/code"), lambda _: {}),
    "attach_identifier": Cell(
        "o", _in("/v1/members/{member}/identifiers"), lambda _: {"kind": "tag", "value": uuid4().hex[:14].upper()}
    ),
    "detach_identifier": Cell("o", _in("/v1/members/{member}/identifiers/{identifier}")),
    "record_consents": Cell(
        "ot",
        _in("/v1/members/{member}/consents"),
        _with(consents=[_CONSENT_TO], place="till"),
        refused_with=(404, 422),
    ),
    "merge_members": Cell(
        "o", lambda _: "/v1/members/merges", _with(from_member_id="{third_member}", into_member_id="{member}")
    ),
    "reverse_merge": Cell("o", _in("/v1/members/merges/{merge}/reversal")),
    "erase_member": Cell("o", _in("/v1/members/{third_member}")),
    # A photo is of the network's tills where the person agreed; the agreement comes with the first call.
    "put_member_photo": Cell(
        "ot",
        _in("/v1/members/{member}/photo"),
        _with(image=PICTURE, consent={"text_version": "2026-01", "language": "zh"}),
        other_merchant="shared",
    ),
    "read_member_photo": Cell("t", _in("/v1/members/{member}/photo"), other_merchant="shared"),
    "delete_member_photo": Cell("ot", _in("/v1/members/{member}/photo"), other_merchant="shared"),
    "change_member": Cell("o", _in("/v1/members/{member}"), lambda _: {"name": "Changed"}),
    "read_answers": Cell("o", _in("/v1/members/{member}/answers")),
    "answer_question": Cell("o", _in("/v1/members/{member}/answers/spice"), lambda _: {"value": "mild"}),
    "forget_answer": Cell("o", _in("/v1/members/{member}/answers/spice")),
    "make_privacy_request": Cell("o", _in("/v1/members/{member}/privacy-requests"), lambda _: {"kind": "export"}),
    "list_privacy_requests": Cell("o", lambda _: "/v1/privacy-requests", other_network="apart"),
    "answer_privacy_request": Cell(
        "o", _in("/v1/privacy-requests/{privacy_request}/answer"), lambda _: {"outcome": "done"}
    ),
}

_FOLLOWER = "/v1/members/{member}/wechat-follower"
_PREFERENCES = "/v1/members/{member}/message-preferences"

MESSAGE: dict[str, Cell] = {
    "report_deliveries": Cell("", lambda _: "/v1/messages/deliveries", lambda _: {"reports": []}, public=True),
    "list_messages": Cell("o", lambda _: "/v1/messages", other_network="apart"),
    "read_development_sink": Cell("o", lambda _: "/v1/messages/development-sink", other_network="apart"),
    "read_message_rules": Cell("o", lambda _: "/v1/messages/rules", other_network="apart"),
    "set_message_rules": Cell(
        "o", lambda _: "/v1/messages/rules", lambda _: {"marketing_per_day": 2}, other_network="apart"
    ),
    "send_test_message": Cell(
        "o",
        lambda _: "/v1/messages/tests",
        lambda _: {"channel": "email", "address": "bo@example.org"},
        other_network="apart",
    ),
    "read_message": Cell("o", _in("/v1/messages/{message}")),
    # A member is the network's: any of its tills may say that they want no more messages.
    "read_message_preferences": Cell("ot", _in(_PREFERENCES), other_merchant="shared"),
    "set_wechat_follower": Cell(
        "o", _in(_FOLLOWER), lambda _: {"openid": "o" * 28, "text_version": "wechat-1", "language": "zh"}
    ),
    "forget_wechat_follower": Cell("o", _in(_FOLLOWER)),
    "set_message_preferences": Cell("ot", _in(_PREFERENCES), lambda _: {"channels": []}, other_merchant="shared"),
}

SCENE: dict[str, Cell] = {
    "place_scene": Cell("mo", lambda _: "/v1/scenes", _with(kind="poster", name="Window", shop_id="{shop}")),
    "list_scenes": Cell("mo", lambda _: "/v1/scenes", other_network="apart", other_merchant="apart"),
    "print_scenes": Cell("mo", _in("/v1/scenes/print-sheet?ids={scene}")),
    "read_scene": Cell("mo", _in("/v1/scenes/{scene}")),
    "draw_scene_svg": Cell("mo", _in("/v1/scenes/{scene}/qr.svg")),
    "draw_scene_png": Cell("mo", _in("/v1/scenes/{scene}/qr.png")),
    "encode_scene_tag": Cell("mo", _in("/v1/scenes/{scene}/ndef")),
    # Whoever holds a scene's token may say that it was met: a till scans what a guest shows, wherever it hangs.
    "touch_scene": Cell("ot", _in("/v1/scenes/{scene_token}/touches"), lambda _: {}, other_merchant="shared"),
    "retire_scene": Cell("mo", _in("/v1/scenes/{scene}")),
}

VOUCHER: dict[str, Cell] = {
    "publish_offer": Cell(
        "mo",
        lambda _: "/v1/offers",
        _with(name="Two off", kind="cash", currency="CNY", face_minor=200, valid_days=14, merchant_id="{merchant}"),
        refused_with=(403, 404, 422),
    ),
    "list_offers": Cell("amo", lambda _: "/v1/offers", other_network="apart", other_merchant="apart"),
    "read_offer": Cell("amo", _in("/v1/offers/{offer}")),
    "pause_offer": Cell("mo", _in("/v1/offers/{idle_offer}/pause")),
    "resume_offer": Cell("mo", _in("/v1/offers/{idle_offer}/resume")),
    "order_codes": Cell("mo", _in("/v1/offers/{offer}/mints"), lambda _: {"count": 1}),
    "read_mint": Cell("mo", _in("/v1/offers/{offer}/mints/{mint}")),
    "read_codes": Cell("mo", _in("/v1/offers/{offer}/mints/{mint}/codes")),
    "grant_voucher": Cell("mo", lambda _: "/v1/grants", _with(offer_id="{offer}", member_id="{member}")),
    "grant_vouchers": Cell(
        "mo",
        lambda _: "/v1/grants/batch",
        lambda things: {"items": [_with(offer_id="{offer}", member_id="{member}")(things) | _own_key()]},
        own=(200, 201),
    ),
    "read_voucher": Cell("amo", _in("/v1/vouchers/{voucher}")),
    "void_voucher": Cell("mo", _in("/v1/vouchers/{voucher}/void"), own=(200, 409)),
    "read_signing_keys": Cell("amot", lambda _: "/v1/signing-key", other_network="apart", other_merchant="shared"),
    # A till sees what the guest before it may use there, in whichever network's shop it stands.
    "read_qualifications": Cell(
        "mot", lambda _: "/v1/qualifications", _with(member_id="{member}", shop_id="{shop}", **_BASKET)
    ),
    "validate_vouchers": Cell(
        "mot",
        lambda _: "/v1/validations",
        _with(vouchers=[{"code": "{code}"}], shop_id="{shop}", member_id="{member}", **_BASKET),
        own=(201, 409),
    ),
    "release_validation": Cell("mot", _in("/v1/validations/{lock}"), own=(200, 404)),
    "lease_vouchers": Cell(
        "t",
        lambda _: "/v1/leases",
        _with(vouchers=[{"voucher_id": "{lent}"}], member_id="{member}"),
        other_merchant="shared",
    ),
    "list_leases": Cell("mot", lambda _: "/v1/leases", other_network="apart", other_merchant="apart"),
    "release_lease": Cell("mot", _in("/v1/leases/{lease}"), own=(200, 404)),
    "read_offline_rule": Cell("mot", lambda things: f"{_merchant(things)}/offline-rule"),
    "change_offline_rule": Cell(
        "mo",
        lambda things: f"{_merchant(things)}/offline-rule",
        lambda _: {
            "most_leases": 9,
            "most_value_minor": 9_000,
            "lease_minutes": 60,
            "grace_minutes": 60,
            "accept_anyway": False,
        },
    ),
    "list_offline_losses": Cell("mo", lambda _: "/v1/offline-losses", other_network="apart", other_merchant="apart"),
    "give_points": Cell("mo", lambda _: "/v1/points", _with(member_id="{member}", points=5), other_merchant="shared"),
    "read_points": Cell("mot", _in("/v1/points?member_id={member}"), other_merchant="shared"),
    # Whoever has the whole code may have its digits, for any shop of the network: the guest chooses the shop.
    "make_typed_code": Cell(
        "mo", lambda _: "/v1/typed-codes", _with(code="{code}", shop_id="{shop}"), other_merchant="shared"
    ),
    "resolve_typed_code": Cell(
        "mot", lambda _: "/v1/typed-codes/resolution", _with(digits="{digits}", shop_id="{shop}")
    ),
}


def _own_key() -> dict[str, str]:
    return {"idempotency_key": str(uuid4())}


SALE_CELLS: dict[str, Cell] = {
    "redeem_voucher": Cell(
        "mot",
        lambda _: "/v1/redemptions",
        _with(code="{minted_code}", shop_id="{shop}", **_BASKET),
        own=(201, 409),
    ),
    "redeem_vouchers": Cell(
        "mot",
        lambda _: "/v1/redemptions/batch",
        lambda things: {"items": [_with(code="{minted_code}", shop_id="{shop}", **_BASKET)(things) | _own_key()]},
        own=(200, 201, 409),
    ),
    "reverse_redemption": Cell(
        "mot", _in("/v1/redemptions/{redemption}/reversal"), lambda _: {"reason": "wrong table"}, own=(201, 409)
    ),
    "record_sale": Cell("mot", lambda _: "/v1/sales", _with(**_SALE)),
    "record_sales": Cell(
        "mot",
        lambda _: "/v1/sales/batch",
        lambda things: {"items": [_with(**_SALE)(things) | _own_key()]},
        own=(200, 201),
    ),
    "refund_sale": Cell("mot", _in("/v1/sales/{sale}/refunds"), lambda _: {"amount_minor": 10, "reason": "cold soup"}),
    "complete_sale": Cell(
        "mot", _in("/v1/sales/{bare_sale}/completion"), lambda _: {"total_minor": 1_000}, own=(201, 409)
    ),
    "read_sale": Cell("mot", _in("/v1/sales/{sale}")),
    "read_receipt": Cell("mot", _in("/v1/sales/{sale}/receipt")),
    "list_sales": Cell(
        "mot",
        lambda things: f"/v1/sales?shop_id={things.town.shops[0]}",
        other_network="apart or refused",
        other_merchant="apart or refused",
    ),
}

MATCH: dict[str, Cell] = {
    "find_matches": Cell("ota", lambda _: "/v1/matches", other_network="apart", other_merchant="shared"),
    "block_for_member": Cell("o", lambda _: "/v1/blocks", _with(member_id="{member}", shop_id="{shop}")),
    "unblock_for_member": Cell("o", lambda _: "/v1/blocks/withdrawals", _with(member_id="{member}", shop_id="{shop}")),
    "list_blocks": Cell("o", _in("/v1/blocks?member_id={member}")),
}

CAMPAIGN: dict[str, Cell] = {
    "draw_prizes": Cell("ot", lambda _: "/v1/draws", _with(touch_id="{touch}", device=uuid4().hex)),
    "claim_prize": Cell(
        "ot",
        _in("/v1/draws/{draw}/claim"),
        _with(token="{draw_token}", offer_id="{drawn_offer}", member_id="{member}"),
    ),
    "take_voucher": Cell(
        "ot", _in("/v1/offers/{drawn_offer}/take"), _with(member_id="{member}"), other_merchant="shared"
    ),
    "make_receipt_code": Cell("omt", lambda _: "/v1/receipts", _with(sale_id="{sale}")),
    "open_game": Cell(
        "o",
        lambda _: "/v1/games",
        lambda things: {
            "kind": "scratch",
            "name": "Two",
            "scene_ids": [things.more["scene"]],
            "prizes": [
                {"offer_id": things.more["network_offer"], "odds": 1, "stock": 1},
                {"offer_id": things.more["stand_in"], "odds": 0, "stock": 1},
            ],
            **CAMPAIGN_TIME,
        },
        own=(201, 409),
    ),
    "list_games": Cell("amot", lambda _: "/v1/games", other_network="apart", other_merchant="shared"),
    "read_game": Cell("amot", _in("/v1/games/{game}"), other_merchant="shared"),
    "add_game_stock": Cell("o", _in("/v1/games/{game}/stock"), lambda _: {"place": 1, "more": 1}),
    "play_game": Cell("ot", lambda _: "/v1/plays", _with(touch_id="{game_touch}", member_id="{member}")),
    "choose_prize": Cell(
        "ot", _in("/v1/plays/{choice}/choice"), lambda things: {"member_id": things.more["member"], "place": 1}
    ),
    "read_play_of_voucher": Cell("ao", _in("/v1/vouchers/{played_voucher}/play")),
    "make_red_packet": Cell(
        "o",
        lambda _: "/v1/red-packets",
        lambda things: {"voucher_id": things.more["unshared"], "member_id": things.more["member"], "parts": 2},
    ),
    "read_red_packet": Cell("o", _in("/v1/red-packets/{packet}")),
    "open_red_packet": Cell(
        "o", _in("/v1/red-packets/{packet}/openings"), lambda things: {"member_id": things.more["third_member"]}
    ),
    "end_red_packet": Cell(
        "o", _in("/v1/red-packets/{other_packet}/end"), lambda things: {"member_id": things.more["member"]}
    ),
    "read_referral_rule": Cell("o", lambda _: "/v1/referral-rule", other_network="apart"),
    "set_referral_rule": Cell(
        "o", lambda _: "/v1/referral-rule", lambda things: {"offer_id": things.more["idle_offer"]}, refused_with=(422,)
    ),
    # Opened for this cell alone: what is closed stays so.
    "close_game": Cell("o", _in("/v1/games/{other_game}/close")),
    "draft_campaign": Cell(
        "mo",
        lambda _: "/v1/campaigns",
        _with(
            name="Two",
            goal="new",
            offer_id="{idle_offer}",
            budget_minor=1_000,
            merchant_id="{merchant}",
            **CAMPAIGN_TIME,
        ),
    ),
    "forecast_campaign": Cell(
        "mo",
        lambda _: "/v1/campaigns/forecast",
        _with(offer_id="{idle_offer}", budget_minor=1_000, merchant_id="{merchant}", **CAMPAIGN_TIME),
    ),
    "list_campaigns": Cell("amo", lambda _: "/v1/campaigns", other_network="apart", other_merchant="apart"),
    "read_campaign": Cell("amo", _in("/v1/campaigns/{campaign}")),
    "start_campaign": Cell("mo", _in("/v1/campaigns/{campaign}/start"), own=(200, 409)),
    "pause_campaign": Cell("mo", _in("/v1/campaigns/{campaign}/pause"), own=(200, 409)),
    "end_campaign": Cell("mo", _in("/v1/campaigns/{campaign}/end"), own=(200, 409)),
    "read_campaign_lift": Cell("amo", _in("/v1/campaigns/{campaign}/lift")),
    "read_campaign_parts": Cell("ao", _in("/v1/campaigns/{campaign}/parts")),
    "watch_comparisons": Cell("oa", lambda _: "/v1/comparison-groups/watch", other_network="apart"),
    "copy_campaign": Cell("mo", _in("/v1/campaigns/{campaign}/copy"), lambda _: CAMPAIGN_TIME),
    # Nobody approves a campaign of their own.
    "approve_campaign": Cell(
        "mo", _in("/v1/campaigns/{campaign}/approve"), _with(merchant_id="{merchant}"), own=(404,)
    ),
    "decline_campaign": Cell(
        "mo", _in("/v1/campaigns/{campaign}/decline"), _with(merchant_id="{merchant}"), own=(404,)
    ),
    "propose_partnership": Cell(
        "mo",
        lambda _: "/v1/partnerships",
        lambda things: (
            _with(name="Two", merchant_id="{merchant}", limit_minor=5)(things)
            | {"merchant_ids": [things.more["partner"]]}
        ),
    ),
    "list_partnerships": Cell("amo", lambda _: "/v1/partnerships", other_network="apart", other_merchant="apart"),
    "agree_partnership": Cell("mo", _in("/v1/partnerships/{partnership}/agree"), _with(merchant_id="{merchant}")),
    "end_partnership": Cell("mo", _in("/v1/partnerships/{partnership}/end"), _with(merchant_id="{merchant}")),
    "make_service_plan": Cell(
        "mo",
        lambda _: "/v1/service-plans",
        _with(tribe_id="{tribe}", scene="screen", message_days=7, merchant_id="{merchant}"),
        own=(201, 409),
    ),
    "list_service_plans": Cell("amo", lambda _: "/v1/service-plans", other_network="apart", other_merchant="apart"),
    "look_up_benefits": Cell(
        "t", lambda _: "/v1/benefits/lookups", lambda _: {"code": "RM1" + "A" * 58}, own=(422,), refused_with=(422,)
    ),
    "give_benefit": Cell(
        "t", lambda _: "/v1/benefits/given", lambda _: {"token": "A" * 76}, own=(404,), refused_with=(404,)
    ),
    "read_scene_tribes": Cell("amo", lambda _: "/v1/scene-tribes", other_network="apart", other_merchant="apart"),
    "list_packs": Cell("amo", lambda _: "/v1/packs", other_network="apart", other_merchant="apart"),
    "read_pack": Cell("amo", lambda _: "/v1/packs/catering", other_network="apart", other_merchant="apart"),
    "apply_pack": Cell(
        "mo",
        lambda _: "/v1/packs/catering/apply",
        _with(usual_purchase_minor=6_000, merchant_id="{merchant}"),
    ),
    "read_service_plan": Cell("amo", _in("/v1/service-plans/{service_plan}")),
    "read_service_plan_effect": Cell("amo", _in("/v1/service-plans/{service_plan}/effect")),
    "change_service_plan": Cell(
        "mo",
        _in("/v1/service-plans/{service_plan}/versions"),
        lambda _: {"message_days": 9},
        own=(201, 409),
    ),
    "end_service_plan": Cell("mo", _in("/v1/service-plans/{service_plan}/end")),
    "open_budget": Cell(
        "om",
        lambda _: "/v1/budgets",
        lambda things: {
            "name": "Week",
            "currency": "CNY",
            "limit_minor": 5_000,
            "begins_at": "2026-01-01T00:00:00Z",
            "ends_at": "2036-01-01T00:00:00Z",
            "offer_ids": [things.more["idle_offer"]],
            "merchant_id": str(things.town.merchants[0]),
        },
        refused_with=(404, 422),
    ),
    "list_budgets": Cell("oma", lambda _: "/v1/budgets", other_network="apart", other_merchant="apart"),
    "change_budget_limit": Cell("om", _in("/v1/budgets/{budget}/limit"), lambda _: {"limit_minor": 9_000}),
    "set_cap": Cell(
        "om",
        lambda _: "/v1/caps",
        lambda things: {
            "kind": "merchant",
            "most": 1_000,
            "days": 1,
            "merchant_id": str(things.town.merchants[0]),
        },
    ),
    "list_caps": Cell("oma", lambda _: "/v1/caps", other_network="apart", other_merchant="apart"),
    "set_power_band": Cell(
        "om",
        lambda _: "/v1/power-bands",
        lambda things: {
            "least_minor": -5_000,
            "most_minor": 5_000,
            "merchant_id": str(things.town.merchants[0]),
        },
    ),
    "list_power_bands": Cell("oma", lambda _: "/v1/power-bands", other_network="apart", other_merchant="apart"),
    "read_prices": Cell("oa", lambda _: "/v1/prices", other_network="apart"),
    "list_missed_draws": Cell("oa", lambda _: "/v1/draws/missed?since=2026-01-01T00:00:00Z", other_network="apart"),
}

# What is known of a person is theirs: the network's own pages ask for it. A shop sees what happened at its own tills.
PROFILE: dict[str, Cell] = {
    "read_image": Cell("o", _in("/v1/members/{member}/image")),
    "list_visits": Cell("o", _in("/v1/members/{member}/visits")),
    "dispute_sale": Cell("o", _in("/v1/members/{member}/disputes"), _with(sale_id="{bare_sale}")),
    "hide_image_field": Cell("o", _in("/v1/members/{member}/image/usual_tender"), lambda _: {"hidden": True}),
    "read_habits": Cell("mt", _in("/v1/members/{member}/habits"), other_merchant="apart"),
}

# Figures of the whole network: for who runs it and who studies it, never for one merchant.
SEGMENT: dict[str, Cell] = {
    "list_tribes": Cell("oa", lambda _: "/v1/tribes", other_network="apart"),
    "list_guest_tribes": Cell("om", lambda things: f"{_merchant(things)}/tribes"),
    "read_own_tribe": Cell("o", _in("/v1/members/{member}/tribe")),
    "define_segment": Cell(
        "om",
        lambda _: "/v1/segments",
        lambda things: {
            "name": "Here",
            "clauses": [{"kind": "visits", "days": 9, "at_least": 1, "shop_id": str(things.town.shops[0])}],
        },
    ),
    "list_segments": Cell("oma", lambda _: "/v1/segments", other_network="apart", other_merchant="apart"),
    "read_segment": Cell("oma", _in("/v1/segments/{segment}")),
    "archive_segment": Cell("om", _in("/v1/segments/{segment}")),
}

LOOP: dict[str, Cell] = {
    "read_flow": Cell("oa", lambda _: "/v1/loop/flow", other_network="apart"),
    "read_closure": Cell("oa", lambda _: "/v1/loop/closure", other_network="apart"),
    "read_ring": Cell("oa", lambda _: "/v1/loop/ring", other_network="apart"),
    "read_ring_pressure": Cell("oa", lambda _: "/v1/loop/pressure", other_network="apart"),
    "read_recruiting": Cell("oa", lambda _: "/v1/loop/recruiting", other_network="apart"),
    "read_switch_off": Cell("oa", lambda _: "/v1/loop/switch-off", other_network="apart"),
    # The network of this test has too few areas for one.
    "plan_switch_off": Cell(
        "o",
        lambda _: "/v1/switch-offs",
        lambda _: {"share_bp": 2500, "starts_at": "2100-01-01T00:00:00Z", "days": 90},
        own=(422,),
        other_network="apart",
    ),
    "stop_switch_off": Cell("o", lambda things: f"/v1/switch-offs/{things.key_id}/stop", own=(404,)),
    "list_pressure_notes": Cell("om", lambda _: "/v1/pressure-notes", other_network="apart", other_merchant="apart"),
    # Only Monday's job drafts notes: there is none here to be sent.
    "decide_pressure_note": Cell(
        "o",
        lambda things: f"/v1/pressure-notes/{things.key_id}/decision",
        lambda _: {"decision": "send"},
        own=(404,),
    ),
    "read_leaks": Cell("oa", lambda _: "/v1/loop/leaks", other_network="apart"),
}

# Figures of one merchant: its own, or the operator's view of them.
FIGURES: dict[str, Cell] = {
    "read_ahead": Cell("om", lambda things: f"{_merchant(things)}/ahead"),
    "read_today": Cell("om", lambda things: f"{_merchant(things)}/today"),
    "read_own_ring": Cell("om", lambda things: f"{_merchant(things)}/ring"),
    "read_top_up": Cell("om", lambda things: f"{_merchant(things)}/top-up"),
    "set_top_up": Cell(
        "om",
        lambda things: f"{_merchant(things)}/top-up",
        lambda _: {"below_minor": 100, "add_minor": 100, "month_minor": 500},
    ),
    # Nothing was set here that could be paused.
    "pause_top_up": Cell(
        "om", lambda things: f"{_merchant(things)}/top-up/pause", lambda _: {"paused": False}, own=(200, 404)
    ),
    "read_pressure": Cell("om", lambda things: f"{_merchant(things)}/pressure"),
    "read_checklist": Cell("om", lambda things: f"{_merchant(things)}/checklist"),
    "list_guests": Cell("om", lambda things: f"{_merchant(things)}/guests"),
    "read_statement": Cell("om", lambda things: f"{_merchant(things)}/statement"),
    "list_statement_lines": Cell("om", lambda things: f"{_merchant(things)}/statement/lines"),
    "preview_offer": Cell(
        "om",
        lambda _: "/v1/offers/preview",
        lambda things: {
            "kind": "cash",
            "currency": "CNY",
            "face_minor": 500,
            "stock": 10,
            "merchant_id": str(things.town.merchants[0]),
        },
    ),
}

AUDIT: dict[str, Cell] = {
    "list_audit_entries": Cell("o", lambda _: "/v1/audit", other_network="apart"),
    "verify_audit": Cell("o", lambda _: "/v1/audit/verification", other_network="apart"),
}

# Nothing was trained here: there is no model to which anybody could go back.
MODELS: dict[str, Cell] = {
    "list_models": Cell("oa", lambda _: "/v1/models", other_network="apart"),
    "roll_back_model": Cell(
        "o", lambda _: "/v1/models/need-place/rollback", lambda _: {}, refused_with=(409,), own=(409,)
    ),
}

WEBHOOKS: dict[str, Cell] = {
    "make_webhook": Cell(
        "om",
        lambda _: "/v1/webhooks",
        lambda _: {"url": "https://pos.example.com/other", "kinds": ["sale", "redemption"]},
        other_network="apart",
        other_merchant="apart",
    ),
    "list_webhooks": Cell("om", lambda _: "/v1/webhooks", other_network="apart", other_merchant="apart"),
    "remove_webhook": Cell("om", _in("/v1/webhooks/{webhook}"), own=(200, 404)),
    "rotate_webhook_secret": Cell("om", _in("/v1/webhooks/{webhook}/rotation"), lambda _: {}),
    "enable_webhook": Cell("om", _in("/v1/webhooks/{webhook}/activation")),
    "test_webhook": Cell("om", _in("/v1/webhooks/{webhook}/test-events")),
    "list_deliveries": Cell("om", _in("/v1/webhooks/{webhook}/deliveries")),
    "resend_event": Cell("om", _in("/v1/webhooks/{webhook}/deliveries/{event}/resend")),
    "resend_failed_events": Cell("om", _in("/v1/webhooks/{webhook}/resends"), lambda _: {}),
}

CELLS: dict[str, Cell] = {
    **NETWORK,
    **MEMBER,
    **MESSAGE,
    **SCENE,
    **VOUCHER,
    **SALE_CELLS,
    **SEGMENT,
    **MATCH,
    **CAMPAIGN,
    **PROFILE,
    **LOOP,
    **FIGURES,
    **AUDIT,
    **MODELS,
    **WEBHOOKS,
}
