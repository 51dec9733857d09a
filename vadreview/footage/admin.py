from django.contrib import admin

from vadreview.accounts.admin import ReadOnly
from vadreview.footage.models import Membership, Project, Upload, Video


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0
    can_delete = False
    readonly_fields = ["user", "role", "created_at"]

    def has_add_permission(self, request, obj=None):
        return False


@admin.register(Project)
class ProjectAdmin(ReadOnly):
    list_display = ["name", "created_at", "is_demo"]
    search_fields = ["name"]
    inlines = [MembershipInline]


@admin.register(Video)
class VideoAdmin(ReadOnly):
    list_display = ["name", "project", "state", "status", "created_at"]
    list_filter = ["state", "status", "project"]
    search_fields = ["name", "sha256"]
    list_select_related = ["project"]


@admin.register(Upload)
class UploadAdmin(ReadOnly):
    list_display = ["name", "project", "user", "status", "created_at"]
    list_filter = ["status", "project"]
    list_select_related = ["project", "user"]
