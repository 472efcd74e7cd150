"""The settings as the type checker sees them: with placeholder secrets and no server behind them."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SECRET_KEY", "only-for-types")
os.environ.setdefault("CLIMBIQ_RLS_KEY", "00" * 32)
os.environ.setdefault("CLIMBIQ_TOKEN_PEPPER", "only-for-types")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@/climbiq?host=/nowhere")
os.environ.setdefault("CLIMBIQ_DB_ROLE", "service")

from climbiq.settings import *  # noqa: F403
