"""The date of the demo: how far it is moved, and where it is on its way."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from adminpanel.forms.demo_date import STEPS, ContinueForm, DemoDateForm, NextPaymentForm
from adminpanel.models import DateMove
from adminpanel.permissions import MOVE_DEMO_DATE, permission_required
from adminpanel.services.demo_date import continue_move, days_to_next_payment, is_silent, move_demo_date, open_move
from adminpanel.views.pages import decide, desk_page
from p2plending.lib import clock
from p2plending.lib.web.decorators import get_or_post
from p2plending.lib.web.requests import AuthenticatedRequest

RECENT_MOVES = 5
LOOKS_AGAIN_AFTER_SECONDS = 5


@get_or_post
@permission_required(MOVE_DEMO_DATE)
def demo_clock(request: AuthenticatedRequest) -> HttpResponse:
    if not settings.DEMO_MODE:
        raise Http404
    if request.method != "POST":
        return _clock_page(request, DemoDateForm(), NextPaymentForm(), 200)
    if "go_on" in request.POST:
        return _continue(request)
    if "loan" in request.POST:
        return _move_to_payment(request)
    form = DemoDateForm(request.POST)
    return decide(
        request,
        form,
        lambda cleaned: move_demo_date(days=cleaned["days"], today=clock.business_date(), actor=request.user),
        done=_("The date moves, one day after another. This page says how far it is."),
        target=lambda: reverse("admin:demo_clock"),
        again=lambda status: _clock_page(request, form, NextPaymentForm(), status),
    )


def _move_to_payment(request: AuthenticatedRequest) -> HttpResponse:
    form, today = NextPaymentForm(request.POST), clock.business_date()
    return decide(
        request,
        form,
        lambda cleaned: move_demo_date(
            days=days_to_next_payment(cleaned["loan"], today), today=today, actor=request.user
        ),
        done=_("The date moves to the next payment of this loan. This page says how far it is."),
        target=lambda: reverse("admin:demo_clock"),
        again=lambda status: _clock_page(request, DemoDateForm(), form, status),
    )


def _continue(request: AuthenticatedRequest) -> HttpResponse:
    form = ContinueForm(request.POST)
    return decide(
        request,
        form,
        lambda _cleaned: continue_move(actor=request.user),
        done=_("The worker goes on where it stopped."),
        target=lambda: reverse("admin:demo_clock"),
        again=lambda status: _clock_page(request, form, NextPaymentForm(), status),
    )


def _clock_page(
    request: AuthenticatedRequest, form: DemoDateForm | ContinueForm, payment_form: NextPaymentForm, status: int
) -> HttpResponse:
    move = open_move()
    ctx = {
        "title": _("Demo date"),
        "form": form,
        "payment_form": payment_form,
        "tried": payment_form if payment_form.errors else form,
        "steps": STEPS,
        "real_date": clock.machine_now(),
        "move": move,
        "is_silent": move is not None and is_silent(move),
        "moves": DateMove.objects.filter(open_key__isnull=True)[:RECENT_MOVES],
    }
    answer = desk_page(request, "demo_clock", ctx, status)
    if move is not None and request.method == "GET":
        answer["Refresh"] = str(LOOKS_AGAIN_AFTER_SECONDS)
    return answer
