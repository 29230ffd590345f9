"""The examples of the till's routes, as the API reference shows them."""

from typing import Any

SHOP = "01a203b7-be05-7a0b-b711-79fc3dd38910"
_SALE = "01a203b7-be05-7a0b-b711-79fc3dd38911"
_VOUCHER = "01a203b7-b897-7377-b9a3-28beb455ccb5"
_OFFER = "01a203b7-b000-7377-b9a3-28beb455ccb5"
_REDEMPTION = "01a203b7-be07-7646-a11f-811835542ad4"
_AT = "2026-11-22T14:45:03Z"

REDEMPTION: dict[str, Any] = {"voucher_id": _VOUCHER, "shop_id": SHOP, "basket_minor": 1000, "currency": "EUR"}
SALE: dict[str, Any] = {
    "shop_id": SHOP,
    "total_minor": 1000,
    "currency": "EUR",
    "payment": {"kind": "card_token", "token": "tok_4fQ9vX2m"},
    "receipt": "A-4711",
    "tenders": [{"kind": "card", "amount_minor": 1000}],
    "lines": [{"product": "noodles-beef", "category": "noodles", "quantity": 1000, "amount_minor": 1000}],
}
RECORDED: dict[str, Any] = {
    "sale_id": _SALE,
    "sold_at": _AT,
    "total_minor": 1000,
    "redeemed_minor": 200,
    "to_pay_minor": 800,
    "currency": "EUR",
    "redemptions": [
        {
            "redemption_id": _REDEMPTION,
            "voucher_id": _VOUCHER,
            "offer_id": _OFFER,
            "amount_minor": 200,
            "remaining_minor": 0,
            "currency": "EUR",
        }
    ],
    "recognised": True,
    "ask_for_phone": False,
    "refused": [],
}
REVERSAL: dict[str, Any] = {
    "reversal_id": "01a203b7-c000-7646-a11f-811835542ad4",
    "redemption_id": _REDEMPTION,
    "voucher_id": _VOUCHER,
    "amount_minor": 200,
    "currency": "EUR",
    "revived": True,
    "reversed_at": _AT,
}
REFUNDED: dict[str, Any] = {
    "refund_id": "01a203b7-c000-7646-a11f-811835542ad5",
    "sale_id": _SALE,
    "amount_minor": 800,
    "left_minor": 0,
    "currency": "EUR",
    "restored": [_VOUCHER],
    "returned": [],
    "refunded_at": _AT,
}
COMPLETED: dict[str, Any] = {
    "sale_id": _SALE,
    "total_minor": 1000,
    "redeemed_minor": 200,
    "to_pay_minor": 800,
    "currency": "EUR",
}
SALE_ANSWER: dict[str, Any] = {
    "sale_id": _SALE,
    "merchant_id": "01a203b7-be05-7a0b-b711-79fc3dd38912",
    "shop_id": SHOP,
    "terminal_id": None,
    "receipt": "A-4711",
    "minimal": False,
    "total_minor": 1000,
    "redeemed_minor": 200,
    "currency": "EUR",
    "sold_at": _AT,
}

RECEIPT = {
    "sale_id": SALE_ANSWER["sale_id"],
    "merchant_name": "Noodle Ltd",
    "shop_name": "Noodles",
    "receipt": "4711",
    "sold_at": "2026-03-01T10:00:00Z",
    "minimal": False,
    "total_minor": 3_200,
    "saved_minor": 800,
    "to_pay_minor": 2_400,
    "refunded_minor": 0,
    "currency": "CNY",
    "lines": [{"product": "beef noodles", "quantity": 1_000, "amount_minor": 3_200}],
    "tenders": [{"kind": "cash", "amount_minor": 2_400}],
    "vouchers": [{"offer_name": "Eight off", "amount_minor": 800, "reversed": False}],
    "token": "A" * 64,
    "url": "https://ring.example/receipts/" + "A" * 64,
}
