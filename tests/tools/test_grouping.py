"""Tests that share what is costly to start run in one process of a parallel run."""

import os

import pytest

GROUP = "those-of-one-process"


@pytest.mark.xdist_group(GROUP)
def test_a_group_of_tests_is_known_to_who_hands_them_out(request: pytest.FixtureRequest) -> None:
    """pytest-xdist hands out by the end of the node id, and says nothing where it cannot write there."""
    is_parallel = "PYTEST_XDIST_WORKER" in os.environ

    assert request.node.nodeid.endswith(f"@{GROUP}") is is_parallel
