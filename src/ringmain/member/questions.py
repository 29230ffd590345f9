"""The questions that a person may be asked about themselves, each with the use of its answer: nothing else is kept."""

from dataclasses import dataclass

from ringmain.member.errors import AnswerNotOffered, QuestionUnknown


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a question offers, and its words."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its words, the use that is made of the answer, and the answers that it offers."""

    key: str
    words: str
    use: str
    choices: tuple[Choice, ...]


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Beliefs, health and the like are not asked for: what somebody does not eat is asked by the food alone.
QUESTIONS: tuple[Question, ...] = (
    Question(
        "diet",
        "Is there something you do not eat?",
        "To leave out offers that you cannot eat.",
        (
            Choice("anything", "I eat anything"),
            Choice("no_meat", "No meat"),
            Choice("no_animal", "Nothing from animals"),
            Choice("no_pork", "No pork"),
            Choice("no_beef", "No beef"),
            Choice("no_seafood", "No fish or seafood"),
        ),
    ),
    Question(
        "spice",
        "How hot do you like it?",
        "To put dishes of this kind first.",
        (Choice("none", "Not at all"), Choice("mild", "A little"), Choice("hot", "Hot")),
    ),
    Question(
        "household_size",
        "For how many people do you shop?",
        "To put bundles of the right size first.",
        (*(Choice(str(number), str(number)) for number in range(1, 6)), Choice("6", "6 or more")),
    ),
    Question(
        "way",
        "How do you mostly get around here?",
        "To decide how far away a suggested shop may be.",
        (
            Choice("walk", "On foot"),
            Choice("bicycle", "By bicycle"),
            Choice("transit", "By bus or train"),
            Choice("car", "By car"),
        ),
    ),
    Question(
        "birthday_month",
        "In which month is your birthday?",
        "To give you a treat in that month; the day and the year are not asked for.",
        tuple(Choice(f"{number:02}", name) for number, name in enumerate(_MONTHS, 1)),
    ),
)
_BY_KEY = {question.key: question for question in QUESTIONS}


def question_of(key: str) -> Question:
    """Return a question. Raises `QuestionUnknown`."""
    if key not in _BY_KEY:
        raise QuestionUnknown
    return _BY_KEY[key]


def check_answer(key: str, value: str | None) -> Question:
    """Return the question that a value, or None for "would rather not say", answers.

    Raises `QuestionUnknown` or `AnswerNotOffered`.
    """
    question = question_of(key)
    if value is not None and value not in {choice.value for choice in question.choices}:
        raise AnswerNotOffered(question=key)
    return question
