"""What every page of the admin does alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

import psycopg
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.db import DataError, ProgrammingError, transaction
from django.http import HttpRequest
from django.utils.text import capfirst

__all__ = ["AnyModelAdmin"]

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]  # a generic in its stubs only
else:
    _Admin = admin.ModelAdmin

_BAD_VALUES: Final = (ValueError, OverflowError, ValidationError, DataError)


class AnyModelAdmin(_Admin):
    """A list whose address asks for what cannot be is shown without filters, as Django does for most such values.

    It leaves it to the database, and to Python's calendar, to refuse the others: a NUL, the year 9999, a column that is
    withheld.
    """

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Count what the filters leave, in a savepoint: what comes after a refusal needs the transaction."""
        try:
            with transaction.atomic():
                rows = super().get_changelist_instance(request)
        except _BAD_VALUES as bad:
            _blame_the_address(request, bad)
        except ProgrammingError as refused:
            if not isinstance(refused.__cause__, psycopg.errors.InsufficientPrivilege):
                raise
            _blame_the_address(request, refused)
        if not rows.is_popup:  # headed by what the list holds, not by what one could do with it
            rows.title = capfirst(str(self.opts.verbose_name_plural))
        return rows


def _blame_the_address(request: HttpRequest, error: Exception) -> NoReturn:
    """Without any filter or order in the address the fault is ours."""
    if not request.GET:
        raise error
    raise IncorrectLookupParameters(str(error)) from error
