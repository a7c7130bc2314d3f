"""Log lines: readable in the demo, JSON by setting; request id and member number on each, never personal data."""

from __future__ import annotations

import json
import logging

from p2plending.lib.context import current_request

# Attributes of every LogRecord; what is left was given by `extra`.
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request_id", "user_label", "taskName"}
NOISE = {"request", "status_code", "server_time"}


def _line_safe(text: str) -> str:
    """No line breaks: a forged line in a log would be a lie."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


class ContextFilter(logging.Filter):
    """Adds what the current request or job is."""

    def filter(self, record: logging.LogRecord) -> bool:
        context = current_request()
        # Django writes its own lines about refused requests when their context has ended already.
        refused = getattr(record, "request", None)
        vars(record)["request_id"] = context.request_id or getattr(refused, "request_id", "") or "-"
        vars(record)["user_label"] = context.user_label or "-"
        return True


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in STANDARD | NOISE}


class ConsoleFormatter(logging.Formatter):
    """`12:30:01 INFO loans.services.repayments.record [4f… M-7K2…] repayment posted entry=JE-… amount=88849`"""

    def format(self, record: logging.LogRecord) -> str:
        when = self.formatTime(record, "%H:%M:%S")
        extras = "".join(f" {name}={value}" for name, value in _extras(record).items())
        added = vars(record)
        text = f"{when} {record.levelname} {record.name} [{added['request_id']} {added['user_label']}] "
        text += _line_safe(record.getMessage() + extras)
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": vars(record)["request_id"],
            "user": vars(record)["user_label"],
            "message": record.getMessage(),
        } | _extras(record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
