"""Segments: what runs propose for review, and what another threshold would propose."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet, TextField
from django.db.models.functions import Abs, Cast
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from vadreview import errors
from vadreview.accounts.models import Role, User
from vadreview.api import permissions
from vadreview.api.filters import parse_query
from vadreview.api.verdicts import VerdictSerializer
from vadreview.footage.models import Project
from vadreview.review import orders, preview, queries, services
from vadreview.review.models import Verdict
from vadreview.runs import queries as runs
from vadreview.runs.models import Run, Segment

ORDERS = {
    "score": ["-score", "video__name", "start", "pk"],
    "time": ["video__name", "video", "start", "pk"],
    "newest": ["-run__created_at", "-video__created_at", "-score", "pk"],
    "threshold": ["_distance", "pk"],
}
SEVERITIES = ["high", "medium", "low"]
HIGH, MEDIUM = 3.0, 1.5


def severity(score: float, *, centre: float | None, threshold: float | None) -> str:
    """Say how far a score stands out, in distances from the run's median to its threshold; 1 is just proposed."""
    if centre is None or threshold is None or threshold <= centre:
        return "medium"
    distances = (score - centre) / (threshold - centre)
    return "high" if distances >= HIGH else "medium" if distances >= MEDIUM else "low"


class VoiceSerializer(serializers.Serializer):
    """What another person says about this segment."""

    reviewer = serializers.CharField(source="reviewer.shown_name")
    reviewer_id = serializers.UUIDField(source="reviewer.public_id")
    decision = serializers.ChoiceField(choices=Verdict.Decision.choices)
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Exclusive.")
    settles = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class BeforeSerializer(serializers.Serializer):
    """What I decided about the same event in another run."""

    verdict = serializers.UUIDField(source="pk")
    subject = serializers.UUIDField()
    decision = serializers.ChoiceField(choices=Verdict.Decision.choices)
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Exclusive.")
    run_name = serializers.SerializerMethodField(help_text="Empty for a span that I drew.")
    created_at = serializers.DateTimeField()

    def get_run_name(self, verdict: Verdict) -> str:
        return str(verdict.run) if verdict.run else ""


class SegmentSerializer(serializers.ModelSerializer):
    """A proposal with what the asking person, and the others, say about it now."""

    video_name = serializers.CharField(source="video.name", read_only=True)
    score = serializers.SerializerMethodField(help_text="Null for a window of the audit: no run proposes it.")
    severity = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField(help_text="Mine, if it is not withdrawn.")
    others = serializers.SerializerMethodField()
    decided_before = serializers.SerializerMethodField(
        help_text="By me, in another run, where I say nothing about this segment itself."
    )

    class Meta:
        model = Segment
        fields = [
            "id", "run", "video", "video_name", "start", "stop", "peak_frame", "audit", "score", "severity", "verdict",
            "others", "decided_before",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.FloatField(allow_null=True))
    def get_score(self, segment: Segment) -> float | None:
        return None if segment.audit else segment.score  # that of an audit window is borrowed, to sort by

    @extend_schema_field(serializers.ChoiceField(choices=SEVERITIES, allow_null=True))
    def get_severity(self, segment: Segment) -> str | None:
        if segment.audit:
            return None
        return severity(segment.score, centre=segment.run.centre, threshold=segment.run.threshold)

    @extend_schema_field(VerdictSerializer(allow_null=True))
    def get_verdict(self, segment: Segment) -> dict[str, Any] | None:
        mine = next(
            (one for one in self._voices(segment) if one.reviewer_id == self.context["user"].pk), None
        )
        return VerdictSerializer(mine).data if mine else None

    @extend_schema_field(VoiceSerializer(many=True))
    def get_others(self, segment: Segment) -> list[dict[str, Any]]:
        others = [one for one in self._voices(segment) if one.reviewer_id != self.context["user"].pk]
        return VoiceSerializer(others, many=True).data

    @extend_schema_field(BeforeSerializer(allow_null=True))
    def get_decided_before(self, segment: Segment) -> dict[str, Any] | None:
        found = self.context["before"].get(segment.pk)
        return BeforeSerializer(found).data if found else None

    def _voices(self, segment: Segment) -> list[Verdict]:
        return self.context["voices"].get(segment.pk, [])


def described(segments: list[Segment], user: User) -> list[dict[str, Any]]:
    """Write segments out with what `user`, and the others, say about them."""
    voices = queries.about(segment.pk for segment in segments)
    decided = {pk for pk, said in voices.items() if any(one.reviewer_id == user.pk for one in said)}
    before = queries.before(user, [segment for segment in segments if segment.pk not in decided])
    context = {"user": user, "voices": voices, "before": before}
    return SegmentSerializer(segments, many=True, context=context).data


