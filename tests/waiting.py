"""Waiting for a state, never for a time."""

import time


def wait_for(condition, timeout=60.0):
    """Wait until `condition()` holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.002)


def wait_until_idle(worker):
    """Wait until the thread of a worker has ended, as it does when nothing runs or waits."""
    thread = worker._thread  # the worker forgets it a moment before it has ended
    wait_for(lambda: thread is None or not thread.is_alive())
