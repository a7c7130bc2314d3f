"""All that staff can do about a loan in trouble, by the last part of its address, in the order of the page."""

from __future__ import annotations

from adminpanel.views.lending.actions.base import CaseAction
from adminpanel.views.lending.actions.charges import AddCharge, Waive, WaiveCharge
from adminpanel.views.lending.actions.default import DeclareDefault, SendDefaultNotice
from adminpanel.views.lending.actions.hardship import DeclineHelp, ProposePlan
from adminpanel.views.lending.actions.losses import RecordRecovery, UndoRecovery, WriteOff
from adminpanel.views.lending.actions.settlement import OfferSettlement, RecordSettlement

ACTIONS: dict[str, CaseAction] = {
    action.slug: action
    for action in (
        ProposePlan(),
        DeclineHelp(),
        Waive(),
        AddCharge(),
        WaiveCharge(),
        SendDefaultNotice(),
        DeclareDefault(),
        OfferSettlement(),
        RecordSettlement(),
        WriteOff(),
        RecordRecovery(),
        UndoRecovery(),
    )
}
