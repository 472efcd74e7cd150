"""`python -m climbiq.local.run`: the whole of ClimbIQ on one machine, under one Ctrl-C."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from climbiq.environment import broker_url
from climbiq.local.errors import CannotRun
from climbiq.local.given_servers import check_postgres, check_redis
from climbiq.local.leftovers import clear_leftovers, note_running
from climbiq.local.places import AlreadyLocked, exclusive, make_folder
from climbiq.local.plan import PROGRAMS, STEPS, LongRunning, Step
from climbiq.local.postgres import EmbeddedPostgres
from climbiq.local.remembered import forget, remember
from climbiq.local.secrets import load_or_create_secrets
from climbiq.local.stamps import if_changed
from climbiq.local.supervisor import Server, Stopped, Supervisor, say
from climbiq.local.surroundings import (
    LOOPBACK,
    Wishes,
    check_address_is_free,
    common_environment,
    for_role,
    read_wishes,
)
from climbiq.local.valkey import EmbeddedValkey

BASE_DIR = Path(__file__).resolve().parents[2]
DATABASE_NAME = "climbiq"


class AlreadyRunning(CannotRun):
    """Another `make run` uses the same data folder."""


def run(wishes: Wishes, *, steps: Sequence[Step] = STEPS, programs: Sequence[LongRunning] = PROGRAMS) -> int:
    """Start everything, watch it, stop it; returns the exit code: 0 when somebody asked us to stop."""
    supervisor = Supervisor(wishes.base_dir)
    with ExitStack() as undo:
        undo.enter_context(supervisor.listening())
        try:
            _prepare(wishes, undo)
            environment = _start_servers(wishes, supervisor, undo)
            undo.callback(forget, wishes.data_dir)
            remember(wishes.data_dir, environment)
            undo.callback(supervisor.stop_all)
            _run_steps(wishes, supervisor, environment, steps)
            _start_programs(wishes, supervisor, environment, programs)
            supervisor.watch(
                is_ready=lambda: _answers(wishes),
                when_ready=lambda: _announce(wishes, environment),
            )
        except Stopped:
            say("stopping")
            return 0
        except (CannotRun, OSError) as error:
            say(str(error))
            return 1


def _prepare(wishes: Wishes, undo: ExitStack) -> None:
    """Take the data folder for us alone and see that the address is free, before anything is started."""
    if not wishes.data_dir.exists():
        make_folder(wishes.data_dir, mode=0o711 if os.geteuid() == 0 else 0o700)
    try:
        undo.enter_context(exclusive(wishes.data_dir / "run.lock", wait=False))
    except AlreadyLocked:
        raise AlreadyRunning(
            f"ClimbIQ already runs from {wishes.data_dir}: stop it with Ctrl-C where it was started, "
            "or choose another folder with CLIMBIQ_DATA_DIR (and another port with PORT)"
        ) from None
    clear_leftovers(_note(wishes))
    check_address_is_free(wishes)


def _start_servers(wishes: Wishes, supervisor: Supervisor, undo: ExitStack) -> dict[str, str]:
    """Start the servers that the environment does not name; returns the programs' common environment."""
    secrets = load_or_create_secrets(wishes.data_dir / "secrets.env")
    if wishes.database_url:
        check_postgres(wishes.database_url)
        database_url = wishes.database_url
    else:
        postgres = EmbeddedPostgres(wishes.data_dir)
        say(f"starting PostgreSQL in {postgres.home}")
        undo.callback(postgres.start().stop)
        supervisor.servers.append(Server("PostgreSQL", postgres.alive, postgres.log_path))
        postgres.create_database(DATABASE_NAME)
        database_url = postgres.superuser_url(DATABASE_NAME)
    supervisor.check()
    if wishes.redis_url:
        check_redis(wishes.redis_url)
        redis_url = wishes.redis_url
    else:
        valkey = EmbeddedValkey(wishes.data_dir)
        say(f"starting Valkey in {valkey.home}")
        undo.callback(valkey.start().stop)
        supervisor.servers.append(Server("Valkey", valkey.alive, valkey.log_path))
        redis_url = valkey.url()
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    servers["CELERY_BROKER_URL"] = os.environ.get("CELERY_BROKER_URL", "").strip() or broker_url(redis_url)
    return common_environment(wishes, secrets=secrets, servers=servers, is_demo=not wishes.database_url)


def _run_steps(
    wishes: Wishes, supervisor: Supervisor, environment: Mapping[str, str], steps: Sequence[Step]
) -> None:
    for step in steps:
        if step.demo_only and wishes.database_url:
            continue
        name = step.command[0]
        with if_changed(wishes.data_dir / "stamps" / name, wishes.base_dir, step.inputs) as changed:
            if step.inputs and not changed:
                continue
            supervisor.check()
            say(" ".join(step.command))
            command = [sys.executable, "manage.py", *step.command]
            supervisor.run_to_end(f"manage.py {name}", command, for_role(environment, step.role))


def _start_programs(
    wishes: Wishes,
    supervisor: Supervisor,
    environment: Mapping[str, str],
    programs: Sequence[LongRunning],
) -> None:
    for program in programs:
        arguments = (
            part.format(host=wishes.host, port=wishes.port, data_dir=wishes.data_dir)
            for part in program.command
        )
        supervisor.start(
            program.name, [sys.executable, "-m", *arguments], for_role(environment, program.role)
        )
    note_running(_note(wishes), [program.process.pid for program in supervisor.programs])


def _note(wishes: Wishes) -> Path:
    return wishes.data_dir / "running.json"


def _answers(wishes: Wishes) -> bool:
    """Tell whether the web process says that it lives."""
    connection = http.client.HTTPConnection(wishes.reachable_host, wishes.port, timeout=1)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(wishes: Wishes, environment: Mapping[str, str]) -> None:
    say(f"\nClimbIQ is ready: {wishes.address}")
    if not wishes.database_url:
        told = subprocess.run(
            [sys.executable, "manage.py", "demo_logins"],
            cwd=wishes.base_dir,
            env=for_role(environment, "service"),
            capture_output=True,
            text=True,
            check=False,
        )
        say(told.stdout if told.returncode == 0 else told.stderr.strip()[-300:])
        if wishes.host not in LOOPBACK:
            say("The demo's passwords are public: whoever can reach this address can log in.")
    else:
        say("The first operator, in another terminal: .venv/bin/python manage.py createsuperuser")
    if not environment.get("CLIMBIQ_EMAIL_HOST") and not environment.get("CLIMBIQ_EMAIL_BACKEND"):
        say("Letters, as to confirm an address, are printed here: CLIMBIQ_EMAIL_HOST is not set")
    say(f"Ctrl-C stops everything; the data stays in {wishes.data_dir}")


def main() -> int:
    """Run with what the environment asks for."""
    try:
        return run(read_wishes(BASE_DIR, os.environ))
    except CannotRun as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
