from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Concat, Lower, Trim

from climbiq.common.fields import readable_times, time_stamp, uuid_key


def _text(constant: str) -> Value:
    return Value(constant, output_field=models.TextField())


class Gym(models.Model):
    """A place to climb, known to everybody."""

    id = uuid_key()
    name = models.TextField()
    city = models.TextField(blank=True, default="", db_default="")
    # What is shown, in small letters: two gyms that would look alike on a list are one.
    label_key = models.GeneratedField(
        expression=Lower(
            Concat("name", Case(When(city="", then=_text("")), default=Concat(_text(", "), "city")))
        ),
        output_field=models.TextField(),
        db_persist=True,
    )
    # When an operator found it to be one: it is offered to everybody, whoever has been there.
    confirmed_at = time_stamp(db_default=False)
    created_at = time_stamp()

    class Meta:
        db_table = "gyms"
        ordering = ["name", "city"]
        constraints = [
            models.UniqueConstraint(fields=["label_key"], name="gyms_label"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^.{1,80}$", name=Trim(F("name"))), name="gyms_name_check"
            ),
            models.CheckConstraint(
                condition=Q(city__regex=r"^[^,]{0,80}$", city=Trim(F("city"))), name="gyms_city_check"
            ),
            *readable_times("created_at", "confirmed_at", table="gyms"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name

    def clean(self) -> None:
        """Refuse a second gym of the same line beside its name; forms leave out what the database computes."""
        alike = Gym.objects.filter(label_key=Lower(_text(str(self)))).exclude(pk=self.pk)
        if alike.exists():
            raise ValidationError({"name": "There is a gym of this name in this city."})
