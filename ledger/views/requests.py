"""What a person asked for, a deposit or a withdrawal: the page that follows it, and taking it back."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from ledger.models import Deposit, Withdrawal
from p2plending.lib.web.actions import run_action, who_and_when
from p2plending.lib.web.forms import KeyedForm
from p2plending.lib.web.requests import AuthenticatedRequest

Asked = Deposit | Withdrawal


def follow(request: AuthenticatedRequest, name: str, row: Asked | None, *, template: str) -> HttpResponse:
    """Its page; `name` is that of its address, and in its template. Raises Http404 when there is none."""
    if row is None:
        raise Http404
    return render(request, template, {name: row})


def cancel_request(
    request: AuthenticatedRequest,
    name: str,
    row: Asked | None,
    *,
    template: str,
    while_in: str,
    cancel: Callable[..., Asked],
) -> HttpResponse:
    """The page that asks whether to take it back, and doing so, as long as it is `while_in` that state.

    `cancel` is the service, which is told the row's key as `deposit_id` or `withdrawal_id`. Raises Http404 when there
    is no row.
    """
    if row is None:
        raise Http404
    if request.method == "GET" and row.status != while_in:
        return redirect(f"ledger:{name}", row.reference)
    form = KeyedForm(request.POST or None)
    context = {name: row, "form": form}
    return run_action(
        request,
        form,
        lambda told: cancel(**{f"{name}_id": row.pk}, **who_and_when(request, told)),
        then=lambda _cancelled: redirect(f"ledger:{name}", row.reference),
        again=lambda status: render(request, template, context, status=status),
    )
