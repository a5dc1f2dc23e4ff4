"""Settings of the whole suite.

Property tests have no deadline, since the machine has other guests. Ctrl-C is heard: a shell makes what it starts in the background
deaf to it, and so would be every program that a test starts and interrupts.
"""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
