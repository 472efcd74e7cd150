"""Lists a page at a time, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError as InvalidPosition
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

if TYPE_CHECKING:
    # DRF imports this module from its own settings
    from rest_framework.serializers import Serializer
    from rest_framework.views import APIView


PAGING: Final = frozenset({"cursor", "page_size", "format"})


def read_query(request: Request, asked: type[Serializer[Any]]) -> dict[str, Any]:
    """What a list is asked for, paging aside; an unknown or impossible parameter is refused at its own name."""
    query = asked(data={name: value for name, value in request.query_params.items() if name not in PAGING})
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


class NewestFirst(CursorPagination):
    """`?cursor=` and `?page_size=`; stable while rows are being added, at any depth the same cost."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering: tuple[str, ...] | str = ("-created_at", "-id")

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Read one page; a cursor that we did not make is refused at its own name."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, InvalidPosition):
            raise ValidationError(
                {"cursor": ["This cursor is not one of ours. Start from the first page."]}
            ) from None
