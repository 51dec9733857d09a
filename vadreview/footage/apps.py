from django.apps import AppConfig


class FootageConfig(AppConfig):
    name = "vadreview.footage"
    label = "footage"

    def sweep(self) -> dict[str, int]:
        """Repair what the jobs themselves do not cover; see vadreview/sweep.py."""
        from vadreview.footage import tus  # models are there only once the apps are loaded

        return tus.sweep()
