"""A file of a task is read whole and typed, or the error says which file and what is wrong with it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringmain.simulate.errors import EvaluationDataMissing, EvaluationDataWrong
from ringmain.simulate.evaluate.files import read

COLUMNS: dict[str, pa.DataType] = {"person_id": pa.int64(), "date": pa.timestamp("us"), "amount": pa.float64()}


def _write(folder: Path, **columns: object) -> None:
    whole = {"person_id": [2, 1], "date": ["1997-01-01", "1997-02-01"], "amount": [1.5, 2.0], "other": ["a", "b"]}
    pq.write_table(pa.table({**whole, **columns}), folder / "purchases.parquet")


def test_the_columns_asked_for_come_typed_and_in_order(tmp_path: Path) -> None:
    """Text that is a date becomes one; what was not asked for is left out; rows keep their order."""
    _write(tmp_path)

    table = read(tmp_path, "purchases.parquet", COLUMNS)

    assert table.schema.names == ["person_id", "date", "amount"]
    assert table.schema.types == list(COLUMNS.values())
    assert table["person_id"].to_pylist() == [2, 1]


def test_a_folder_named_like_a_partition_is_no_column(tmp_path: Path) -> None:
    """`person_id=7` above the file does not replace what stands in it."""
    folder = tmp_path / "person_id=7"
    folder.mkdir()
    _write(folder)

    assert read(folder, "purchases.parquet", COLUMNS)["person_id"].to_pylist() == [2, 1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The whole path is shown, and a folder of that name is no file."""
    for _ in range(2):
        with pytest.raises(EvaluationDataMissing) as refused:
            read(tmp_path, "purchases.parquet", COLUMNS)
        assert refused.value.facts == {"file": str(tmp_path / "purchases.parquet")}
        (tmp_path / "purchases.parquet").mkdir(exist_ok=True)


WRONG: dict[str, tuple[dict[str, object], str]] = {
    "missing values": ({"amount": [1.5, None]}, "column amount has missing values"),
    "not a number": ({"amount": [1.5, float("nan")]}, "column amount has missing values"),
    "a missing text": ({"date": [None, "1997-02-01"]}, "column date has missing values"),
    "text that is no number": ({"person_id": ["one", "two"]}, "column person_id is no int64"),
    "a number that would be cut": ({"person_id": [1.0, 2.5]}, "column person_id is no int64"),
    "what cannot be cast at all": ({"amount": [[1.0], [2.0]]}, "column amount is no double"),
    "no rows": ({"person_id": [], "date": [], "amount": [], "other": []}, "it has no rows"),
}


@pytest.mark.parametrize(("columns", "why"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(tmp_path: Path, columns: dict[str, object], why: str) -> None:
    """One kind of wrong content."""
    _write(tmp_path, **columns)

    with pytest.raises(EvaluationDataWrong) as refused:
        read(tmp_path, "purchases.parquet", COLUMNS)

    assert refused.value.facts["file"] == str(tmp_path / "purchases.parquet")
    assert refused.value.facts["why"].startswith(why)


def test_all_absent_columns_are_named_at_once(tmp_path: Path) -> None:
    """Who has to mend a file learns of every column in one go."""
    _write(tmp_path)

    with pytest.raises(EvaluationDataWrong) as refused:
        read(tmp_path, "purchases.parquet", {**COLUMNS, "visit": pa.int64(), "arm": pa.string()})

    assert refused.value.facts["why"] == "it has no column visit, arm"


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """A table of commas under the right name is named as what it is not."""
    (tmp_path / "purchases.parquet").write_text("person_id,date,amount\n1,1997-01-01,2.0\n")

    with pytest.raises(EvaluationDataWrong) as refused:
        read(tmp_path, "purchases.parquet", COLUMNS)

    assert refused.value.facts["why"].startswith("it is no Parquet file")


def test_values_may_be_missing_where_the_task_allows_it(tmp_path: Path) -> None:
    """Only in the columns named; the others are still refused."""
    _write(tmp_path, other=["a", None], amount=[None, 1.0])
    columns: dict[str, pa.DataType] = {"other": pa.string(), "amount": pa.float64()}

    assert read(tmp_path, "purchases.parquet", columns, optional={"other", "amount"})["other"].null_count == 1
    with pytest.raises(EvaluationDataWrong, match="evaluation_data_wrong"):
        read(tmp_path, "purchases.parquet", columns, optional={"other"})
