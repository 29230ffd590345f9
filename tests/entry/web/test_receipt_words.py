"""Tests of words that fit on the paper of a receipt printer."""

from ringmain.entry.web.till.receipts import lines_of


def test_words_stay_whole_and_chinese_breaks_anywhere() -> None:
    """42 columns of 80 mm paper, of which a Chinese character takes two; nothing is lost."""
    english = "Old Town: a voucher for you: ¥8.50 at the Tea Room by the canal, good until Sunday."
    assert lines_of(english) == [
        "Old Town: a voucher for you: ¥8.50 at the",
        "Tea Room by the canal, good until Sunday.",
    ]
    chinese = "【灯笼街】您获得兰州面馆的券：¥8，2026年3月1日前有效，请在到店付款时出示会员码。"
    lines = lines_of(chinese)
    assert "".join(lines) == chinese
    assert max(sum(2 if ord(one) > 0x2E7F else 1 for one in line) for line in lines) <= 42
