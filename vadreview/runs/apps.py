from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "vadreview.runs"
    label = "runs"
