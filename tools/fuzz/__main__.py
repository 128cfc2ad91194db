"""`python -m tools.fuzz`: fuzz on all processors, and fail if something was found or too little was tried.

It takes the stated time; up to twice as long on a busy machine, where the stated number of inputs has not been reached by then.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import multiprocessing
import os
import resource
import secrets
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import SynchronizedArray

from tools.fuzz.run import Report, Target, play, run
from tools.fuzz.targets import TARGETS

LARGEST_PROCESS_BYTES = 4 * 2**30

_current: SynchronizedArray[int]


def main() -> int:
    options = _options()
    names = options.target or list(TARGETS)
    if options.case is not None:
        report = Report()
        for name in names:
            play(TARGETS[name](), options.seed, options.case, report)
    else:
        print(f"fuzzing {', '.join(names)} for {options.seconds:g} s in {options.jobs} processes, seed {options.seed}")
        report = _fuzz(names, options)
    for finding in report.findings:
        print(finding, end="\n\n")
    for name, count in sorted(report.inputs.items()):
        print(f"{count:>12,} {name}")
    print(f"{report.inputs.total():>12,} inputs, {len(report.findings)} findings")
    if options.case is None and report.inputs.total() < options.inputs and not report.findings:
        print(f"too little was tried: {options.inputs:,} inputs were asked for; give it more --seconds")
        return 2
    return 1 if report.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (300)")
    parser.add_argument(
        "--inputs", type=int, default=1_000_000, help="how many inputs it must have been by then (1,000,000)"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="to have the same run again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes (one per processor)")
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one; may be repeated")
    parser.add_argument("--case", type=int, help="play one case again, as a finding names it")
    return parser.parse_args()


def _fuzz(names: list[str], options: argparse.Namespace) -> Report:
    seed, jobs = options.seed, options.jobs
    share_of_inputs = -(-options.inputs // jobs)
    current: SynchronizedArray[int] = multiprocessing.Array("Q", jobs)
    report = Report()
    for name in names:
        TARGETS[name]()  # if seeds cannot be built, that is better said here than in every process
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(current,)) as pool:
        shares = [
            pool.submit(_share, names, seed, options.seconds, share_of_inputs, worker, jobs) for worker in range(jobs)
        ]
        try:
            for share in shares:
                report.add(share.result())
        except BrokenProcessPool:
            sys.exit(f"a process died (see above). Seed {seed}, cases that were being played: {current[:]}")
    return report


def _begin(current: SynchronizedArray[int]) -> None:
    """A process of the pool begins. What it may take is bounded, so that a bomb that bursts is seen and not survived by luck."""
    global _current
    _current = current
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_PROCESS_BYTES, LARGEST_PROCESS_BYTES))


def _share(names: list[str], seed: int, seconds: float, inputs: int, worker: int, jobs: int) -> Report:
    begun = time.monotonic()

    def goes_on(report: Report) -> bool:
        taken_s = time.monotonic() - begun
        return taken_s < seconds or (taken_s < 2 * seconds and report.inputs.total() < inputs)

    def starts(case: int) -> None:
        _current[worker] = case

    targets: list[Target] = [TARGETS[name]() for name in names]
    return run(targets, seed, itertools.count(worker, jobs), goes_on, starts)


if __name__ == "__main__":
    sys.exit(main())
