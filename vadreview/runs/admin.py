from django.contrib import admin

from vadreview.accounts.admin import ReadOnly
from vadreview.runs.models import MotionJob, Run, RunVideo


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ["__str__", "project", "detector", "stage", "status", "attempt", "worker", "heartbeat_at"]
    list_filter = ["stage", "status", "detector", "project"]
    list_select_related = ["project"]


@admin.register(RunVideo)
class RunVideoAdmin(ReadOnly):
    list_display = ["run", "video", "status", "attempt", "worker", "heartbeat_at"]
    list_filter = ["status"]
    list_select_related = ["run", "video"]


@admin.register(MotionJob)
class MotionJobAdmin(ReadOnly):
    list_display = ["video", "status", "attempt", "worker", "heartbeat_at"]
    list_filter = ["status"]
    list_select_related = ["video"]
