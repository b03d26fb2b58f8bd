from django.apps import AppConfig


class LibConfig(AppConfig):
    name = "peixun.lib"
    label = "lib"
