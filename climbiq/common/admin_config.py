from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ClimbIQAdminConfig(AdminConfig):
    """Puts our site in the place of Django's."""

    default_site = "climbiq.common.admin_site.ClimbIQAdminSite"
