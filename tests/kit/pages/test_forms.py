"""Forms as browsers send them."""

import pytest

from ringmain.kit.pages import Form


def _form(**values: str) -> Form:
    return Form({name: [value] for name, value in values.items()})


@pytest.mark.parametrize(
    ("text", "precision", "minor"),
    [
        ("86", 2, 8_600),
        ("86.5", 2, 8_650),
        ("86.50", 2, 8_650),
        ("86,50", 2, 8_650),
        ("1,086.50", 2, 108_650),
        ("1 086.50", 2, 108_650),
        (".5", 2, 50),
        ("86", 0, 86),
        ("86.5", 0, None),
        ("8.005", 3, 8_005),
        ("86.505", 2, None),
        ("-5", 2, None),
        ("", 2, None),
        (".", 2, None),
        ("8a", 2, None),
        ("1234567890123", 2, None),
    ],
)
def test_an_amount_is_read_as_people_type_it(text: str, precision: int, minor: int | None) -> None:
    """Groups, spaces and either decimal sign are read; what is no amount of this currency is none."""
    assert _form(amount=text).minor("amount", precision) == minor


def test_a_field_is_a_text_a_number_an_id_or_a_tick() -> None:
    """What is missing or is no such thing is empty, None or not ticked."""
    id_ = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
    form = _form(stock="1,200", id=id_, wrong="x", agree="yes")
    assert (form.whole("stock"), form.whole("wrong"), form.whole("none")) == (1_200, None, None)
    assert (str(form.id("id")), form.id("wrong")) == (id_, None)
    assert (form.ticked("agree"), form.ticked("none"), form.text("none")) == (True, False, "")
    assert form.all("agree") == ["yes"]
