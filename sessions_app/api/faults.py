"""What the services refuse, in the words of HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.exceptions import NotFound, ValidationError

from climbiq.common.problems import Conflict, Unprocessable
from climbiq.domain.values import BadValues
from sessions_app.selectors import SessionNotFound
from sessions_app.services.guards import ChangedElsewhere
from sessions_app.services.logs import AlreadyLogged, NotReopenable, NotSkippable
from sessions_app.services.starts import NotStartable
from sessions_app.services.undo import CannotUndo


@contextmanager
def told_in_http(*, missing: str = "") -> Iterator[None]:
    """Turn refusals into problems: 400 with the names of the fields, 404, 409, 422.

    Parameters
    ----------
    missing : str
        The field that names a session in the body: an unknown one is then a fault of that field.
    """
    try:
        yield
    except BadValues as bad:
        raise ValidationError({name: [message] for name, message in bad.problems.items()}) from bad
    except SessionNotFound:
        if missing:
            raise ValidationError({missing: ["You have no such session."]}) from None
        raise NotFound from None
    except (ChangedElsewhere, AlreadyLogged, NotReopenable, NotSkippable, NotStartable) as conflict:
        raise Conflict(str(conflict)) from conflict
    except CannotUndo as error:
        raise Unprocessable(str(error)) from error
