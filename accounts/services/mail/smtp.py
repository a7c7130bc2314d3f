"""SMTP that never holds a worker: every step has a time-out, and a whole delivery a deadline."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp
from django.core.mail.message import EmailMessage


class _Plain(smtplib.SMTP):
    """Hands its socket to the backend as soon as there is one, so that a greeting that never comes can be cut."""

    backend: DeadlineEmailBackend

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        connected = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # private: typeshed leaves it out
        return self.backend.watch(connected)


class _Encrypted(smtplib.SMTP_SSL):
    backend: DeadlineEmailBackend

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:
        connected = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # private: typeshed leaves it out
        return self.backend.watch(connected)


class DeadlineEmailBackend(smtp.EmailBackend):
    """Django's SMTP backend, with the connection cut `EMAIL_DEADLINE` seconds after the delivery began.

    `EMAIL_TIMEOUT` bounds each wait for the server; a server that sends a byte now and then would get around it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._socket: socket.socket | None = None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return type("Watched", (_Encrypted if self.use_ssl else _Plain,), {"backend": self})

    def watch(self, connected: socket.socket) -> socket.socket:
        """Remember the socket that the deadline cuts."""
        self._socket = connected
        return connected

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with self._deadline(settings.EMAIL_DEADLINE):
            return super().send_messages(email_messages)

    @contextmanager
    def _deadline(self, seconds: int) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._socket = None

    def _cut(self) -> None:
        connected = self._socket
        if connected is not None:
            with suppress(OSError, ssl.SSLError):  # closed meanwhile: nothing to cut
                connected.shutdown(socket.SHUT_RDWR)
