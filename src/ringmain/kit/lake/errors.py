"""Rules that reading the lake can break."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class SparkMissing(RuleBroken):
    """Spark was asked for, and what it needs is not installed."""

    code = "spark_missing"
    status = HTTPStatus.FAILED_DEPENDENCY
    next_step = "Install Java 17 and `pip install 'ringmain[spark]'`, or leave --spark out: DuckDB needs neither."
