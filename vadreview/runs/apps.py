from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "vadreview.runs"
    label = "runs"

    def sweep(self) -> dict[str, int]:
        """Repair what follows other rows; see vadreview/sweep.py."""
        from vadreview.runs import closing, motion  # models are there only once the apps are loaded

        return {"settled": closing.settle_open(), "motion": motion.queue_missing()}
