"""The entry for a server:  granian --interface wsgi guantong.config.wsgi:application"""

import atexit
import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guantong.config.settings")
application = get_wsgi_application()

# What is loaded by now stays as long as the process: looking through it for garbage held up one
# of four large pages by 150 ms. At the end it may go, or what stands on it tells of leaks.
assert get_resolver().url_patterns, "all views are loaded"
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)
