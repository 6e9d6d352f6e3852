"""What the request path keeps between two calls of its kernels, as records that compiled code can write.

A kernel is given arrays of one record, and opens them itself: a record that Python hands over costs compiled code 7 %
(numba/numba#4951). ``bundles.py`` says which arrays travel together.
"""

from typing import Any, Final, TypeAlias

import numpy as np

from simulator.backends.tokens.base import MOST_TOKENS
from simulator.core.jit import COMPILED
from simulator.core.prompt_lengths import prompt_class

Record: TypeAlias = Any
"""An array of records or one of them; only compiled code reads their fields."""

TOKEN_KINDS: Final = ("input_tokens", "cached_tokens", "written_tokens", "output_tokens")
"""What an external API counts, in the order of `by_prompt`."""

RULES = np.dtype(
    [
        ("has_store", np.bool_),  # every request looks the store up
        ("computes", np.bool_),  # a miss is computed online
        ("works", np.bool_),  # there is a backend
        ("serves_stored", np.bool_),  # a miss is answered by whatever is stored
        ("in_background", np.bool_),  # there are computations that no request waits for
        ("wastes", np.bool_),  # there are rows that nobody may ever read; only then are those that end counted
        ("retries", np.bool_),  # requests that are refused or give up try again
        ("falls_back", np.bool_),  # at last they are answered by whatever is stored
        ("keeps", np.bool_),  # online predictions are stored, and shared by those who wait for them
        ("slides", np.bool_),  # an online row's time runs from its last reading
        ("refreshes", np.int8),  # what is an event: 0 nothing, 1 a login's last request, 2 every request
        ("shards", np.int64),
        ("shard_size", np.int64),
        ("most_rows", np.int64),  # that the store has room for; 0 for no limit
        ("reading_renews", np.bool_),  # there, a row that is read keeps its place for longer
        ("origin_s", np.float64),
        ("tick_s", np.float64),
        ("read_s", np.float64),  # latency of a look-up
        ("fresh_s", np.float64),  # how long an online row is served as it is
        ("kept_s", np.float64),  # how long it is served at all; after fresh_s it is computed again meanwhile
        ("expiry_s", np.float64),  # how long a row that was computed ahead is served
        ("lag_s", np.float64),  # age of the features of an online prediction
        ("batch_delay_s", np.float64),  # from a run's snapshot to a row's publication, mean so far
        ("debounce_s", np.float64),  # an event counts if none of its user's follows within this
        ("delay_s", np.float64),  # from an event to its computation
        ("horizon_s", np.float64),  # requests that arrive from 0 to here count
        ("closed_loop", np.bool_),  # requests come from clients who wait for the answer to the one before
        ("values", np.bool_),  # the quality of answers is asked for; from here on: what makes it
        ("judges_models", np.bool_),  # the accuracy of models is known
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
"""What the plan says; fixed during a run, but for the delay of batch rows."""

STATION = np.dtype(
    [
        ("number", np.int64),  # 0 for the one that answers, 1 for the one that refreshes where it is another
        ("kind", np.int8),  # of simulator.backends.online.kinds
        ("noisy", np.bool_),  # service times vary
        ("counts_tokens", np.bool_),  # requests have numbers of tokens
        ("service_s", np.float64),  # mean service time of one request alone
        ("timeout_s", np.float64),
        ("queue_limit", np.int64),  # computations that may wait
        ("attempts", np.int64),  # how often a refused request tries again
        ("backoff_s", np.float64),
        ("longest_backoff_s", np.float64),
        ("jitter", np.float64),  # share of a wait that is random
        ("chance", np.int64),  # state of the random numbers for that
        ("waiting", np.int64),  # entries in the queue
        ("most_waiting", np.int64),  # the most that waited since the queue was last looked at
        ("sought", np.bool_),  # something found no slot that was free since the autoscaler last looked
        ("gone", np.int64),  # of these: entries that are empty, as their requests gave up
        ("head", np.int64),  # the queue's oldest entry
        ("leaving", np.int64),  # no request before this entry is still to give up
        ("work_s", np.float64),  # slot-seconds of all work begun
        ("work_left_s", np.float64),  # of it, on serving slots: what is not finished yet
        ("calls", np.int64),  # from here on, counted of what was asked for within the horizon: computations begun
        ("refused", np.int64),  # times that the backend refused
        ("retried", np.int64),  # times that a request was to try again
    ]
)
"""An online backend and its queue, whatever its kind."""

BATCHES = np.dtype(
    [
        ("most_together", np.int64),  # requests in a batch
        ("hold_s", np.float64),  # how long a batch waits for more
        ("batches", np.int64),  # what was begun together within the horizon, whenever it was asked for
        ("batched", np.int64),  # computations in these
    ]
)
"""What a fleet that computes requests together has besides."""

INSTANCES = np.dtype(
    [
        ("keep_alive_s", np.float64),  # how long an idle instance is kept
        ("concurrency", np.int64),  # instances that may compute at a time
        ("bills_startup", np.bool_),  # an instance's start is billed
        ("billing_step_s", np.float64),  # what billed times are rounded up to a multiple of
        ("busy", np.int64),  # instances that compute
        ("idle", np.int64),  # instances that do not
        ("oldest_idle", np.int64),  # where the ring of these begins
        ("startups", np.int64),  # times drawn for starts that are used
        ("idled_s", np.float64),  # stretches of idleness that have ended
        ("live_s", np.float64),  # instance-seconds up to when all has been carried
        ("most_live", np.int64),  # instances at a time, within the horizon
        ("cold_starts", np.int64),  # computations for which an instance was started
        ("billed_s", np.float64),  # time that instances are billed for
    ]
)
"""What a serverless backend has besides."""

CALLS = np.dtype(
    [
        ("first_token_s", np.float64),
        ("input_token_s", np.float64),  # time per input token that is not read from the prompt cache
        ("output_token_s", np.float64),
        ("request_room_s", np.float64),  # time in which the limit on requests lets one more in; 0 without a limit
        ("token_room_s", np.float64),  # the same for a token
        ("request_bucket_s", np.float64),  # time in which the empty bucket of requests is full
        ("token_bucket_s", np.float64),
        ("requests_full_s", np.float64),  # when the bucket of requests is full again
        ("tokens_full_s", np.float64),
        ("prefix", np.int64),  # tokens that all prompts begin with
        ("prefix_kept_s", np.float64),  # how long after its last use the provider keeps it
        ("prefix_used_s", np.float64),
        ("prefix_limited", np.bool_),  # whether the limit on tokens counts those that are read from the prompt cache
        ("input_tokens", np.int64),  # counted: neither read from the prompt cache nor written to it
        ("cached_tokens", np.int64),
        ("written_tokens", np.int64),
        ("output_tokens", np.int64),
        ("by_prompt", np.int64, (prompt_class(MOST_TOKENS) + 1, len(TOKEN_KINDS))),  # the same, by the prompt's class
    ]
)
"""What an external API has besides."""

BLOCK_CURSOR = np.dtype(
    [
        ("next", np.int64),  # first request of the block that has not been looked at
        ("reached_s", np.float64),  # up to when all has been carried
        ("touched", np.uint32),  # keeps the compiler from leaving out reads ahead
    ]
)
"""Where the request path stands in its block of requests."""

USE_CURSOR = np.dtype(
    [
        ("rows", np.int64),  # rows in a store of limited size, those being computed too
        ("begin", np.int64),  # number of the oldest use of a row that is remembered
        ("end", np.int64),
    ]
)
"""Where the ring of a limited store's uses stands."""

FLIGHT_CURSOR = np.dtype(
    [
        ("flights", np.int64),  # computations under way
        ("coalesced", np.int64),  # requests that wait for one, in use
    ]
)
"""How much of the flights is in use."""

EVENT_CURSOR = np.dtype(
    [
        ("events", np.int64),  # events whose computation is to come
        ("first", np.int64),  # number of the oldest of them
        ("fetched", np.int64),  # events before this number have had their rows read ahead
        ("touched", np.uint32),  # keeps the compiler from leaving out reads ahead
    ]
)
"""Where the ring of events stands."""

ORBIT_CURSOR = np.dtype([("retries", np.int64)])
"""How many requests will try again."""

CLIENT_CURSOR = np.dtype(
    [
        ("thinking", np.int64),  # clients that are about to ask
        ("thoughts", np.int64),  # pauses that have been used
    ]
)
"""Where the clients of a closed loop stand."""

COUNTS = np.dtype(
    [
        ("requests", np.int64),
        ("precomputed", np.int64),  # answered by a row computed ahead: in a batch, or after an event
        ("cached", np.int64),  # answered by an online row, or by a computation of the user's under way
        ("computed", np.int64),  # answered by a computation of their own
        ("defaulted", np.int64),
        ("timed_out", np.int64),  # those that gave up waiting at last
        ("refused", np.int64),  # those that were refused at last
        ("fell_back", np.int64),  # of these two: those answered by whatever was stored
        ("revalidated", np.int64),  # computations begun because a row that was served had ceased to be fresh
        ("refreshed", np.int64),  # computations begun because of an event
        ("dropped", np.int64),  # of neither: computations that no request waited for, and that were refused at last
        ("written_batch", np.int64),  # rows published
        ("written_online", np.int64),
        ("written_nearline", np.int64),
        ("unread", np.int64),  # rows made by a fleet that no request waited for, written or not
        ("first_served", np.int64),  # stored rows served for the first time
        ("wasted", np.int64),  # stored rows replaced, expired or evicted without having been served
        ("wasted_batch", np.int64),  # of these: those published in a batch
        ("wasted_nearline", np.int64),  # and those computed after an event
        ("ended", np.int64),  # stored rows replaced, expired or evicted, served or not
        ("ended_batch", np.int64),  # of these, likewise
        ("ended_nearline", np.int64),
        ("evicted", np.int64),  # rows that made room for others
        ("wait_s", np.float64),
        ("latency_s", np.float64),
        ("age_s", np.float64),
        ("row_s", np.float64),  # rows x time held within the horizon
        ("ended_row_s", np.float64),  # time that those which ended were held, from when they were visible
        ("unread_row_s", np.float64),  # of it, that of the wasted ones
        ("quality", np.float64),  # of all answers, where it is asked for
    ]
)
"""What has been counted from time 0 on."""

NO_FLIGHT: Final = -1
GONE: Final = -2

_COMPUTATION: list[tuple[str, type]] = [
    ("asked_s", np.float64),
    ("attempt", np.int64),
    ("factor", np.float64),
    ("tokens", np.int64),
    ("flight", np.int64),
    ("row", np.int64),
]
"""The fields of a `bundles.Computation`."""

WAITING = np.dtype([("arrival_s", np.float64), *_COMPUTATION])
"""A computation in the queue, since ``arrival_s``."""

RETRY = np.dtype([("due_s", np.float64), ("station", np.int64), *_COMPUTATION])
"""A computation that was refused or given up, and will be asked for again."""

FLIGHT = np.dtype(
    [
        ("row", np.int64),  # of the user in the table
        ("beneath", np.uint32),  # the word that was there before
        ("maker", np.uint32),  # of the row that will be written
        ("start_s", np.float64),
        ("completion_s", np.float64),  # infinity while it waits
        ("first_coalesced", np.int64),  # -1 = none
        ("in_background", np.bool_),  # no request began it, and the row beneath may be served meanwhile
        ("served", np.bool_),  # it has answered a request, or will
        ("evicted", np.bool_),  # its place in the store was needed: nothing will be written
        ("landed", np.bool_),
    ]
)
"""A computation under way whose row others can wait for."""

COALESCED = np.dtype([("arrival_s", np.float64), ("next", np.int64)])
"""A request that waits for a computation which another one began and which is still in the queue."""

EVENT = np.dtype([("time_s", np.float64), ("row", np.int64), ("factor", np.float64), ("tokens", np.int64)])
"""An event after which a user's prediction is computed again; row -1 where a later one has taken its place."""


def record(dtype: np.dtype[Any], size: int = 1) -> Record:
    """Return ``size`` records of zeros."""
    made = np.zeros(size, dtype=dtype)
    return made if COMPILED else made.view(np.recarray)  # plain Python reads fields by name from these alone


def grown(records: Record) -> Record:
    """Return twice as many records: those given, and zeros."""
    larger = record(records.dtype, 2 * records.size)
    larger[: records.size] = records
    return larger
