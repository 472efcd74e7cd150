"""Column definitions used by every table, with their defaults in the database itself."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Func, Value


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
