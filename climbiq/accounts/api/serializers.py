"""One's own account, as the API shows it."""

from __future__ import annotations

import zoneinfo
from typing import Any

from rest_framework import serializers

from climbiq.accounts.models import User
from climbiq.common.serializers import StrictModelSerializer
from climbiq.domain.texts import UnstorableText, clean_text


class MeSerializer(StrictModelSerializer):
    """The account of whoever asks. The e-mail address changes on the account page, where it is verified."""

    display_name = serializers.CharField(max_length=80, allow_blank=True, required=False)
    time_zone = serializers.CharField(max_length=64, required=False, help_text="An IANA name: Europe/Berlin.")
    role = serializers.CharField(source="access_role", read_only=True)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "display_name",
            "time_zone",
            "role",
            "shares_for_calibration",
            "sends_notes_to_claude",
            "date_joined",
        ]
        read_only_fields = ["id", "email", "date_joined"]

    def validate_display_name(self, value: str) -> str:
        """Drop what cannot be seen."""
        try:
            return clean_text(value, one_line=True)
        except UnstorableText as error:
            raise serializers.ValidationError(f"A name {error}.") from error

    def validate_time_zone(self, value: str) -> str:
        """Accept what this machine can compute with."""
        if value not in zoneinfo.available_timezones():
            raise serializers.ValidationError("There is no such time zone. Use an IANA name: Europe/Berlin.")
        return value

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:
        """Write the changed columns and no others."""
        for name, value in validated_data.items():
            setattr(instance, name, value)
        instance.save(update_fields=list(validated_data))
        return instance
