"""The entry for a server:  granian --interface wsgi guantong.config.wsgi:application"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
application = get_wsgi_application()
