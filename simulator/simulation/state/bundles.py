"""What travels together through the kernels: tuples that compiled code takes apart when it is compiled, for nothing.

No bundle holds everything: a kernel takes the whole of what it may touch, and no more.
"""

from typing import NamedTuple

from simulator.core.arrays import FloatArray, IntArray, SlotArray, UserArray, WordArray
from simulator.simulation.state.records import Record
from simulator.simulation.state.rows import Int


class Block(NamedTuple):
    """A stretch of requests in order of time; an entry of each array is a request."""

    time_s: FloatArray
    user: UserArray
    """The number; where events are logins, the sign marks a login's last request."""
    factor: FloatArray
    """On the service time of what a request asks for; empty where service times do not vary."""
    refresh_factor: FloatArray
    """The same for the computation that follows a request where the plan refreshes."""
    tokens: IntArray
    """Of prompt x 2^24 and of answer; empty where no backend counts them."""
    refresh_tokens: IntArray


class Steps(NamedTuple):
    """The moments up to which requests are carried: ticks of an autoscaler, or one at which something may change."""

    from_s: float
    step_s: float
    most: int
    """How many steps are made at most."""
    most_work_s: float
    """Slot-seconds of work in a step, up to which it needs no decision; 0 where no replica serves."""
    end_s: float
    """Only steps that end before this are begun."""


class Reader(NamedTuple):
    """How far a block has been read."""

    cursor: Record
    """One BLOCK_CURSOR."""
    rows: IntArray
    """Where the rows of the next users are in the table: scratch, of a power of two."""


class Computation(NamedTuple):
    """What is asked of a backend: scalars that travel together."""

    asked_s: float
    """When the request or the event first asked for it. [s]"""
    attempt: Int
    """How often it has tried again."""
    factor: float
    """On its service time."""
    tokens: Int
    """Of its prompt and its answer, where a backend counts them."""
    flight: Int
    """The flight it computes for; NO_FLIGHT where nothing is kept, GONE once it gave up."""
    row: Int
    """Of the user in the table."""


class Station(NamedTuple):
    """An online backend and its queue; the records of other kinds than its own are never looked at."""

    state: Record
    """One STATION."""
    batches: Record
    """One BATCHES, of a fleet that computes requests together."""
    instances: Record
    """One INSTANCES, of a serverless backend."""
    calls: Record
    """One CALLS, of an external API."""
    free_s: FloatArray
    """When each slot is free, a power of two of them; or the heap and the ring of serverless instances. [s]"""
    losers: SlotArray
    """The loser tree of the slots."""
    queue: Record
    """WAITING, a ring of a power of two."""
    times_s: FloatArray
    """Service time by the number of requests computed together; or how long the next instances take to start. [s]"""


class Stations(NamedTuple):
    """The backends of a plan."""

    answering: Station
    refreshing: Station
    """The same arrays where it is the same backend."""


class Store(NamedTuple):
    """The prediction store."""

    table: WordArray
    """A word for each user; see ``rows.py``."""
    reads: WordArray
    """Tick of each row's last reading, where rows' time runs from that."""
    recent: WordArray
    """Number of each row's latest use, in a store of limited size."""
    uses: WordArray
    """The rows used, in their order: a ring of a power of two."""
    cursor: Record
    """One USE_CURSOR."""


class Flights(NamedTuple):
    """Computations under way whose rows others can wait for."""

    records: Record
    """FLIGHT, by number."""
    under_way: SlotArray
    """The numbers of those in use, then of the free ones."""
    coalesced: Record
    """COALESCED."""
    cursor: Record
    """One FLIGHT_CURSOR."""


class Orbit(NamedTuple):
    """Requests that will try again."""

    heap: Record
    """RETRY, a binary heap by their time."""
    cursor: Record
    """One ORBIT_CURSOR."""


class Events(NamedTuple):
    """Events whose computation is to come."""

    ring: Record
    """EVENT, a ring of a power of two."""
    latest: WordArray
    """Number of each user's latest event, where events are debounced."""
    cursor: Record
    """One EVENT_CURSOR."""


class Tally(NamedTuple):
    """What is counted."""

    counts: Record
    """One COUNTS."""
    latency_bins: IntArray
    """Histograms to fill, as `core.histogram` bins them."""
    wait_bins: IntArray
    """Of the waits above 0."""
    age_bins: IntArray


class Clients(NamedTuple):
    """Who asks again once he has been answered; nobody where requests come whether or not they are answered."""

    next_s: FloatArray
    """When each client that thinks asks again: a binary heap with room for all of them. [s]"""
    think_s: FloatArray
    """The pauses that are taken next, in order of the answers. [s]"""
    cursor: Record
    """One CLIENT_CURSOR."""


class Path(NamedTuple):
    """What any computation may touch."""

    rules: Record
    """One RULES."""
    store: Store
    flights: Flights
    orbit: Orbit
    tally: Tally
    clients: Clients
