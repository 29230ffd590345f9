"""The lake: facts as Parquet files by kind, network and day. Declared here; written by `export`, read by `connect`.

The parts that need Arrow, ADBC or DuckDB are imported by their own names (`ringmain.kit.lake.export`,
`ringmain.kit.lake.connect`), so that a slice that only declares its tables stays light.
"""

from ringmain.kit.lake.table import ColumnType, LakeTable

__all__ = ["ColumnType", "LakeTable"]
