"""Verdicts: what a person says about a proposal, or about a span they drew."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from vadreview import errors
from vadreview.accounts.models import Role
from vadreview.api import permissions
from vadreview.api.filters import parse_query
from vadreview.footage import queries as footage
from vadreview.review import queries, services
from vadreview.review.models import Verdict
from vadreview.runs import queries as runs

DAY_S = 24 * 3600
MOST_AT_ONCE = 2000
FRAME_MAX = 2**31 - 1


class VerdictSerializer(serializers.ModelSerializer):
    """One verdict, as it was given: they are never edited."""

    reviewer = serializers.UUIDField(source="reviewer.public_id", read_only=True)
    reviewer_name = serializers.CharField(source="reviewer.shown_name", read_only=True)
    labels = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Verdict
        fields = [
            "id", "client_key", "project", "video", "run", "subject", "drawn", "reviewer", "reviewer_name",
            "decision", "start", "stop", "proposed_start", "proposed_stop", "labels", "reason", "comment",
            "seconds_spent", "settles", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewVerdictSerializer(serializers.Serializer):
    """Either `segment`, or `video` with `subject` (a random id for a newly drawn span, with start and stop)."""

    client_key = serializers.UUIDField(help_text="Made by the client: the same again has no second effect.")
    segment = serializers.UUIDField(required=False)
    video = serializers.UUIDField(required=False)
    subject = serializers.UUIDField(required=False)
    decision = serializers.ChoiceField(choices=Verdict.Decision.choices)
    start = serializers.IntegerField(required=False, min_value=0, max_value=FRAME_MAX)
    stop = serializers.IntegerField(required=False, min_value=1, max_value=FRAME_MAX, help_text="Exclusive.")
    labels = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=9)
    reason = serializers.ChoiceField(choices=Verdict.Reason.choices, required=False, allow_blank=True)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    seconds_spent = serializers.FloatField(required=False, min_value=0, max_value=DAY_S)
    settles = serializers.BooleanField(
        required=False, help_text="Managers only: this ends a disagreement, whatever others say."
    )
    replaces = serializers.UUIDField(
        required=False,
        help_text="client_key of my verdict that this takes back. 409 when I said something newer meanwhile.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if ("segment" in given) == ("video" in given and "subject" in given):
            message = "Send either segment, or video and subject together."
            raise serializers.ValidationError({"segment": message})
        return given


class BulkVerdictSerializer(serializers.Serializer):
    """One decision about many proposals of one project, each on the span that was proposed."""

    client_key = serializers.UUIDField(help_text="Made by the client: the same again has no second effect.")
    segments = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_AT_ONCE)
    decision = serializers.ChoiceField(choices=Verdict.Decision.choices)
    labels = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=9)
    reason = serializers.ChoiceField(choices=Verdict.Reason.choices, required=False, allow_blank=True)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class BulkGivenSerializer(serializers.Serializer):
    given = serializers.IntegerField(help_text="New verdicts.")
    repeated = serializers.IntegerField(help_text="Of an earlier request with the same client_key.")
    gone = serializers.ListField(
        child=serializers.UUIDField(), help_text="Segments that are not proposed any more: left out."
    )
    verdicts = VerdictSerializer(many=True)


class VerdictFilter(serializers.Serializer):
    project = serializers.UUIDField(required=False)
    video = serializers.UUIDField(required=False)
    reviewer = serializers.ChoiceField(choices=["me", "all"], default="all")
    current = serializers.BooleanField(
        default=False, help_text="Only the newest of each person about each subject, without the withdrawn."
    )
    since = serializers.DateTimeField(
        required=False, help_text="Only those given after this moment: what others did meanwhile."
    )


class ProjectFilter(serializers.Serializer):
    project = serializers.UUIDField()


class ReviewerSummarySerializer(serializers.Serializer):
    reviewer = serializers.UUIDField()
    reviewer_name = serializers.CharField()
    verdicts = serializers.IntegerField(help_text="Current ones.")
    seconds_spent = serializers.FloatField()


class VerdictSummarySerializer(serializers.Serializer):
    """Subjects by what settles them, and how many proposals the asking person has still to decide."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()
    unsure = serializers.IntegerField()
    drawn = serializers.IntegerField(help_text="Of the accepted, those that a person drew.")
    conflicts = serializers.IntegerField(help_text="Accepted by some and rejected by others.")
    left = serializers.IntegerField()
    reviewers = ReviewerSummarySerializer(many=True)


