from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "vadreview.exports"
    label = "exports"
