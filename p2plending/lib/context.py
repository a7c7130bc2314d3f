"""What the current request or job is: for log lines and audit rows, never for decisions."""

from __future__ import annotations

import contextvars
import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class RequestContext:
    """`request_id` names a request or a job run; `user_label` is a member number, never a name or address."""

    request_id: str = ""
    user_label: str = ""
    ip_address: str | None = None


_current: contextvars.ContextVar[RequestContext] = contextvars.ContextVar("request_context")
_NOTHING = RequestContext()


def current_request() -> RequestContext:
    """The running request's context, or an empty one outside any."""
    return _current.get(_NOTHING)


def set_request(context: RequestContext) -> contextvars.Token[RequestContext]:
    """Make `context` current; give the token to `reset_request` at the end."""
    return _current.set(context)


def reset_request(token: contextvars.Token[RequestContext]) -> None:
    """Go back to what was current before."""
    _current.reset(token)
