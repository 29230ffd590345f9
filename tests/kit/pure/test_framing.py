"""Parts are joined so that they can be told apart again."""

from uuid import UUID

from ringmain.kit.pure.framing import frame


def test_frames_keep_parts_apart() -> None:
    """Moving a letter from one part to the next gives other bytes."""
    assert frame(("ab", "c")) != frame(("a", "bc"))


def test_each_part_has_its_length_in_front() -> None:
    """Texts as UTF-8, ids as their sixteen bytes, nothing as nothing."""
    assert frame(("é", b"", UUID(int=1))) == (
        b"\x00\x00\x00\x02\xc3\xa9" + bytes(4) + b"\x00\x00\x00\x10" + bytes(15) + b"\x01"
    )