class SegmentFilter(serializers.Serializer):
    run = serializers.UUIDField(required=False)
    project = serializers.UUIDField(required=False)
    video = serializers.UUIDField(required=False)
    order = serializers.ChoiceField(
        choices=[*ORDERS, *orders.COMPUTED],
        default="score",
        help_text="fused, uncertain, disagree and diverse are of one run: see vadreview/review/orders.py.",
    )
    state = serializers.ChoiceField(
        choices=["open", "decided", "unsure", "conflict", "suspect", "all"],
        default="all",
        help_text="open, decided: by me; unsure: somebody was, and nobody has decided; conflict: not settled; "
        "suspect: the model and similar proposals contradict what people decided (of one run).",
    )
    label = serializers.CharField(
        required=False, max_length=60, help_text="Accepted by anybody with this label."
    )
    reviewer = serializers.UUIDField(required=False, help_text="Decided by this person.")
    search = serializers.CharField(required=False, max_length=200, help_text="Part of the video's name.")


class PolicyFields(serializers.Serializer):
    """How scores become segments; fields left out take their defaults (detectors.segments.Policy)."""

    method = serializers.ChoiceField(choices=["mad", "quantile", "mean_std", "fixed"], required=False)
    value = serializers.FloatField(required=False)
    smooth_sigma_frames = serializers.FloatField(required=False)
    hysteresis = serializers.FloatField(required=False)
    merge_gap_s = serializers.FloatField(required=False)
    min_length_s = serializers.FloatField(required=False)
    pad_s = serializers.FloatField(required=False)


@extend_schema_serializer(component_name="PreviewQuestion")
class PreviewQuestionSerializer(serializers.Serializer):
    run = serializers.UUIDField()
    policy = PolicyFields()
    threshold = serializers.FloatField(
        allow_null=True, default=None, help_text="Null: as the policy finds it."
    )
    video = serializers.UUIDField(required=False, allow_null=True, help_text="Whose intervals to list.")


class IntervalSerializer(serializers.Serializer):
    start = serializers.IntegerField()
    stop = serializers.IntegerField(help_text="Exclusive.")
    peak_frame = serializers.IntegerField()
    score = serializers.FloatField()


class PreviewSerializer(serializers.Serializer):
    """What a threshold would mean. Precision and recall count frames: see vadreview/review/preview.py."""

    threshold = serializers.FloatField()
    segments = serializers.IntegerField()
    frames = serializers.IntegerField()
    minutes = serializers.FloatField(help_text="Of footage in the segments.")
    per_video = serializers.DictField(child=serializers.IntegerField(), help_text="Video id -> segments.")
    precision = serializers.FloatField(allow_null=True)
    recall = serializers.FloatField(allow_null=True)
    based_on = serializers.ChoiceField(choices=["ground_truth", "verdicts", "both"], allow_null=True)
    intervals = IntervalSerializer(many=True, required=False, help_text="Of the video asked for.")


class ProposeSerializer(serializers.Serializer):
    run = serializers.UUIDField()
    policy = PolicyFields()
    threshold = serializers.FloatField(
        allow_null=True, default=None, help_text="Null: as the policy finds it."
    )
    save_policy = serializers.BooleanField(
        default=False, help_text="Later runs of this detector begin with it."
    )


class ProposedSerializer(serializers.Serializer):
    run = serializers.UUIDField()
    threshold = serializers.FloatField()
    segments = serializers.IntegerField()
    to_review = serializers.IntegerField(help_text="Of these, those I have not decided.")


class SegmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Proposals of runs."""

    serializer_class = SegmentSerializer
    queryset = Segment.objects.none()

    def get_queryset(self) -> QuerySet[Segment]:
        return runs.segments_visible_to(self.request.user).select_related("run", "video")

    @extend_schema(parameters=[SegmentFilter])
    def list(self, request: Request) -> Response:
        """List proposals, the strangest first unless another order is asked for."""
        asked = parse_query(SegmentFilter, request)
        rows = self.get_queryset()
        for name, column in (("run", "run_id"), ("video", "video_id"), ("project", "run__project_id")):
            if name in asked:
                rows = rows.filter(**{column: asked[name]})
        if "search" in asked:
            rows = rows.filter(video__name__icontains=asked["search"])
        if asked["state"] == "open":
            rows = queries.undecided_by(request.user, rows)
        elif asked["state"] == "decided":
            rows = queries.decided_by(request.user, rows)
        rows = _narrowed(rows, asked)
        if asked["order"] == "threshold":
            rows = rows.annotate(_distance=Abs(F("score") - F("run__threshold")))
        page = self.paginate_queryset(_ordered(rows, asked))
        return self.get_paginated_response(self._serialize(page))

    def retrieve(self, request: Request, *args: object, **kwargs: object) -> Response:
        return Response(self._serialize([self.get_object()])[0])

    def _serialize(self, segments: list[Segment]) -> list[dict[str, Any]]:
        return described(segments, self.request.user)

    @extend_schema(request=PreviewQuestionSerializer, responses=PreviewSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def preview(self, request: Request) -> Response:
        """Say what a policy and threshold would propose, without changing anything."""
        asked = PreviewQuestionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        made = preview.preview(self._run(given["run"]), policy=given["policy"], threshold=given["threshold"])
        answer = {name: getattr(made, name) for name in PreviewSerializer().fields if name != "intervals"}
        answer["per_video"] = {str(video): count for video, count in made.per_video.items()}
        if given.get("video"):
            answer["intervals"] = made.intervals.get(given["video"], [])
        return Response(PreviewSerializer(answer).data)

    @extend_schema(request=ProposeSerializer, responses=ProposedSerializer, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def propose(self, request: Request) -> Response:
        """Replace a run's proposals by those of a policy. Spans that stay the same keep their ids and verdicts."""
        asked = ProposeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        run = self._run(given["run"])
        # what later runs begin with is everybody's: that is a manager's to change
        least = Role.MANAGER if given["save_policy"] else Role.REVIEWER
        permissions.require(request.user, run.project, least)
        services.propose(
            run, policy=given["policy"], threshold=given["threshold"], save_policy=given["save_policy"]
        )
        run.refresh_from_db()
        answer = {
            "run": run.pk,
            "threshold": run.threshold,
            "segments": run.segments.filter(audit=False).count(),
            "to_review": queries.undecided_by(request.user, Segment.objects.filter(run=run)).count(),
        }
        return Response(ProposedSerializer(answer).data)

    def _run(self, pk: uuid.UUID) -> Run:
        found = runs.visible_to(self.request.user).select_related("project").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


def _ordered(rows: QuerySet[Segment], asked: dict[str, Any]) -> Any:
    """Put segments in the order asked for: by columns, or by a list of ids that was worked out."""
    by_doubt = asked["state"] == "suspect"
    if asked["order"] not in orders.COMPUTED and not by_doubt:
        return rows.order_by(*ORDERS[asked["order"]])
    run = Run.objects.filter(pk=asked.get("run")).select_related("project").first()
    if run is None:
        sentence = "This order compares the proposals of one run; say which with ?run=."
        raise errors.Invalid(sentence, fields={"run": sentence})
    if run.stage != Run.Stage.DONE:
        return rows.order_by(*ORDERS["score"])
    ids = orders.second_look(run) if by_doubt else orders.order(run, asked["order"])
    return Listed(rows, ids)


class Listed:
    """Rows in the order of a list of ids, read page by page; what a paginator needs of a queryset."""

    ordered = True

    def __init__(self, rows: QuerySet[Segment], ids: list[uuid.UUID]) -> None:
        there = set(rows.order_by().values_list("pk", flat=True))
        self._rows, self._ids = rows, [pk for pk in ids if pk in there]

    def count(self) -> int:
        return len(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, part: slice) -> list[Segment]:
        found = self._rows.in_bulk(self._ids[part])
        return [found[pk] for pk in self._ids[part] if pk in found]


def _narrowed(rows: QuerySet[Segment], asked: dict[str, Any]) -> QuerySet[Segment]:
    """Keep the segments that people said certain things about."""
    said = queries.current(Verdict.objects.filter(subject=OuterRef("pk")))
    if "reviewer" in asked:
        rows = rows.filter(Exists(said.filter(reviewer__public_id=asked["reviewer"])))
    if "label" in asked:
        rows = rows.filter(Exists(_labelled(said, asked["label"])))
    pick = {"unsure": queries.in_doubt, "conflict": queries.in_dispute}.get(asked["state"])
    if pick is None:
        return rows
    projects = Project.objects.filter(pk__in=rows.order_by().values("run__project").distinct())
    return rows.filter(pk__in=set().union(*(pick(project) for project in projects)))


def _labelled(said: QuerySet[Verdict], label: str) -> QuerySet[Verdict]:
    if connection.features.supports_json_field_contains:
        return said.filter(labels__contains=[label])
    # SQLite keeps the list as text, in which a label is one quoted string
    return said.alias(_text=Cast("labels", TextField())).filter(_text__contains=json.dumps(label))
