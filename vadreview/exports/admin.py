from django.contrib import admin

from vadreview.accounts.admin import ReadOnly
from vadreview.exports.models import Dataset


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ["name", "project", "created_at", "status", "size_bytes"]
    list_filter = ["status", "project"]
    list_select_related = ["project"]
