"""The web entry point for gunicorn: `gunicorn vadreview.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vadreview.settings")
application = get_wsgi_application()
