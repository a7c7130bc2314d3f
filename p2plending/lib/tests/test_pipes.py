from __future__ import annotations

import os
import subprocess
import sys

import pytest

from p2plending.lib.documents.pipes import stop_when_unread


def test_writing_to_nobody_leaves_with_one_and_stays_quiet_afterwards() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        with pytest.raises(SystemExit) as left, stop_when_unread(output):
            output.write("unread")
        assert left.value.code == 1
        output.write("more")
        output.flush()


def test_a_program_whose_reader_has_enough_says_nothing() -> None:
    program = (
        "import sys\n"
        "from p2plending.lib.documents.pipes import stop_when_unread\n"
        "with stop_when_unread(sys.stdout):\n"
        "    for number in range(100_000):\n"
        "        print(number)\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stderr is not None
    assert running.stdout.readline() == b"0\n"
    running.stdout.close()
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.wait() == 1
