"""Makes the class archive of a Presto image, inside of the image: a trial start, a query, and a dump by the JVM.

It runs while the image is built, with the image's own Python, so it imports nothing but the standard library.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARCHIVE = Path("/usr/lib/presto/classes.jsa")
JAVA = "/opt/java/bin/java"
HOME = Path(os.environ["PRESTO_HOME"])
START_SECONDS = 600.0
LOG_LINES = 60
QUERY = """\
SELECT n.name, count(*) AS orders, round(sum(o.totalprice)) AS price
FROM orders o JOIN customer c ON o.custkey = c.custkey JOIN nation n ON c.nationkey = n.nationkey
WHERE o.orderdate >= DATE '1994-01-01' GROUP BY n.name ORDER BY orders DESC LIMIT 5"""
# The JVM loads this module at run time, beside the modules that it starts with. From an archive its classes would not
# see the modules that they need (IllegalAccessError), and the JMX agent of Presto would not start.
LEFT_OUT = ("sun/management/jmxremote/", "jdk/internal/agent/")


def main() -> None:
    """Write the archive."""
    make_host_name_known()
    with tempfile.TemporaryDirectory() as aside:
        classes = Path(aside) / "classes"
        run_trial(Path(aside), classes)
        listed = [line for line in classes.read_text().splitlines() if not line.startswith(LEFT_OUT)]
        classes.write_text("\n".join(listed) + "\n")
        dump(classes)
    print(f"{ARCHIVE}: {len(listed)} classes, {ARCHIVE.stat().st_size / 1e6:.0f} MB")


def make_host_name_known() -> None:
    """Give the machine's name an address: Presto looks its own up, and a build has no name service."""
    try:
        socket.gethostbyname(socket.gethostname())
    except OSError:
        with Path("/etc/hosts").open("a") as hosts:
            hosts.write(f"\n127.0.0.1 {socket.gethostname()}\n")


def run_trial(aside: Path, classes: Path) -> None:
    """Start a Presto that is coordinator and worker, run a query, stop it. `classes` lists what it has loaded."""
    port = free_port()
    configure(aside, port, classes)
    log = aside / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [HOME / "bin" / "launcher", "--etc-dir", aside / "etc", "run"], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}/v1"
        wait_for(server, lambda: ask(f"{url}/info")["starting"] is False)
        # Before the server has found itself as a worker, there is no node to run a query.
        wait_for(server, lambda: query(f"{url}/statement"))
    except Exception:
        # The lines before the last stack traces say what went wrong.
        print("\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:]), file=sys.stderr)
        raise
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=60)


def configure(aside: Path, port: int, classes: Path) -> None:
    """Write the server's etc directory. No archive is used while the list of classes is made."""
    files = {
        "config.properties": [
            "coordinator=true",
            "node-scheduler.include-coordinator=true",
            "discovery-server.enabled=true",
            f"discovery.uri=http://127.0.0.1:{port}",
            f"http-server.http.port={port}",
        ],
        "jvm.config": [
            "-Xmx1G",
            "-XX:+UseG1GC",
            "-Djdk.attach.allowAttachSelf=true",
            "-Xshare:off",
            f"-XX:DumpLoadedClassList={classes}",
        ],
        "node.properties": ["node.environment=trial", f"node.data-dir={aside / 'data'}", "node.id=trial"],
        "catalog/tpch.properties": ["connector.name=tpch"],
    }
    for name, lines in files.items():
        file = aside / "etc" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")


def wait_for(server: "subprocess.Popen[bytes]", condition: Callable[[], bool]) -> None:
    """Return once the condition holds; until then it may fail to reach the server."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RuntimeError(f"Presto ended with {server.returncode} instead of starting")
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"Presto did not start and run a query in {START_SECONDS:.0f} s")


def query(url: str) -> bool:
    """Run the query to its end; whether it succeeded."""
    headers = {"X-Presto-User": "trial", "X-Presto-Catalog": "tpch", "X-Presto-Schema": "tiny"}
    answer = ask(urllib.request.Request(url, data=QUERY.encode(), headers=headers))
    while "nextUri" in answer:
        answer = ask(answer["nextUri"])
    return "error" not in answer


def ask(request: "str | urllib.request.Request") -> Any:
    """Return the JSON that the server answers."""
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def dump(classes: Path) -> None:
    """Let the JVM write the archive.

    By the serial collector, because the archive then has no heap objects: among those of G1 is the graph of the
    modules that the JVM starts with, and with that the JMX agent would not start.
    """
    command = [JAVA, "-cp", f"{HOME}/lib/*", "-XX:+UseSerialGC", "-Xmx1G", "-Xshare:dump"]
    subprocess.run([*command, f"-XX:SharedClassListFile={classes}"], check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
