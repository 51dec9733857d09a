"""Every route of the API. A new one also needs its row in the access test."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from vadreview.accounts.models import Role
from vadreview.api import (
    accounts,
    compare,
    detectors,
    estimates,
    exports,
    ground_truth,
    heatmaps,
    judgement,
    patterns,
    people,
    policies,
    projects,
    refinement,
    runs,
    segments,
    teaching,
    tracks,
    uploads,
    verdicts,
    videos,
    why,
)

router = SimpleRouter()
router.register("tokens", accounts.TokenViewSet, basename="token")
router.register("projects", projects.ProjectViewSet, basename="project")
router.register("videos", videos.VideoViewSet, basename="video")
router.register("segments", segments.SegmentViewSet, basename="segment")
router.register("verdicts", verdicts.VerdictViewSet, basename="verdict")
router.register("exports", exports.DatasetViewSet, basename="export")
router.register("runs", runs.RunViewSet, basename="run")
router.register("policies", policies.PolicyViewSet, basename="policy")
router.register("policy-changes", policies.PolicyChangeViewSet, basename="policy-change")
router.register("tracks", tracks.TrackViewSet, basename="track")

members = projects.MemberViewSet
media = videos.MediaView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("session/", accounts.SessionView.as_view(), name="session"),
    path("session/link/", accounts.SessionLinkView.as_view(), name="session-link"),
    path("me/", accounts.MeView.as_view(), name="me"),
    path("me/password/", accounts.PasswordView.as_view(), name="me-password"),
    path(
        "projects/<uuid:project>/members/", members.as_view({"get": "list", "post": "create"}), name="members"
    ),
    path(
        "projects/<uuid:project>/members/<uuid:user>/",
        members.as_view({"patch": "partial_update", "delete": "destroy"}),
        name="member",
    ),
    path(
        "projects/<uuid:project>/ground-truth/", ground_truth.GroundTruthView.as_view(), name="ground-truth"
    ),
    path(
        "projects/<uuid:project>/ground-truth/preview/",
        ground_truth.GroundTruthPreviewView.as_view(),
        name="ground-truth-preview",
    ),
    path(
        "projects/<uuid:project>/ground-truth/<uuid:pk>/",
        ground_truth.GroundTruthImportView.as_view(),
        name="ground-truth-import",
    ),
    path("uploads/", uploads.UploadList.as_view(), name="uploads"),
    path("uploads/<uuid:pk>/", uploads.UploadDetail.as_view(), name="upload"),
    path("videos/<uuid:pk>/proxy.mp4", media.as_view(what="proxy"), name="video-proxy"),
    path("videos/<uuid:pk>/poster.jpg", media.as_view(what="poster"), name="video-poster"),
    path(
        "videos/<uuid:pk>/sheets/<int:n>.jpg",
        videos.NumberedMediaView.as_view(what="sheet"),
        name="video-sheet",
    ),
    path(
        "videos/<uuid:pk>/frames/<int:n>.jpg",
        videos.NumberedMediaView.as_view(what="frame"),
        name="video-frame",
    ),
    path("videos/<uuid:pk>/times/", media.as_view(what="times"), name="video-times"),
    path("videos/<uuid:pk>/source", media.as_view(what="source", least=Role.MANAGER), name="video-source"),
    path("detectors/", detectors.DetectorsView.as_view(), name="detectors"),
    path("runs/<uuid:run>/judgement/", judgement.JudgementView.as_view(), name="judgement"),
    path("runs/<uuid:run>/heatmaps/<uuid:video>/", heatmaps.HeatmapsView.as_view(), name="heatmaps"),
    path("runs/<uuid:run>/patterns/", patterns.PatternsView.as_view(), name="patterns"),
    path("runs/<uuid:run>/patterns/figure/", patterns.MapFigureView.as_view(), name="pattern-figure"),
    path("runs/<uuid:run>/patterns/states/", patterns.StatesView.as_view(), name="pattern-states"),
    path("runs/<uuid:run>/patterns/select/", patterns.SelectView.as_view(), name="pattern-select"),
    path("runs/<uuid:run>/patterns/maps/", patterns.PatternMapsView.as_view(), name="pattern-maps"),
    path(
        "runs/<uuid:run>/patterns/maps/<uuid:pk>/cancel/",
        patterns.CancelMapView.as_view(),
        name="pattern-map-cancel",
    ),
    path(
        "runs/<uuid:run>/patterns/<uuid:video>/window/",
        patterns.WindowPatternsView.as_view(),
        name="window-patterns",
    ),
    path("runs/<uuid:run>/people/<uuid:video>/", people.PeopleView.as_view(), name="people"),
    path("runs/<uuid:run>/people/<uuid:video>/lanes/", people.PeopleLanesView.as_view(), name="people-lanes"),
    path(
        "runs/<uuid:run>/people/<uuid:video>/stills/<int:n>.png",
        people.PeopleStillView.as_view(),
        name="people-still",
    ),
    path("runs/compare/", compare.CompareView.as_view(), name="run-compare"),
    path("runs/compare/curves/", compare.CompareCurvesView.as_view(), name="run-compare-curves"),
    path("runs/<uuid:run>/effort/", estimates.EffortView.as_view(), name="run-effort"),
    path("runs/<uuid:run>/audit/", estimates.AuditView.as_view(), name="run-audit"),
    path("exports/teach/", teaching.TeachView.as_view(), name="export-teach"),
    path("exports/<uuid:pk>/lineage/", teaching.LineageView.as_view(), name="export-lineage"),
    path("runs/<uuid:run>/refinement/<uuid:video>/", refinement.BandsView.as_view(), name="refinement"),
    path(
        "runs/<uuid:run>/refinement/<uuid:video>/window/",
        refinement.HistoryView.as_view(),
        name="window-refinement",
    ),
    path("runs/<uuid:run>/why/<uuid:video>/", why.WhyView.as_view(), name="why"),
    path("exports/<uuid:pk>/download", exports.DownloadView.as_view(), name="export-download"),
    *router.urls,
]
