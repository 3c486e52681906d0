"""The entry for a server:  granian --interface wsgi guantong.config.wsgi:application"""

import atexit
import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
application = get_wsgi_application()

# What is loaded by now stays as long as the process: looking through it for garbage held up one
# of four large pages by 150 ms. At the end it may go, or what stands on it tells of leaks.
import_module(settings.ROOT_URLCONF)  # all views, which else come with the first request
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)
