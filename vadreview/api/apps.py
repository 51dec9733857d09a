from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "vadreview.api"
    label = "api"

    def ready(self) -> None:
        # both register themselves: system checks with Django, the token scheme with drf-spectacular
        from vadreview import checks  # noqa: F401
        from vadreview.api import schema  # noqa: F401