class VerdictViewSet(mixins.ListModelMixin, viewsets.GenericViewSet):
    """Verdicts are only ever added; undo is a newer one with the decision `withdrawn`."""

    serializer_class = VerdictSerializer
    queryset = Verdict.objects.none()

    def get_queryset(self) -> QuerySet[Verdict]:
        return queries.visible_to(self.request.user).select_related("reviewer")

    @extend_schema(parameters=[VerdictFilter])
    def list(self, request: Request) -> Response:
        """List verdicts, newest first."""
        asked = parse_query(VerdictFilter, request)
        rows = self.get_queryset()
        if asked["current"]:
            rows = queries.current(rows)
        if "project" in asked:
            rows = rows.filter(project_id=asked["project"])
        if "video" in asked:
            rows = rows.filter(video_id=asked["video"])
        if "since" in asked:
            rows = rows.filter(created_at__gt=asked["since"])
        if asked["reviewer"] == "me":
            rows = rows.filter(reviewer_id=request.user.pk)
        page = self.paginate_queryset(queries.newest_first(rows))
        return self.get_paginated_response(VerdictSerializer(page, many=True).data)

    @extend_schema(
        request=NewVerdictSerializer,
        responses={
            201: VerdictSerializer,
            200: OpenApiResponse(
                VerdictSerializer, description="This client_key was used before: the same verdict."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """Give a verdict."""
        asked = NewVerdictSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        key = given.pop("client_key")
        subject = self._subject(
            segment=given.pop("segment", None),
            video=given.pop("video", None),
            subject=given.pop("subject", None),
        )
        least = Role.MANAGER if given.get("settles") else Role.REVIEWER
        permissions.require(request.user, subject.video.project, least)
        replaces = given.pop("replaces", None)
        verdict, new = services.give(
            request.user, subject, services.Opinion(**given), client_key=key, replaces=replaces
        )
        return Response(
            VerdictSerializer(verdict).data, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK
        )

    @extend_schema(request=BulkVerdictSerializer, responses={201: BulkGivenSerializer}, filters=False)
    @action(detail=False, methods=["post"], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Say the same about many proposals at once; all of one project."""
        asked = BulkVerdictSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        key, wanted = given.pop("client_key"), set(given.pop("segments"))
        rows = runs.segments_visible_to(request.user).select_related("run__project", "video__project")
        found = list(rows.filter(pk__in=wanted))
        if not found:
            raise Http404
        if len({segment.run.project_id for segment in found}) > 1:
            sentence = "These segments belong to several projects. Send those of one project at a time."
            raise errors.Invalid(sentence, fields={"segments": sentence})
        permissions.require(request.user, found[0].run.project, Role.REVIEWER)
        done = services.give_many(request.user, found, services.Opinion(**given), client_key=key)
        answer = {
            "given": len(done.verdicts),
            "repeated": done.repeated,
            "gone": sorted(wanted - {segment.pk for segment in found}),
            "verdicts": done.verdicts,
        }
        return Response(BulkGivenSerializer(answer).data, status=status.HTTP_201_CREATED)

    def _subject(
        self, *, segment: uuid.UUID | None, video: uuid.UUID | None, subject: uuid.UUID | None
    ) -> services.Subject:
        user = self.request.user
        if segment is not None:
            rows = runs.segments_visible_to(user).select_related("run", "video__project")
            found = rows.filter(pk=segment).first()
            if found is not None:
                return services.subject_of_segment(found)
            # proposed once and not any more: what people said about it stands, and may be taken back
            earlier = queries.newest_first(queries.visible_to(user).filter(subject=segment))
            said = earlier.select_related("run", "video__project").first()
            if said is not None:
                return services.subject_of_verdict(said)
            raise Http404
        found = (
            footage.videos_visible_to(user).select_related("project").filter(pk=video, state="ready").first()
        )
        if found is None:
            raise Http404
        return services.drawn_subject(subject, video=found)

    @extend_schema(parameters=[ProjectFilter], responses=VerdictSummarySerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def summary(self, request: Request) -> Response:
        """Count the verdicts of a project."""
        asked = parse_query(ProjectFilter, request)
        project = footage.visible_to(request.user).filter(pk=asked["project"]).first()
        if project is None:
            raise Http404
        current = queries.current(Verdict.objects.filter(project=project))
        settled = queries.settle(queries.light(current, "drawn"))
        counts = dict.fromkeys(Verdict.Decision, 0)
        for one in settled:
            counts[Verdict.Decision(one.verdict.decision)] += 1
        accepted = Verdict.Decision.ACCEPT
        people = current.values("reviewer__public_id", "reviewer__username", "reviewer__display_name")
        open_segments = queries.undecided_by(
            request.user, runs.segments_visible_to(request.user).filter(run__project=project)
        )
        answer = {
            "accepted": counts[accepted],
            "rejected": counts[Verdict.Decision.REJECT],
            "unsure": counts[Verdict.Decision.UNSURE],
            "drawn": sum(one.verdict.drawn and one.verdict.decision == accepted for one in settled),
            "conflicts": sum(one.conflict for one in settled),
            "left": open_segments.count(),
            "reviewers": [
                {
                    "reviewer": person["reviewer__public_id"],
                    "reviewer_name": person["reviewer__display_name"] or person["reviewer__username"],
                    "verdicts": person["verdicts"],
                    "seconds_spent": person["seconds"],
                }
                for person in people.annotate(verdicts=Count("pk"), seconds=Sum("seconds_spent")).order_by(
                    "-verdicts", "reviewer__username"
                )
            ],
        }
        return Response(VerdictSummarySerializer(answer).data)
