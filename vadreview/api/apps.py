from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "vadreview.api"
    label = "api"
