#!/usr/bin/env python3
"""Answer haproxy's health checks for a Galera node: 200 while it may be the writer, else 503 with the reason.

    clustercheck.py [--port 9200] [--socket /run/mysqld/mysqld.sock] [--user NAME]

Runs on the node itself and needs only Python and the `mariadb` client. The user needs no privilege beyond USAGE.
"""

from __future__ import annotations

import argparse
import http.server
import subprocess

PATIENCE_SECONDS = 2.0
WANTED = {"wsrep_ready": "ON", "wsrep_cluster_status": "Primary", "wsrep_local_state_comment": "Synced"}
QUERY = f"SHOW GLOBAL STATUS WHERE Variable_name IN {tuple(WANTED)}"


def reason_against(socket: str, user: str) -> str:
    """Why the node may not be the writer; empty when it may."""
    command = ["mariadb", "--no-defaults", f"--socket={socket}", f"--user={user}", "-N", "-B", "-e", QUERY]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "no answer"
    found = dict(line.split("\t", 1) for line in asked.stdout.splitlines() if "\t" in line)
    if asked.returncode != 0:
        return asked.stderr.strip() or "no answer"
    return ", ".join(f"{name}={found.get(name)}" for name, value in WANTED.items() if found.get(name) != value)


def handler_for(socket: str, user: str) -> type[http.server.BaseHTTPRequestHandler]:
    """A handler that queries the node behind `socket` once per request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reason = reason_against(socket, user)
            body = (reason or "ready").encode()
            self.send_response(503 if reason else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Log nothing: there is a check every second."""

    return Handler


def main() -> None:
    """Serve until the process ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--socket", default="/run/mysqld/mysqld.sock")
    parser.add_argument("--user", default="clustercheck")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("", options.port), handler_for(options.socket, options.user))
    server.serve_forever()


if __name__ == "__main__":
    main()
