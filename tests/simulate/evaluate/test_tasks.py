"""Every task can be run by name; what is missing is said before anything is computed."""

from importlib import import_module
from pathlib import Path

import pytest

from ringmain.simulate.errors import EvaluationDataMissing, EvaluationUnknown
from ringmain.simulate.evaluate.tasks import TASKS, WITHOUT_FOLDER, evaluate

DOCUMENT = Path(__file__).parents[3] / "docs" / "evaluation.md"


def test_an_unknown_task_is_told_the_known_ones(tmp_path: Path) -> None:
    """The refusal lists every task."""
    with pytest.raises(EvaluationUnknown) as refused:
        evaluate("horoscope", tmp_path, seed=0, progress=print)

    assert refused.value.facts == {"task": "horoscope", "tasks": ", ".join(TASKS)}


@pytest.mark.parametrize("task", sorted(set(TASKS) - WITHOUT_FOLDER))
def test_a_task_with_files_needs_a_folder(task: str) -> None:
    """No task looks for its files where nobody said they are."""
    with pytest.raises(EvaluationDataMissing) as refused:
        evaluate(task, None, seed=0, progress=print)

    assert refused.value.facts == {"task": task}


@pytest.mark.parametrize("task", sorted(set(TASKS) - WITHOUT_FOLDER))
def test_an_empty_folder_is_refused(task: str, tmp_path: Path) -> None:
    """A task whose files are not there names the first of them."""
    with pytest.raises(EvaluationDataMissing) as refused:
        evaluate(task, tmp_path, seed=0, progress=print)

    assert Path(refused.value.facts["file"]).parent == tmp_path


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_its_module_and_its_section(task: str) -> None:
    """The table of tasks names what exists, and the document explains each."""
    assert callable(import_module(TASKS[task]).evaluate)
    assert f"\n## {task}" in DOCUMENT.read_text(encoding="utf-8")
