"""Settings of the whole suite.

Rules: property tests have no deadline, since the machine has other guests. Whoever starts us in the background may have
    SIGINT ignored, which every child would inherit: it is an interrupt again, so that the tests of Ctrl-C mean something.
"""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")

signal.signal(signal.SIGINT, signal.default_int_handler)
