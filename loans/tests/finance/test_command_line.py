from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loans.finance.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
LOAN = ["--principal", "10000.00", "--rate", "0.12", "--instalments", "12", "--start", "2026-01-15"]


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_runs_without_the_site() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "loans.finance", "split", "10.00", "1", "1", "1"],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "3.34 3.33 3.33\n"


def test_schedule_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run_json(capsys, "schedule", *LOAN)
    lines = figures.pop("lines")
    assert figures == {
        "instalment": "888.49",
        "total_principal": "10000.00",
        "total_interest": "661.86",
        "total_payment": "10661.86",
    }
    assert lines[0] == {
        "number": 1,
        "due_date": "2026-02-15",
        "payment": "888.49",
        "principal": "788.49",
        "interest": "100.00",
        "balance": "9211.51",
    }
    assert (lines[11]["payment"], lines[11]["balance"]) == ("888.47", "0.00")


def test_schedule_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schedule", *LOAN]) == 0
    written = capsys.readouterr().out.splitlines()
    assert written[0].split() == ["number", "due_date", "payment", "principal", "interest", "balance"]
    assert written[1].split() == ["1", "2026-02-15", "888.49", "788.49", "100.00", "9211.51"]
    assert "total interest: 661.86" in written


def test_schedule_takes_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--every", "2", "--unit", "week", "--day-count", "act/365", "--rounding", "half-even"]
    more = ["--first-due", "2026-02-01", "--smooth", "--multiple", "1", "--method", "annuity"]
    figures = run_json(capsys, "schedule", *LOAN, *options, *more)
    assert figures["instalment"] == "859.00"  # 859.32 before the multiple
    assert [line["due_date"] for line in figures["lines"][:2]] == ["2026-02-01", "2026-02-15"]


def test_apr_of_a_file_of_payments(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["schedule", *LOAN, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    payments = tmp_path / "payments.csv"
    payments.write_text("date,amount\n" + "".join(f"{line['due_date']},{line['payment']}\n" for line in lines))
    options = ["--advanced", "9700.00", "--start", "2026-01-15", "--payments", str(payments)]
    assert run_json(capsys, "apr", *options) == {"apr": "0.1782504276", "convention": "us"}
    assert run_json(capsys, "apr", *options, "--convention", "eu") == {"apr": "0.1935588919", "convention": "eu"}


def test_xirr_of_a_file_of_flows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flows = tmp_path / "flows.csv"
    flows.write_text("2026-01-01,-1000\n2026-07-01,-500\n2026-10-01,200\n\n2027-01-01,1400\n")
    assert run_json(capsys, "xirr", str(flows)) == {"xirr": "0.0834630330"}


def test_flows_without_a_rate_leave_with_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flows = tmp_path / "flows.csv"
    flows.write_text("2026-01-01,-1000\n2027-01-01,-5\n")
    assert main(["xirr", str(flows)]) == 1
    assert capsys.readouterr().err == "error: the cash flows never change sign\n"


def test_year_fraction(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_json(capsys, "year-fraction", "2011-12-28", "2012-02-28", "ACT/365") == {
        "year_fraction": "0.169863013699",
        "fraction": "62/365",
    }


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["10.00", "1", "1", "1"], ["3.34", "3.33", "3.33"]),
        (["5", "50", "50"], ["3", "2"]),
        (["1", "0.33", "0.66"], ["0", "1"]),
        (["-5", "1", "1"], ["-3", "-2"]),
    ],
)
def test_split_keeps_the_unit_that_is_written(
    capsys: pytest.CaptureFixture[str], arguments: list[str], parts: list[str]
) -> None:
    assert run_json(capsys, "split", *arguments) == {"parts": parts}


