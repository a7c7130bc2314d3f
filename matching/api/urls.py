"""API of matching."""

from __future__ import annotations

from django.urls import path

from matching.api import views

urlpatterns = [
    path("listings/", views.ListingListView.as_view(), name="api-listings"),
    path("listings/<slug:reference>/", views.ListingView.as_view(), name="api-listing"),
    path("listings/<slug:reference>/commitments/", views.PlaceCommitmentView.as_view(), name="api-place-commitment"),
    path("commitments/", views.CommitmentListView.as_view(), name="api-commitments"),
    path(
        "commitments/<slug:reference>/withdraw/",
        views.CommitmentWithdrawView.as_view(),
        name="api-withdraw-commitment",
    ),
    path("notes/", views.NoteListView.as_view(), name="api-notes"),
    path("notes/<slug:reference>/", views.NoteView.as_view(), name="api-note"),
    path("matches/", views.MatchListView.as_view(), name="api-matches"),
    path("matches/<slug:reference>/dismiss/", views.MatchDismissView.as_view(), name="api-dismiss-match"),
    path("risk-profile/", views.RiskProfileView.as_view(), name="api-risk-profile"),
    path("mandate/", views.MandateView.as_view(), name="api-mandate"),
    path("mandate/activate/", views.MandateActivateView.as_view(), name="api-mandate-activate"),
    path("mandate/pause/", views.MandatePauseView.as_view(), name="api-mandate-pause"),
    path("mandate/decisions/", views.DecisionListView.as_view(), name="api-mandate-decisions"),
]
