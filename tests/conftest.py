"""Keep what every test must leave as it found it."""

import logging
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.real_openstack import real_openstack

__all__ = ["real_openstack"]

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_configure() -> None:
    """Let ctrl-C reach the processes under test, also where a script started the run in the background.

    A background job of a shell begins with SIGINT ignored, and hands that on to its children.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[pytest.TestReport]:
    """Fail what is skipped in CI: there, whatever a test needs must have been installed."""
    report: pytest.TestReport = yield  # type: ignore[misc]  # the hook sends what the others returned
    if report.skipped and os.environ.get("CI"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure in CI: {item.nodeid}: {reason}"
    return report


@pytest.fixture(autouse=True)
def _logging_stays_as_it_was() -> Iterator[None]:
    """Undo what a process entry under test did to the logging of this process."""
    loggers = (logging.getLogger(), logging.getLogger("kubecapy"))
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
