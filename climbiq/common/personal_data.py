"""What each table holds about people: said once, beside its model. Exports and erasure read it.

A test walks the database's catalogue and fails on a table with a person's key whose model does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.options import Options

Fate = Literal["erased", "emptied", "kept"]
AnyField: TypeAlias = "models.Field[Any, Any]"


class Undescribed(LookupError):
    """A description is missing or says too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What one table holds about people.

    Attributes
    ----------
    what : str
        What its rows are, as a person would say it.
    people : tuple of str
        Columns that hold people's keys; a row is a person's when one of them names that person.
    fate : {"erased", "emptied", "kept"}
        What erasing an account does with the person's rows. `emptied` is the account's own row.
    why : str
        Why they are kept, in words for that person.
    withheld : mapping
        Column → why nobody's export has it.
    rows_of : callable, optional
        Finds a person's rows where no column holds the bare key.
    meanings : mapping
        Column → what it holds, for the export's list of columns, where the name does not say it.
    """

    what: str
    people: tuple[str, ...] = ()
    fate: Fate
    why: str = ""
    withheld: Mapping[str, str] = field(default_factory=dict)
    rows_of: Callable[[UUID], Q] | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fate == "kept" and not self.why:
            raise Undescribed(f"say why {self.what} are kept")
        if not self.people and self.rows_of is None:
            raise Undescribed(f"say how a person's {self.what} are found")


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A model and what its table holds about people."""

    model: type[models.Model]
    data: PersonalData

    @property
    def name(self) -> str:
        """The table's name."""
        return _about(self.model).db_table

    def rows(self, *, person: UUID) -> QuerySet[Any]:
        """Find the rows of one person."""
        return QuerySet(self.model).filter(self._condition(person))

    def exported(self) -> list[AnyField]:
        """The fields that an export has, in the table's order."""
        return [f for f in _about(self.model).concrete_fields if column_of(f) not in self.data.withheld]

    def _condition(self, person: UUID) -> Q:
        if self.data.rows_of is not None:
            return self.data.rows_of(person)
        condition = Q()
        for held in _about(self.model).concrete_fields:
            if column_of(held) in self.data.people:
                is_array = isinstance(held, ArrayField)
                condition |= (
                    Q(**{f"{held.name}__contains": [person]}) if is_array else Q(**{held.attname: person})
                )
        return condition


def column_of(field: AnyField) -> str:
    """Name the column of a field that has one."""
    return str(field.column)


def _about(model: type[models.Model]) -> Options[Any]:
    return model._meta  # noqa: SLF001  documented, whatever its name


_libraries: Final[dict[type[models.Model], PersonalData]] = {}


def describe(model: type[models.Model], data: PersonalData) -> None:
    """Say it of a library's table. Our own models have it as their attribute `personal_data`."""
    _libraries[model] = data


def personal_tables() -> list[PersonalTable]:
    """Every described table, by name."""
    return [
        PersonalTable(m, data) for m, data in sorted(_described(), key=lambda pair: _about(pair[0]).db_table)
    ]


def in_order_of_erasure() -> list[PersonalTable]:
    """Every table whose rows are erased; one that points at another comes before it."""
    erased = {table.model: table for table in personal_tables() if table.data.fate == "erased"}
    graph = TopologicalSorter[type[models.Model]]()
    for model in erased:
        graph.add(model)
        for pointer in _about(model).concrete_fields:
            target = pointer.related_model
            if isinstance(target, type) and target in erased and target is not model:
                graph.add(target, model)
    return [erased[model] for model in graph.static_order()]


def _described() -> Iterator[tuple[type[models.Model], PersonalData]]:
    for model in apps.get_models(include_auto_created=True):
        if _about(model).proxy:
            continue  # another view of the same rows
        data = _libraries.get(model) or getattr(model, "personal_data", None)
        if isinstance(data, PersonalData):
            yield model, data
