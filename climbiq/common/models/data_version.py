from __future__ import annotations

from django.db import models


class DataVersion(models.Model):
    """A counter per shared data set, raised by triggers, so that every process knows when its copy is old."""

    name = models.TextField(primary_key=True)
    version = models.BigIntegerField(db_default=1)

    class Meta:
        db_table = "data_versions"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
