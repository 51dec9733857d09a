from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "vadreview.review"
    label = "review"
