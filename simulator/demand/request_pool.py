"""Requests in no order, handed out in order of time."""

import numpy as np

from simulator.core.arrays import FloatArray, UserArray
from simulator.demand import kernels

BUCKETS_PER_REQUEST = 1.5
"""Fewer leave more to sort inside a bucket, more spread over more memory; from 1 to 2 makes little difference."""


class RequestPool:
    """Holds requests until their time has come. Its memory is the same every time, as fresh memory is slow."""

    def __init__(self) -> None:
        self._time_s = np.empty(0)
        self._user = np.empty(0, dtype=np.int32)
        self._scratch = np.empty((2, 0), dtype=np.int32)
        self._bucket_end = np.empty(0, dtype=np.int32)
        self._held = 0

    def room_for(self, more: int) -> tuple[FloatArray, UserArray]:
        """Return where the times and users of so many more requests are to be written."""
        first, end = self._held, self._held + more
        if end > self._time_s.size:
            self._time_s = np.concatenate([self._time_s[:first], np.empty(2 * end - first)])
            self._user = np.concatenate([self._user[:first], np.empty(2 * end - first, dtype=np.int32)])
        self._held = end
        return self._time_s[first:end], self._user[first:end]

    def drop_before(self, time_s: float) -> None:
        """Forget the requests before a moment. [s]"""
        later = self._time_s[: self._held] >= time_s
        still_s, still_user = self._time_s[: self._held][later], self._user[: self._held][later]
        self._held = still_s.size
        self._time_s[: self._held] = still_s
        self._user[: self._held] = still_user

    def take(self, begin_s: float, end_s: float) -> tuple[FloatArray, UserArray]:
        """Return the requests from ``begin_s`` on and before ``end_s``, in order of time; earlier ones are dropped."""
        held = self._held
        time_s, user = np.empty(held), np.empty(held, dtype=np.int32)
        buckets = self._buckets_for(held)
        taken, self._held = kernels.take_in_order(self._time_s, self._user, held, begin_s, end_s, buckets, time_s, user)
        return time_s[:taken], user[:taken]

    def _buckets_for(self, requests: int) -> kernels.Buckets:
        if self._scratch.shape[1] < requests:
            self._scratch = np.empty((2, self._time_s.size), dtype=np.int32)
            self._bucket_end = np.empty(int(BUCKETS_PER_REQUEST * self._time_s.size) + 2, dtype=np.int32)
        end = self._bucket_end[: int(BUCKETS_PER_REQUEST * requests) + 2]
        return kernels.Buckets(end, *self._scratch)
