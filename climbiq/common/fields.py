"""Column definitions used by every table, with their defaults in the database itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Func, Value

# Days that a diary can hold, and times that Python can read in every time zone.
FIRST_DAY: Final = date(1950, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
FIRST_TIME: Final = datetime(1900, 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


class TransactionNow(Func):
    """`now()`: the transaction's time. Django's own `Now()` is the statement's."""

    function = "now"
    template = "%(function)s()"
    output_field = models.DateTimeField()


def uuid_key() -> models.UUIDField[Any, Any]:
    """A random primary key made by the database."""
    return models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)


def time_stamp(*, db_default: bool = True, **kwargs: Any) -> models.DateTimeField[Any, Any]:
    """`TIMESTAMPTZ DEFAULT now()`, nullable as in the specification."""
    extra: dict[str, Any] = {"db_default": TransactionNow()} if db_default else {}
    return models.DateTimeField(null=True, blank=True, editable=False, **extra, **kwargs)


def text_list(**kwargs: Any) -> ArrayField[Any, Any]:
    """`TEXT[]`."""
    return ArrayField(models.TextField(), null=True, blank=True, **kwargs)


def empty_array(base: models.Field[Any, Any]) -> ArrayField[Any, Any]:
    """An array column that starts empty."""
    output = ArrayField(base.clone())
    return ArrayField(base, null=True, blank=True, db_default=Value([], output_field=output))


def reference(to: str, *, column: str, null: bool = False, **kwargs: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key whose constraint the migration writes in SQL, with the specification's ON DELETE action."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        db_column=column,
        db_constraint=False,
        db_index=kwargs.pop("db_index", False),
        null=null,
        blank=null,
        **kwargs,
    )


def one_of(field: str, values: list[str], *, table: str) -> models.CheckConstraint:
    """`CHECK (field IN (…))`."""
    return models.CheckConstraint(condition=Q(**{f"{field}__in": values}), name=f"{table}_{field}_check")


def between(field: str, low: int, high: int, *, table: str) -> models.CheckConstraint:
    """`CHECK (field BETWEEN low AND high)`."""
    return models.CheckConstraint(
        condition=Q(**{f"{field}__range": (low, high)}), name=f"{table}_{field}_check"
    )


class Finite(Func):
    """Whether a number is one: PostgreSQL's types take infinities, and NaN, which sorts above them."""

    template = "(%(expressions)s < 'Infinity' AND %(expressions)s > '-Infinity')"
    output_field = models.BooleanField()


class AllFinite(Func):
    """Whether all numbers of a list are."""

    template = "('Infinity' > ALL (%(expressions)s) AND '-Infinity' < ALL (%(expressions)s))"
    output_field = models.BooleanField()


class Flat(Func):
    """Whether a list is one: PostgreSQL's array types also take lists of lists."""

    template = "(coalesce(array_ndims(%(expressions)s), 1) = 1)"
    output_field = models.BooleanField()


def finite(*fields: str, table: str, at_least: float | None = None) -> list[models.CheckConstraint]:
    """`CHECK`s that columns hold numbers, each under the column's name."""
    return [
        models.CheckConstraint(
            condition=Q(Finite(field))
            if at_least is None
            else Q(Finite(field), **{f"{field}__gte": at_least}),
            name=f"{table}_{field}_finite",
        )
        for field in fields
    ]


def finite_list(*fields: str, table: str) -> list[models.CheckConstraint]:
    """The same for columns that hold lists of numbers."""
    return [
        models.CheckConstraint(condition=Q(AllFinite(field)), name=f"{table}_{field}_finite")
        for field in fields
    ]


def flat_list(*fields: str, table: str) -> list[models.CheckConstraint]:
    """`CHECK`s that columns hold plain lists."""
    return [
        models.CheckConstraint(condition=Q(Flat(field)), name=f"{table}_{field}_flat") for field in fields
    ]


def readable_times(*fields: str, table: str) -> list[models.CheckConstraint]:
    """`CHECK`s that columns hold times of the calendar: PostgreSQL's go beyond Python's, to infinity both ways."""
    return [
        _within(field, (FIRST_TIME, LAST_TIME), table=table, said="The year must be between 1900 and 2999.")
        for field in fields
    ]


def readable_days(*fields: str, table: str) -> list[models.CheckConstraint]:
    """The same for columns that hold days."""
    return [
        _within(field, (FIRST_DAY, LAST_DAY), table=table, said="The year must be between 1950 and 2199.")
        for field in fields
    ]


def _within(field: str, ends: tuple[date, date], *, table: str, said: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{f"{field}__range": ends}),
        name=f"{table}_{field}_readable",
        violation_error_message=said,
    )
