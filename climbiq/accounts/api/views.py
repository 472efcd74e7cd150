"""One's own account over the API."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from climbiq.accounts.api.serializers import MeSerializer
from climbiq.accounts.models import User
from climbiq.common.idempotency import idempotent
from climbiq.common.openapi import documented


class MeView(APIView):
    """The account of whoever asks."""

    @documented(operation_id="users_me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Show it."""
        return Response(MeSerializer(_asking(request)).data)

    @documented(operation_id="users_me_change", request=MeSerializer, responses=MeSerializer)
    @idempotent
    def patch(self, request: Request) -> Response:
        """Change name, time zone or consents."""
        serializer = MeSerializer(_asking(request), data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)


def _asking(request: Request) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  nobody else passes IsAuthenticated
    return user
