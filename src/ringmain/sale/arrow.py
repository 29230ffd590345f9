"""Arrow as imports use it: its published types refuse numpy arrays and plain numbers, which Arrow itself takes.

What comes from Arrow is Any here, and is given a type where it becomes numpy or a Python value.
"""

from typing import Any, TypeAlias

import pyarrow  # noqa: ICN001 - `pa` is the name of the untyped one.
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

pa: Any = pyarrow
pc: Any = pyarrow.compute
arrow_csv: Any = pyarrow.csv
parquet: Any = pyarrow.parquet

# A table; a column of it, in one piece or several; an array of texts.
Table: TypeAlias = Any
Column: TypeAlias = Any
Texts: TypeAlias = Any
