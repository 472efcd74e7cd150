from __future__ import annotations

from climbiq.accounts.models.api_token import ApiToken
from climbiq.accounts.models.login import Login
from climbiq.accounts.models.user import User

__all__ = ["ApiToken", "Login", "User"]
