"""Tests of what people tell of themselves: questions of an allow-list, one at a time, sealed, never guessed."""

import pytest

from ringmain.member import api
from ringmain.member.api import IdentifierKind
from ringmain.member.errors import AnswerNotOffered, MemberUnknown, NameInvalid, QuestionUnknown
from tests.member.doors import clients
from tests.member.people import OPERATOR, PHONE, Town


def test_every_question_says_what_its_answer_is_used_for() -> None:
    """Each has words, a use and at least two answers; keys and values are unique."""
    assert len({one.key for one in api.QUESTIONS}) == len(api.QUESTIONS) == 5
    for one in api.QUESTIONS:
        assert one.words.endswith("?")
        assert one.use.endswith(".")
        assert len({choice.value for choice in one.choices}) == len(one.choices) > 1


async def test_questions_come_one_at_a_time_and_are_not_repeated(town: Town) -> None:
    """An answer, and also the wish not to say, lead to the next question; forgetting brings the question back."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        assert await api.answers(uow, town.keyring, anna.member_id) == []
        asked = []
        for question in api.QUESTIONS:
            following = api.next_question(await api.answers(uow, town.keyring, anna.member_id))
            assert following == question
            value = None if question.key == "diet" else question.choices[0].value
            await api.answer_question(uow, town.keyring, anna.member_id, question.key, value)
            asked.append((question.key, value))
        given = await api.answers(uow, town.keyring, anna.member_id)
        assert [(one.question, one.value) for one in given] == asked
        assert api.next_question(given) is None
        await api.forget_answer(uow, anna.member_id, "spice")
        following = api.next_question(await api.answers(uow, town.keyring, anna.member_id))
        assert following is not None
        assert following.key == "spice"


async def test_only_what_is_asked_is_kept(town: Town) -> None:
    """Another question or another answer is refused, and nothing is written."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    for question, value, rule in (("religion", "any", QuestionUnknown), ("spice", "volcanic", AnswerNotOffered)):
        with pytest.raises(rule):
            async with town.unit() as uow:
                await api.answer_question(uow, town.keyring, anna.member_id, question, value)
    assert await town.count("member_answer") == 0


async def test_answers_are_sealed_and_erased_with_their_member(town: Town) -> None:
    """The value stands nowhere in the row; the row goes with the key, as do hidden fields."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    async with town.unit() as uow:
        await api.answer_question(uow, town.keyring, anna.member_id, "diet", "no_seafood")
        await api.hide_field(uow, anna.member_id, "usual_tender", hidden=True)
    assert "no_seafood" not in str(await town.dump("member_answer"))
    ((sealed,),) = await town.rows("SELECT sealed FROM member_answer")
    assert b"no_seafood" not in sealed
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
        with pytest.raises(MemberUnknown):
            await api.answers(uow, town.keyring, anna.member_id)
    assert (await town.count("member_answer"), await town.count("member_hidden_field")) == (0, 0)


async def test_hidden_fields_follow_the_person_through_a_merge(town: Town) -> None:
    """What either member hid is hidden, and shown again for both."""
    anna = await town.person(IdentifierKind.PHONE, PHONE)
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    async with town.unit() as uow:
        await api.hide_field(uow, card.member_id, "usual_tender", hidden=True)
        await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
        assert await api.hidden_fields(uow, anna.member_id) == {"usual_tender"}
        await api.hide_field(uow, anna.member_id, "usual_tender", hidden=False)
        assert await api.hidden_fields(uow, card.member_id) == set()


async def test_a_name_is_changed_and_taken_away(town: Town) -> None:
    """The name of a merged member does not shine through; a name that cannot be shown changes nothing."""
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna", language="en")
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna", name="Anna's card")
    async with town.unit() as uow:
        await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
        await api.describe(uow, town.keyring, card.member_id, "Anna Zhang", "zh")
        shown = await api.show(uow, town.keyring, anna.member_id)
        assert (shown.name, shown.language) == ("Anna Zhang", "zh")
    with pytest.raises(NameInvalid):
        async with town.unit() as uow:
            await api.describe(uow, town.keyring, anna.member_id, "  ", None)
    async with town.unit() as uow:
        assert (await api.show(uow, town.keyring, anna.member_id)).name == "Anna Zhang"
        await api.describe(uow, town.keyring, anna.member_id, None, "zh")
        shown = await api.show(uow, town.keyring, anna.member_id)
        assert (shown.name, shown.language) == (None, "zh")


async def test_the_routes_of_what_people_tell(town: Town) -> None:
    """Read with the next question and its use, answered, forgotten; a name changed alone leaves the language."""
    operator = clients(town)["operator"]
    anna = await town.person(IdentifierKind.PHONE, PHONE, name="Anna", language="en")
    path = f"/v1/members/{anna.member_id}"
    first = (await operator.get(f"{path}/answers")).json
    assert first["answers"] == []
    assert (first["next"]["question"], first["next"]["use"]) == ("diet", "To leave out offers that you cannot eat.")
    kept = await operator.call("PUT", f"{path}/answers/diet", {"value": "no_pork"})
    assert (kept.status, kept.json["question"]) == (200, "diet")
    assert "no_pork" not in str(await town.dump("idempotency_key"))
    second = (await operator.get(f"{path}/answers")).json
    assert [(one["question"], one["value"]) for one in second["answers"]] == [("diet", "no_pork")]
    assert second["next"]["question"] == "spice"
    assert (await operator.call("PUT", f"{path}/answers/diet", {"value": "gold"})).code == "answer_not_offered"
    assert (await operator.call("DELETE", f"{path}/answers/diet")).status == 200
    assert (await operator.get(f"{path}/answers")).json["answers"] == []
    assert (await operator.call("PATCH", path, {"name": "Anna Zhang"})).status == 200
    shown = (await operator.get(path)).json
    assert (shown["name"], shown["language"]) == ("Anna Zhang", "en")
