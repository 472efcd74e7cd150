from __future__ import annotations

from django.db import models

from climbiq.common.fields import time_stamp, uuid_key


class Gym(models.Model):
    """A place to climb, known to everybody."""

    id = uuid_key()
    name = models.TextField()
    city = models.TextField(blank=True, default="", db_default="")
    created_at = time_stamp()

    class Meta:
        db_table = "gyms"
        ordering = ["name", "city"]
        constraints = [models.UniqueConstraint(fields=["name", "city"], name="gyms_name_city")]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}" if self.city else self.name
