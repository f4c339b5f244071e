"""Run the demo: `python -m demo [--keep] [--cloud openstack]`, which `make demo [KEEP=1] [CLOUD=openstack]` calls."""

import argparse
import os
import re
import shutil
import signal
import sys
from pathlib import Path

from demo.background import END_PATIENCE_SECONDS
from demo.cloud import Cloud, CloudFailed
from demo.memory import MemoryWatch, Peak
from demo.processes import adopt_orphans, end_descendants
from demo.runner import Runner, StoryBroken
from demo.simulated_cloud import SimulatedCloud
from demo.stage import Stage, open_stage
from demo.story import STORY, Step, without_kubectl

KEY_PAIR = "cluster-api-provider-openstack"
LAST_KEPT_STEP = "get-nodes-after-apply"
BOOTED = re.compile(r"^Cloud-init .* finished at .* Up ([0-9.]+) seconds", re.MULTILINE)
SLOW_SECONDS = 2.0
"""Steps from here on are named in the summary."""


def main() -> int:
    """Tell the story; return 0 where every step held, 1 where one did not, 130 after ctrl-C."""
    options = _parse()
    adopt_orphans()
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with ctrl-C ignored
        signal.signal(ending, signal.default_int_handler)
    try:
        cloud = _choose_cloud(options.cloud)
        with MemoryWatch().running() as memory, open_stage(_show, cloud) as stage:
            runner = _tell(stage, keep=options.keep)
            _show(_summary(runner, memory.peak, _simulated_boots(stage, cloud)))
            if options.keep:
                _wait_for_ctrl_c(stage)
    except (StoryBroken, CloudFailed) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: stopped; every process has ended and its folder is removed", file=sys.stderr)
        return 130
    finally:
        _end_what_is_left()
    return 0


def _end_what_is_left() -> None:
    """End processes that outlived their parents, and say so: there should be none."""
    for command in end_descendants(os.getpid(), patience_seconds=END_PATIENCE_SECONDS):
        print(f"demo: had to be killed: {command}", file=sys.stderr)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="The article's story, from nothing.")
    parser.add_argument(
        "--cloud",
        choices=("devcloud", "openstack"),
        default="devcloud",
        help="where it is told: a simulated cloud, or real OpenStack services (make demo CLOUD=openstack)",
    )
    parser.add_argument("--keep", action="store_true", help="leave the cluster running until ctrl-C (make demo KEEP=1)")
    return parser.parse_args()


def _choose_cloud(name: str) -> Cloud:
    if name == "devcloud":
        return SimulatedCloud()
    # Not at the top: the SDK and the services' supervisor are some 40 MB that the simulated cloud does without.
    from demo.real_services import RealServices

    return RealServices(_show)


def _tell(stage: Stage, *, keep: bool) -> Runner:
    """Run the steps; return the runner that knows how long they took."""
    known = {"home": stage.environment["HOME"], "key_pair": KEY_PAIR}
    runner = Runner(folder=stage.work, environment=stage.environment, known=known, show=_show)
    try:
        for step in _steps(keep=keep):
            runner.run(step)
    finally:
        runner.close()
    return runner


def _steps(*, keep: bool) -> list[Step]:
    steps = list(STORY)
    if keep:
        names = [step.name for step in steps]
        steps = steps[: names.index(LAST_KEPT_STEP) + 1]
    return steps if shutil.which("kubectl") else [without_kubectl(step) for step in steps]


def _summary(runner: Runner, peak: Peak, simulated: str) -> str:
    total = sum(runner.seconds.values())
    slow = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in runner.seconds.items() if seconds >= SLOW_SECONDS)
    shares = "\n".join(f"  {mib:7.1f}  {command[:100]}" for mib, command in peak.shares if mib >= 1)
    return (
        f"\n# Done in {total:.0f} s ({slow}).\n"
        f"# {simulated}\n"
        f"# Peak memory of all processes (PSS): {peak.total_mib:.0f} MiB\n{shares}"
    )


def _simulated_boots(stage: Stage, cloud: Cloud) -> str:
    """Say how much of the time the machines' boots were, by what the servers' consoles tell."""
    ups = [BOOTED.search(log.read_text()) for log in stage.consoles.glob("*.log")]
    seconds = [float(up.group(1)) for up in ups if up]
    boots = ", ".join(f"{up:.1f} s" for up in seconds)
    return f"Simulated: {len(seconds)} servers, {cloud.boot_seconds:.1f} s each until ACTIVE, then boots of {boots}"


def _wait_for_ctrl_c(stage: Stage) -> None:
    _show(
        "\n# It runs until ctrl-C. In another terminal:\n"
        f"export KUBECONFIG={stage.environment['KUBECONFIG']}\n"
        f"export OS_CLIENT_CONFIG_FILE={stage.environment['OS_CLIENT_CONFIG_FILE']} OS_CLOUD=openstack NO_PROXY='*'\n"
        f'export PATH="{Path(sys.executable).parent}:$PATH"'
    )
    signal.pause()


def _show(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
