from django.contrib import admin

from vadreview.accounts.admin import ReadOnly
from vadreview.review.models import Verdict


@admin.register(Verdict)
class VerdictAdmin(ReadOnly):
    list_display = ["created_at", "reviewer", "decision", "video", "start", "stop", "drawn"]
    list_filter = ["decision", "drawn", "project"]
    list_select_related = ["reviewer", "video"]
