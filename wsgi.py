"""The WSGI application: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

import gc
import os
import sys

from hub.app import create_app
from hub.core import log
from hub.core.settings import Settings

log.configure(json=not sys.stderr.isatty())
app = create_app(Settings.from_environment(os.environ))
# What exists now lives as long as the process; without it a collection costs little, and a batch makes few of them.
gc.freeze()
gc.set_threshold(20_000, 20, 20)
