from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "vadreview.accounts"
    label = "accounts"
