from django.apps import AppConfig


class FootageConfig(AppConfig):
    name = "vadreview.footage"
    label = "footage"
