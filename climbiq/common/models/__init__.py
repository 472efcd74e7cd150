from __future__ import annotations

from climbiq.common.models.data_version import DataVersion
from climbiq.common.models.idempotency_record import IdempotencyRecord

__all__ = ["DataVersion", "IdempotencyRecord"]
