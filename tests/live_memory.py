"""How much memory torch holds while something runs, to the byte."""

import itertools

import torch
from torch.profiler import ProfilerActivity, profile, record_function

MARK = "mark of the tests"


def mark():
    """Note what is held now, see `held`."""
    with record_function(MARK):
        pass


def held(job):
    """The most that tensors on the CPU held while a job ran, and what they held at each `mark`."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        job()
    events = sorted(
        (event.start_ns(), event.nbytes() if event.name() == "[memory]" else None)
        for event in watched.profiler.kineto_results.events()
        if event.name() in ("[memory]", MARK)
    )
    held = list(itertools.accumulate(nbytes or 0 for _, nbytes in events))
    return max(held), [now for now, (_, nbytes) in zip(held, events, strict=True) if nbytes is None]


def most_on(device, job):
    """The most that tensors on a device held while a job ran."""
    if device == "cpu":
        return held(job)[0]
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    job()
    return torch.cuda.max_memory_allocated()