def test_payoff_inside_a_period(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run_json(capsys, "payoff", *LOAN, "--paid", "3", "--on", "2026-04-25")
    assert (figures["total"], figures["interest_saved"]) == ("7636.17", "360.22")


def test_paying_ahead(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run_json(
        capsys, "prepay", *LOAN, "--paid", "4", "--on", "2026-05-15", "--amount", "2000", "--mode", "lower"
    )
    assert [line["payment"] for line in figures["lines"]] == ["627.11"] * 7 + ["627.08"]


def bad(*changes: str) -> list[str]:
    return ["schedule", *LOAN, *changes]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unheard-of"],
        ["schedule"],
        bad("--principal", "0"),
        bad("--principal", "-5"),
        bad("--principal", "ten"),
        bad("--principal", "1e30"),
        bad("--rate", "NaN"),
        bad("--rate", "12%"),
        bad("--rate", "-0.1"),
        bad("--instalments", "0"),
        bad("--instalments", "1.5"),
        bad("--instalments", "100000"),
        bad("--start", "2026-02-30"),
        bad("--start", "9999-12-01"),
        bad("--unit", "year"),
        bad("--method", "magic"),
        bad("--first-due", "2026-01-15"),
        bad("--due-day", "31"),
        bad("--multiple", "0"),
        ["year-fraction", "2026-01-01", "2026-02-01", "31/365"],
        ["split", "10.00"],
        ["split", "10.00", "0", "0"],
        ["split", "10.00", "1", "-1"],
        ["xirr", "/nowhere/flows.csv"],
        ["payoff", *LOAN, "--on", "2026-04-25", "--paid", "13"],
        ["prepay", *LOAN, "--on", "2026-04-25", "--amount", "0"],
    ],
)
def test_bad_arguments_leave_with_two_and_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    said = capsys.readouterr()
    assert left.value.code == 2
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1


def test_file_with_a_bad_line_says_which(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flows = tmp_path / "flows.csv"
    flows.write_text("2026-01-01,-1000\n2027-01-01,lots\n")
    with pytest.raises(SystemExit) as left:
        main(["xirr", str(flows)])
    assert left.value.code == 2
    assert capsys.readouterr().err == f"error: {flows}, line 2: 'lots' is not a decimal number\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ": no row with a date and an amount"),
        (b"date,amount\n\n", ": no row with a date and an amount"),
        (b"2026-02-30,-1000\n2027-01-01,1100\n", ", line 1: '2026-02-30' is not a date (YYYY-MM-DD)"),
        (b"2026-02-28,1'000\n2027-01-01,1100\n", ', line 1: "1\'000" is not a decimal number'),
        (b"2026-02-28\n2027-01-01,1100\n", ", line 1: expected a date and an amount"),
        (b"date,amount\ndate,amount\n", ", line 2: 'date' is not a date (YYYY-MM-DD)"),
        (b"\xff\xfe,-1000\n", ": not a text file in UTF-8"),
    ],
)
@pytest.mark.parametrize("command", ["xirr", "apr"])
def test_a_file_that_cannot_be_read_leaves_with_two_and_the_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, content: bytes, said: str
) -> None:
    flows = tmp_path / "flows.csv"
    flows.write_bytes(content)
    loan = ["apr", "--advanced", "970", "--start", "2026-01-01", "--payments", str(flows)]
    with pytest.raises(SystemExit) as left:
        main(["xirr", str(flows)] if command == "xirr" else loan)
    assert left.value.code == 2
    assert capsys.readouterr().err == f"error: {flows}{said}\n"


def test_faults_are_told_in_our_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments, said in (
        (["xirr", "/nowhere/flows.csv"], "/nowhere/flows.csv: no such file or directory"),
        (["xirr", str(tmp_path)], f"{tmp_path}: is a directory"),
        (bad("--unit", "day", "--every", "999999"), "the dates lead past the year 9999"),
        (bad("--every", "1e3"), "argument --every: '1e3' is not a whole number, or too large a one"),
    ):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert (left.value.code, capsys.readouterr().err) == (2, f"error: {said}\n")


def test_a_heading_may_come_after_blank_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flows = tmp_path / "flows.csv"
    flows.write_text("\n,\nday,what\n2026-01-01,-1000\n2027-01-01,1100\n")
    assert run_json(capsys, "xirr", str(flows)) == {"xirr": "0.1000000000"}


def test_a_reader_who_has_enough_gets_no_complaint() -> None:
    for more in ([], ["--json"]):
        running = subprocess.Popen(
            [sys.executable, "-m", "loans.finance", "schedule", *LOAN[:4], "--instalments", "600", *LOAN[6:], *more],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert running.stdout is not None
        running.stdout.close()
        _out, complaint = running.communicate()
        assert (running.returncode, complaint) == (1, b"")
