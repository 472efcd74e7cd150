"""The embedded Valkey against real servers: killed, moved, joined."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import kombu
import pytest
import redis

import climbiq.local
from climbiq.local.processes import wait_until
from climbiq.local.valkey import EmbeddedValkey, ValkeyFailed

pytestmark = pytest.mark.faults


@pytest.fixture
def server(tmp_path):
    server = EmbeddedValkey(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    with redis.Redis.from_url(server.url()) as client:
        yield client


def test_it_keeps_what_it_acknowledged_and_refuses_rather_than_forgets(client):
    settings = client.config_get("*")
    assert {
        name: settings[name] for name in ("appendonly", "appendfsync", "maxmemory-policy", "port", "save")
    } == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
    }


def test_its_socket_is_ours_alone(server):
    assert stat.S_IMODE(server.socket_path.stat().st_mode) == 0o700
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700


def test_databases_are_apart(server, client):
    client.set("route", "6b")
    with redis.Redis.from_url(server.url(3)) as other:
        assert other.get("route") is None


def test_what_was_written_survives_kill_9(server, client):
    for n in range(200):
        client.rpush("queue", n)
    os.kill(client.info("server")["process_id"], signal.SIGKILL)
    assert wait_until(lambda: not server.ready(), seconds=5)
    server.start()
    assert client.llen("queue") == 200


def test_a_second_launcher_joins_the_running_server_and_can_stop_it(server, client, tmp_path):
    client.set("route", "6b")
    second = EmbeddedValkey(tmp_path).start()
    with redis.Redis.from_url(second.url()) as other:
        assert other.info("server")["process_id"] == client.info("server")["process_id"]
    second.stop()
    assert not server.alive()
    server.start()
    assert client.get("route") == b"6b"


def test_a_lost_socket_file_is_made_again(server, client):
    client.set("route", "6b")
    server.socket_path.unlink()
    assert not server.alive()
    server.start()
    with redis.Redis.from_url(server.url()) as other:
        assert other.get("route") == b"6b"


def test_a_message_broker_speaks_to_it(server):
    with kombu.Connection(server.broker_url()) as connection, connection.SimpleQueue("bell") as queue:
        queue.put("ring")
        message = queue.get(timeout=5)
        assert message.payload == "ring"
        message.ack()


@pytest.mark.parametrize(
    "name", ["with a space", "with \"quotes\" and 'more'", "x" * 120], ids=["space", "quotes", "long"]
)
def test_any_path_will_do(name):
    folder = Path(tempfile.mkdtemp(prefix="climbiq-vk-", dir="/tmp"))
    server = EmbeddedValkey(folder / name, durable=False).start()
    try:
        with redis.Redis.from_url(server.url(2)) as client:
            client.set("route", "6b")
            assert list(client.info("keyspace")) == ["db2"]
        with kombu.Connection(server.broker_url()) as connection:
            connection.ensure_connection(max_retries=1)
        assert (server.socket_path.parent == server.home) is (len(name) < 100)
    finally:
        server.stop()
        if server.socket_path.parent != server.home:
            server.socket_path.parent.rmdir()
        shutil.rmtree(folder)


def test_a_server_that_cannot_start_says_why(tmp_path):
    server = EmbeddedValkey(tmp_path)
    (server.home / "appendonlydir").write_text("not a folder")
    with pytest.raises(ValkeyFailed, match="appendonlydir"):
        server.start()


def test_the_server_goes_when_its_starter_is_killed(tmp_path):
    script = """
        import os, signal, sys
        from pathlib import Path
        from climbiq.local.valkey import EmbeddedValkey
        EmbeddedValkey(Path(sys.argv[1])).start()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    repository = Path(climbiq.local.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(repository)},
        timeout=30,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    server = EmbeddedValkey(tmp_path)
    assert wait_until(lambda: not server.alive(), seconds=10)
