"""What the request path keeps between two calls of its kernels, as records that compiled code can write."""

from typing import Any, TypeAlias

import numpy as np

from simulator.core.jit import COMPILED

Record: TypeAlias = Any
"""An array of records or one of them; only compiled code reads their fields."""

RULES = np.dtype(
    [
        ("has_store", np.bool_),  # every request looks the store up
        ("computes", np.bool_),  # a miss is computed online
        ("serves_stored", np.bool_),  # a miss is answered by whatever is stored
        ("noisy", np.bool_),  # service times vary
        ("shards", np.int64),
        ("shard_size", np.int64),
        ("origin_s", np.float64),
        ("tick_s", np.float64),
        ("read_s", np.float64),  # latency of a look-up
        ("ttl_s", np.float64),  # how long an online row is served; 0 without a cache
        ("expiry_s", np.float64),  # how long a batch row is served
        ("lag_s", np.float64),  # age of the features of an online prediction
        ("service_s", np.float64),  # mean service time
        ("timeout_s", np.float64),
        ("horizon_s", np.float64),  # requests that arrive from 0 to here count
        ("judges_models", np.bool_),  # the accuracy of models is known; from here on: what makes the quality of answers
        ("default_quality", np.float64),
        ("latency_loss_per_s", np.float64),  # share of the quality that a second of latency takes
        ("quality_floor", np.float64),  # what a wholly stale prediction is worth, of a fresh one
        ("decay_per_s", np.float64),  # ln 2 / half-life; 0 without one
        ("accuracy_initial", np.float64),  # accuracies are relative to the initial one of the scenario's model
        ("accuracy_loss_per_s", np.float64),
        ("accuracy_floor", np.float64),
        ("trained_every_s", np.float64),  # 0 where the model is never trained again
        ("training_s", np.float64),  # how long a training takes
    ]
)
"""What the plan says; fixed during a run."""

PLACE = np.dtype(
    [
        ("next", np.int64),  # first request of the block that has not been looked at
        ("waiting", np.int64),  # requests in the queue
        ("head", np.int64),  # the queue's oldest entry
        ("flights", np.int64),  # computations under way
        ("followers", np.int64),  # followers in use
        ("touched", np.uint32),  # keeps the compiler from leaving out reads ahead
        ("work_s", np.float64),  # slot-seconds of all work begun
        ("work_left_s", np.float64),  # of it, on serving slots: what is not finished yet
    ]
)
"""Where the request path stands."""

TALLY = np.dtype(
    [
        ("requests", np.int64),
        ("precomputed", np.int64),  # answered by a batch row
        ("cached", np.int64),  # answered by an online row, or by a computation of the user's under way
        ("computed", np.int64),  # answered by a computation of their own
        ("defaulted", np.int64),
        ("timed_out", np.int64),  # of the defaulted: those that gave up waiting
        ("written_batch", np.int64),  # rows published
        ("written_online", np.int64),
        ("first_served", np.int64),  # stored rows served for the first time
        ("wasted", np.int64),  # stored rows replaced or expired without having been served
        ("wait_s", np.float64),
        ("latency_s", np.float64),
        ("age_s", np.float64),
        ("row_s", np.float64),  # rows x time held within the horizon
    ]
)
"""What has been counted from time 0 on."""

VALUED_TALLY = np.dtype([*TALLY.descr, ("quality", np.float64)])
"""The same where the quality of answers is asked for: its sum. Kernels are compiled for the one or the other."""

WAITING = np.dtype(
    [
        ("arrival_s", np.float64),
        ("factor", np.float64),  # of its service time
        ("flight", np.int64),  # the flight it computes for; -1 where nothing is kept
    ]
)
"""A request in the queue."""

FLIGHT = np.dtype(
    [
        ("place", np.int64),  # of the user's row in the table
        ("beneath", np.uint32),  # the word that was there before
        ("start_s", np.float64),
        ("completion_s", np.float64),  # infinity while it waits
        ("first_follower", np.int64),  # -1 = none
        ("landed", np.bool_),
    ]
)
"""A computation under way whose row others can wait for."""

FOLLOWER = np.dtype([("arrival_s", np.float64), ("next", np.int64)])
"""A request that waits for a computation which another one began and which is still in the queue."""


def record(dtype: np.dtype[Any], size: int = 1) -> Record:
    """Return ``size`` records of zeros."""
    made = np.zeros(size, dtype=dtype)
    return made if COMPILED else made.view(np.recarray)  # plain Python reads fields by name from these alone


def grown(records: Record) -> Record:
    """Return twice as many records: those given, and zeros."""
    larger = record(records.dtype, 2 * records.size)
    larger[: records.size] = records
    return larger
