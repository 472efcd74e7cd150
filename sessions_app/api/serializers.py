"""What clients send and get: one object a session, with its two forms inside."""

from __future__ import annotations

import json
from typing import Any, Final

from rest_framework import serializers

from climbiq.common.serializers import MomentField, StrictSerializer, VariableField
from climbiq.domain.values import BadValue, Value
from climbiq.domain.variables import in_room
from climbiq.domain.vocabularies import LOCATION_TYPES, SESSION_STATUSES
from sessions_app.domain.columns import TREATED
from sessions_app.domain.extras import AFTERWARDS
from sessions_app.domain.reading import read_value

MAX_DETAILS_CHARS: Final = 10_000
VERSION_HELP: Final = "The version you read. Where it is not the current one any more, the answer is 409."
END_HELP: Final = (
    "When the session ended; it belongs to the session. Where it is not given when a session is first logged, and the"
    " session has a start that has passed: start and duration, where that was said, else now, on the session's own day."
)


class WrittenField(VariableField):
    """A variable whose measures and grades may be written as people do: "135 lb", "7:30", "v4-5"."""

    def to_internal_value(self, data: Any) -> Value | None:
        """Convert what was posted."""
        try:
            return read_value(self.variable, data)
        except BadValue as bad:
            raise serializers.ValidationError(bad.message) from bad


class DetailsField(serializers.JSONField):
    """Anything else that was different: an object."""

    def to_internal_value(self, data: Any) -> Any:
        """Take objects of a reasonable size."""
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be an object.")
        if len(json.dumps(data)) > MAX_DETAILS_CHARS:
            raise serializers.ValidationError(f"This can have {MAX_DETAILS_CHARS:,} characters at most.")
        return data


def _fields(variables: Any) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    return {v.name: WrittenField(v) for v in variables}


class BaselineSerializer(StrictSerializer):
    """Who the climber is. Null: not said."""

    id = serializers.UUIDField(read_only=True)
    assessed_at = serializers.DateTimeField(read_only=True)

    def get_fields(self) -> dict[str, Any]:
        """One field for each trait of the registry."""
        return {**super().get_fields(), **_fields(in_room("baseline"))}


class PreSessionSerializer(StrictSerializer):
    """How the climber arrives and what they plan, by the registry's names or their aliases. Null: not said.

    The days since the last and the last hard session and the time of day are derived where they can be, and follow
    the diary, until they are given; null is then an answer, too. Caffeine that is not given is 0; null says that it
    is not known.
    """

    def get_fields(self) -> dict[str, Any]:
        """One field for each condition of the registry."""
        return {**super().get_fields(), **_fields(in_room("pre_session"))}


class PostSessionSerializer(StrictSerializer):
    """How it went. `actual_…` only where it differs from the plan; null: as planned, or not said.

    A session can be completed without a `session_quality`, given as null or not at all: it counts as a visit, for
    days since and for the history, and nothing is learnt from it until it is rated. The pages ask for the rating.
    """

    deviation_details = DetailsField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """One field for each outcome, each treatment as it was, and the words."""
        done = {v.actual_column: WrittenField(v) for v in TREATED}
        return {**_fields(in_room("post_session")), **done, **_fields(AFTERWARDS), **super().get_fields()}


class CircumstancesSerializer(StrictSerializer):
    """When and where."""

    session_date = serializers.DateField(help_text="A day in the climber's own time zone.")
    started_at = MomentField(required=False, allow_null=True)
    ended_at = MomentField(required=False, allow_null=True)
    duration_min = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=1440)
    gym_id = serializers.UUIDField(required=False, allow_null=True)
    location_type = serializers.ChoiceField(choices=list(LOCATION_TYPES), required=False, allow_null=True)


class SessionCreateSerializer(CircumstancesSerializer):
    """A session to plan, with or without its pre-session form."""

    pre_session = PreSessionSerializer(required=False, allow_null=True)


class SessionChangeSerializer(CircumstancesSerializer):
    """What changes of when and where."""

    version = serializers.CharField(required=False, help_text=VERSION_HELP)


class PreSessionChangeSerializer(PreSessionSerializer):
    """The pre-session form, with the version it was read in."""

    version = serializers.CharField(required=False, help_text=VERSION_HELP)


class PostSessionChangeSerializer(PostSessionSerializer):
    """The post-session form, with the version it was read in."""

    ended_at = MomentField(required=False, allow_null=True, help_text=END_HELP)
    version = serializers.CharField(required=False, help_text=VERSION_HELP)


class PreSessionShortcutSerializer(PreSessionSerializer):
    """A pre-session form by itself: for the session named, or for a new one."""

    session_id = serializers.UUIDField(required=False, allow_null=True)
    session_date = serializers.DateField(required=False, help_text="Of a new session; today if not given.")
    started_at = MomentField(required=False, allow_null=True)
    location_type = serializers.ChoiceField(choices=list(LOCATION_TYPES), required=False, allow_null=True)

    def validate(self, attrs: Any) -> Any:
        """A session that exists has its date already."""
        if attrs.get("session_id") is not None:
            extra = [n for n in ("session_date", "started_at", "location_type") if n in attrs]
            if extra:
                problem = ["This belongs to the session. Change it there."]
                raise serializers.ValidationError(dict.fromkeys(extra, problem))
        return super().validate(attrs)


class PostSessionShortcutSerializer(PostSessionSerializer):
    """A post-session form by itself."""

    ended_at = MomentField(required=False, allow_null=True, help_text=END_HELP)
    session_id = serializers.UUIDField()


class SessionSerializer(StrictSerializer):
    """A session with both its forms."""

    id = serializers.UUIDField()
    session_date = serializers.DateField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    duration_min = serializers.IntegerField(allow_null=True)
    gym_id = serializers.UUIDField(allow_null=True)
    location_type = serializers.ChoiceField(choices=list(LOCATION_TYPES), allow_null=True)
    status = serializers.ChoiceField(choices=list(SESSION_STATUSES))
    version = serializers.CharField(help_text="Changes with every edit.")
    pre_session = PreSessionSerializer(allow_null=True)
    post_session = PostSessionSerializer(allow_null=True)
    as_treated = PreSessionSerializer(
        allow_null=True,
        help_text="The conditions as they really were: what was done where it differs from the plan.",
    )


class SessionListQuery(StrictSerializer):
    """Which sessions to list."""

    status = serializers.ChoiceField(choices=list(SESSION_STATUSES), required=False)
    since = serializers.DateField(required=False, help_text="Sessions on this day or later.")
    until = serializers.DateField(required=False, help_text="Sessions on this day or earlier.")


class DeletedSerializer(StrictSerializer):
    """The way back from a deletion."""

    undo = serializers.CharField(help_text="Send it to `sessions/{id}/restore` within half an hour.")


class DiaryProblemSerializer(StrictSerializer):
    """One fault of a diary file."""

    line = serializers.IntegerField()
    column = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class DiaryReportSerializer(StrictSerializer):
    """What became of a diary file."""

    added = serializers.IntegerField()
    completed = serializers.IntegerField(help_text="Planned sessions that a row told the end of.")
    already_there = serializers.IntegerField()
    left_out = DiaryProblemSerializer(many=True)
