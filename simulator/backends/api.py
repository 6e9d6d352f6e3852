"""A language model behind an external API, paid by the token."""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import simpy
from pydantic import Field, model_validator
from typing_extensions import override

from simulator.backends.answers.facts import Asked, Fact, Pricing
from simulator.backends.answers.findings import Finding, Topic, Warned
from simulator.backends.answers.runs import ExpectedRun, StoreWriter, WorkerSpan
from simulator.backends.answers.steady import AskedHours, SteadyHours, mixed, nobody_waits, thinned
from simulator.backends.answers.usage import BatchWork, Metered, OnlineUse
from simulator.backends.base import BatchBackend, FeaturePipeline, OnlineBackend
from simulator.backends.interruptions.retries import Retries
from simulator.backends.llm.batch_tier import BatchTier
from simulator.backends.llm.first_token import FirstToken
from simulator.backends.llm.prompt_cache import PromptCache
from simulator.backends.llm.token_trace import TokenTrace
from simulator.backends.noise.base import AnyNoise, Noise
from simulator.backends.noise.none import NoNoise
from simulator.backends.online.kinds import API
from simulator.backends.tokens.base import TOKEN_BITS, AnyTokens
from simulator.core.arrays import FloatArray, IntArray
from simulator.core.key_kind import KeyKind
from simulator.core.prompt_lengths import ByPrompt, scaled_by_prompt
from simulator.core.units import MINUTE_S, Count, PositiveSeconds, Seconds, about_duration, write_duration
from simulator.core.usage import StandIn

UNIT = "token"
CALL = "call"
CALLS = 1_000.0
"""As many are priced."""
LARGEST_BUCKET = 2_000
"""Of a larger one, chance alone empties nothing as long as fewer are asked for than it lets in."""
MOST_REFUSED_FRACTION = 0.01
"""Of the calls, from which on the rate limits are said to bind."""
MOST_DRAWN = 1_000_000
"""Windows drawn to say how long a run takes."""
RUNS_DRAWN = 100
STEADY_SAMPLE = 2**13
"""Calls that closed forms reckon with."""


class Api(OnlineBackend, BatchBackend):
    """A language model of a provider: as many calls at a time as its rate limits admit, paid by the token.

    A call is answered after the time to the first token and the time per token of all that it writes, the whole times
    a random factor. Requests and tokens per minute are limited by a bucket each, which holds a minute's worth and is
    refilled without a pause (as Anthropic says of its own), or the worth of a shorter `limit_window`: OpenAI and
    Anthropic both say that 60 a minute may be held to as one a second. A call takes 1 out of one and its input and
    output out of the other when it is admitted, though its output is known only later: providers estimate it. What is
    refused takes nothing, and is asked again as 'retries' says. A call of more tokens than a bucket holds is always
    refused. Calls of the batch tier have limits of their own, which are not simulated; its jobs overlap: a run starts
    when it is due, whichever others the provider has, and of two that write a row the later writing stays.
    """

    kind: Literal["api"] = "api"
    model: Annotated[str, Field(min_length=1, max_length=120, examples=["gpt-4.1-mini"]), KeyKind.PRICE]
    """The model, as the price book names it: its meters are ``llm/<model>/input`` and so on.

    What a call costs may depend on its length, which a price states as `long_prompts`; and where the book has a price
    for ``llm/<model>/call``, each call pays that too.
    """
    input_tokens: AnyTokens | None = None
    """Tokens that a call reads."""
    output_tokens: AnyTokens | None = None
    """Tokens that a call writes."""
    tokens: TokenTrace | None = None
    """A file of calls with the tokens of both sides, instead of `input_tokens` and `output_tokens`."""
    first_token: FirstToken = FirstToken()
    """How long it takes until the answer begins."""
    per_token_s: Seconds = 0.0
    """Time per token of the answer."""
    factor: Annotated[AnyNoise, Field(alias="noise")] = NoNoise()
    """The random factor on the time of a call."""
    requests_per_minute: Count | None = None
    """The provider's limit; without it there is none."""
    tokens_per_minute: Count | None = None
    """The provider's limit on input and output together; without it there is none."""
    limit_window_s: Annotated[PositiveSeconds, Field(ge=0.1, le=MINUTE_S, examples=["1 s", "10 s"])] = MINUTE_S
    """The shortest time over which the provider holds to the limits per minute: as much as they let in within it may
    come at once, one request at least."""
    retries: Retries | None = Retries.model_construct(
        attempts=2, backoff_s=0.5, longest_backoff_s=8.0, jitter_fraction=0.25
    )
    """What a client does whose call is refused: by default what the Python clients of OpenAI and Anthropic do, which is
    to try twice more after about 0.5 s and 1 s. With null the request gets the default at once."""
    prompt_cache: PromptCache | None = None
    """What all prompts have in common and the provider keeps; without it every prompt is read and paid in full."""
    batch: BatchTier = BatchTier()
    """How the provider's batch tier works, where predictions are computed ahead."""
    shard: Annotated[Count, Field(examples=["50_000"])] = 50_000
    """Users per batch job, which is the unit of publication. OpenAI takes up to 50,000 calls in one, Anthropic up to
    100,000, read on 2026-11-23."""
    feature_pipeline: FeaturePipeline = FeaturePipeline()
    """What prepares the prompts before a run."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        sides = (self.input_tokens, self.output_tokens)
        if self.tokens is not None and sides != (None, None):
            raise ValueError("has both 'tokens' and 'input_tokens' or 'output_tokens'; 'tokens' states both sides")
        if self.tokens is None and None in sides:
            raise ValueError("needs 'input_tokens' and 'output_tokens', or a file of both: 'tokens'")
        if self.first_token.base_s + self.per_token_s == 0:
            raise ValueError("'first_token' and 'per_token' are both 0; an answer takes time, e.g. per_token: 10 ms")
        if self.mean_tokens > self.most_tokens:
            window = "" if self.limit_window_s == MINUTE_S else f" within {write_duration(self.limit_window_s)}"
            raise ValueError(
                f"a call takes {self.mean_tokens:,.0f} tokens on average, more than 'tokens_per_minute' "
                f"({self.tokens_per_minute:,}) ever admits{window}"
            )
        if self.prompt_cache is not None and self.prompt_cache.prefix > self.mean_input_tokens:
            raise ValueError(
                f"'prompt_cache.prefix' ({self.prompt_cache.prefix:,}) is above the tokens that a call reads "
                f"({self.mean_input_tokens:,.0f} on average), which it is a part of"
            )
        return self

    @property
    @override
    def noise(self) -> Noise:
        return self.factor

    @property
    def mean_input_tokens(self) -> float:
        """Mean number of tokens that a call reads, cached ones too."""
        return self.tokens.mean_input_tokens if self.tokens else _mean(self.input_tokens)

    @property
    def mean_output_tokens(self) -> float:
        """Mean number of tokens that a call writes."""
        return self.tokens.mean_output_tokens if self.tokens else _mean(self.output_tokens)

    @property
    def mean_tokens(self) -> float:
        """Mean number of tokens that a call takes of the limit, if it reads nothing from the prompt cache."""
        return self.mean_input_tokens + self.mean_output_tokens

    @property
    @override
    def mean_service_s(self) -> float:
        """Mean time to answer one call that reads nothing from the prompt cache. [s]"""
        reading_s = self.first_token.per_input_token_s * self.mean_input_tokens
        return self.first_token.base_s + reading_s + self.per_token_s * self.mean_output_tokens

    @property
    @override
    def has_replicas(self) -> bool:
        return False

    @property
    @override
    def refuses(self) -> bool:
        return self.requests_per_minute is not None or self.tokens_per_minute is not None

    @property
    def most_requests(self) -> float:
        """Requests that its limit lets in at one moment, not whole where the window is short; infinity without one."""
        if self.requests_per_minute is None:
            return math.inf
        return max(self.requests_per_minute * self.limit_window_s / MINUTE_S, 1.0)

    @property
    def most_tokens(self) -> float:
        """Tokens that its limit lets in at one moment; infinity without one."""
        return math.inf if self.tokens_per_minute is None else self.tokens_per_minute * self.limit_window_s / MINUTE_S

    @property
    @override
    def kernel(self) -> int:
        return API

    @property
    @override
    def hours_are_alike(self) -> bool:
        return False

    @property
    @override
    def counts_tokens(self) -> bool:
        return True

    @property
    @override
    def token_file(self) -> Path | None:
        return self.tokens.path if self.tokens else None

    @override
    def tokens_of_rows(self, rows: IntArray) -> IntArray:
        assert self.tokens is not None
        return self.tokens.calls[rows]

    @override
    def draw_tokens(self, rng: np.random.Generator, size: int) -> IntArray:
        if self.tokens is not None:
            return self.tokens.draw(rng, size)
        assert self.input_tokens is not None
        assert self.output_tokens is not None
        drawn = self.input_tokens.draw(rng, size)
        drawn <<= TOKEN_BITS
        drawn += self.output_tokens.draw(rng, size)
        return drawn

    @override
    def own_station_values(self) -> Mapping[str, float]:
        cache = self.prompt_cache
        request_room_s = MINUTE_S / self.requests_per_minute if self.requests_per_minute else 0.0
        return {
            "first_token_s": self.first_token.base_s,
            "input_token_s": self.first_token.per_input_token_s,
            "output_token_s": self.per_token_s,
            "request_room_s": request_room_s,
            "token_room_s": MINUTE_S / self.tokens_per_minute if self.tokens_per_minute else 0.0,
            "request_bucket_s": max(self.limit_window_s, request_room_s),
            "token_bucket_s": self.limit_window_s,
            "requests_full_s": -math.inf,
            "tokens_full_s": -math.inf,
            "prefix": cache.prefix if cache else 0,
            "prefix_kept_s": cache.lifetime_s if cache else 0.0,
            "prefix_used_s": -math.inf,
            "prefix_limited": cache.limited if cache else True,
        }

    def by_prompt(self) -> tuple[ByPrompt, ByPrompt, ByPrompt]:
        """Return calls, and what a call reads and writes on average, by the length of prompts; all calls are 1."""
        if self.tokens is not None:
            return self.tokens.by_prompt()
        assert self.input_tokens is not None
        outputs, classes = _mean(self.output_tokens), self.input_tokens.by_prompt()
        return (
            tuple((number, chance) for number, chance, _ in classes),
            tuple((number, mean) for number, _, mean in classes),
            tuple((number, chance * outputs) for number, chance, _ in classes),
        )

    def _meter(self, what: str) -> str:
        return f"llm/{self.model}/{what}"

    @override
    def used(self, use: OnlineUse) -> Iterator[Metered]:
        yield self._counted(use, "input tokens", "input", "input_tokens")
        if self.prompt_cache:
            yield self._counted(use, "cached input tokens", "cached_input", "cached_tokens")
            yield self._written(use, self.prompt_cache)
        yield self._counted(use, "output tokens", "output", "output_tokens")
        yield Metered("calls", self._meter("call"), use.counts["calls"], CALL, if_priced=True)

    def _counted(self, use: OnlineUse, item: str, what: str, kind: str, stand_in: StandIn | None = None) -> Metered:
        by_prompt = use.tokens.get(kind, ())
        return Metered(item, self._meter(what), use.counts[kind], UNIT, stand_in=stand_in, by_prompt=by_prompt)

    def _written(self, use: OnlineUse, cache: PromptCache) -> Metered:
        """Return what is written to the prompt cache: for up to five minutes, or at the price of an hour."""
        item, kind = "prompt cache writes", "written_tokens"
        if not cache.is_long:
            return self._counted(use, item, "cache_write", kind, StandIn(self._meter("input"), 0.0))
        unless_short = StandIn(self._meter("input"), 0.0, unless=self._meter("cache_write"))
        return self._counted(use, f"one-hour {item}", "cache_write_1h", kind, unless_short)

    @property
    def limited_tokens(self) -> float:
        """Mean number of tokens that a call takes of the limit, with a warm prompt cache if there is one."""
        cache = self.prompt_cache
        return self.mean_tokens - (0.0 if cache is None or cache.limited else cache.prefix)

    @override
    def steady(self, asked: AskedHours) -> SteadyHours:
        """Return what its limits admit on average, and the tokens of that."""
        per_s, cache = asked.per_s, self.prompt_cache
        warm = -np.expm1(-per_s * cache.lifetime_s) if cache else np.zeros(per_s.size)
        per_minute = np.maximum(per_s, 1e-12) * MINUTE_S
        limited = self.mean_tokens - (0.0 if cache is None or cache.limited else cache.prefix * warm)
        admitted = np.minimum((self.requests_per_minute or math.inf) / per_minute, 1.0)
        admitted = np.minimum(admitted, (self.tokens_per_minute or math.inf) / (per_minute * limited))
        calls = asked.computations * admitted
        prefix, total = (cache.prefix if cache else 0), float(calls.sum())
        hits = float((calls * warm).sum())
        shared = prefix if cache else 0
        counts = {
            "calls": total,
            "refused": float((asked.computations * (1 - admitted)).sum()),
            "input_tokens": total * (self.mean_input_tokens - shared),
            "cached_tokens": hits * shared,
            "written_tokens": (total - hits) * shared,
            "output_tokens": total * self.mean_output_tokens,
        }
        inside = self.by_prompt()
        return SteadyHours(
            busy_replica_s=np.zeros(per_s.size),
            provisioned_replica_s=np.zeros(per_s.size),
            replicas_peak=0.0,
            given_up=np.zeros(per_s.size),
            refused=1 - admitted,
            waited=nobody_waits(per_s.size),
            answered=mixed(self._drawn_times_s(0), self._drawn_times_s(prefix), warm),
            service_s=thinned(self._drawn_times_s(prefix if self.prompt_cache else 0)),
            counts=counts,
            tokens=self._split(inside, total, hits),
            leaves_out=("chance at the rate limits, and what is tried again",) if self.refuses else (),
        )

    def _split(self, inside: tuple[ByPrompt, ByPrompt, ByPrompt], total: float, hits: float) -> dict[str, ByPrompt]:
        """Return the tokens of so many calls by the length of prompts, some of which find the prompt cache warm."""
        calls, inputs, outputs = inside
        shared = self.prompt_cache.prefix if self.prompt_cache else 0
        read = tuple(
            (number, part - shared * chance) for (number, part), (_, chance) in zip(inputs, calls, strict=True)
        )
        return {
            "input_tokens": scaled_by_prompt(read, total),
            "cached_tokens": scaled_by_prompt(calls, hits * shared),
            "written_tokens": scaled_by_prompt(calls, (total - hits) * shared),
            "output_tokens": scaled_by_prompt(outputs, total),
        }

    def _drawn_times_s(self, cached: int) -> FloatArray:
        """Return times of calls as they may be drawn, so many of whose tokens are read from the prompt cache. [s]"""
        rng = np.random.default_rng(0)
        tokens = self.draw_tokens(rng, STEADY_SAMPLE)
        inputs, outputs = tokens >> TOKEN_BITS, tokens & (2**TOKEN_BITS - 1)
        reading_s = self.first_token.per_input_token_s * np.maximum(inputs - cached, 0)
        time_s = self.first_token.base_s + reading_s + self.per_token_s * outputs
        return np.asarray(time_s * self.noise.draw(rng, STEADY_SAMPLE))

    @override
    def facts(self, asked: Asked) -> Iterator[Fact]:
        yield from ()

    @override
    def call_facts(self, asked: Asked, pricing: Pricing | None) -> Iterator[Fact]:
        """Yield what a call is and costs, and what the limits admit of so many."""
        from simulator.theory.rate_limit import token_bucket_refused_fraction  # noqa: PLC0415  (scipy: start-up time)

        yield "tokens per call, mean", f"{self.mean_input_tokens:,.4g} in, {self.mean_output_tokens:,.4g} out"
        yield "time of a call, mean", about_duration(self.mean_service_s)
        per_minute = asked.per_s * MINUTE_S
        limits = (
            ("calls", per_minute, self.requests_per_minute),
            ("tokens", per_minute * self.limited_tokens, self.tokens_per_minute),
        )
        for what, wanted, limit in limits:
            of_limit = "" if limit is None else f", {wanted / limit * 100:.3g} % of the limit"
            yield f"{what} per minute, busiest hour, if all is computed", f"{wanted:,.0f}{of_limit}"
            if limit is not None and wanted > limit:
                told = f"more {what} per minute are asked for than are admitted; what is refused is asked again"
                yield "warning", told
        if self.requests_per_minute is not None and asked.per_s > 0 and self.most_requests <= LARGEST_BUCKET:
            share = token_bucket_refused_fraction(asked.per_s, self.requests_per_minute / MINUTE_S, self.most_requests)
            at_once = f"{share * 100:.3g} %, as {self.most_requests:.4g} may come at once"
            yield "calls refused at first in that hour, if they come at random, about", at_once
        if pricing is not None:
            yield from self._costs(pricing)

    def _costs(self, pricing: Pricing) -> Iterator[Fact]:
        cache, inputs = self.prompt_cache, self.mean_input_tokens
        if cache is None:
            yield "cost of 1,000 calls", _usd(pricing(self._calls(inputs, 0.0, 0.0)))
            return
        rest, warm, cold = inputs - cache.prefix, "that find the prompt cache warm", "that find it cold"
        yield f"cost of 1,000 calls {warm}", _usd(pricing(self._calls(rest, cache.prefix, 0.0)))
        yield f"cost of 1,000 calls {cold}", _usd(pricing(self._calls(rest, 0.0, cache.prefix)))

    def _calls(self, read: float, cached: float, written: float) -> Iterator[Metered]:
        """Yield what 1,000 calls use, whose prompts have so much in common that is cached, or written to the cache."""
        calls, inputs, outputs = self.by_prompt()
        shared = tuple(
            (number, inside - (cached + written) * chance)
            for (number, inside), (_, chance) in zip(inputs, calls, strict=True)
        )
        counts = {"input": read, "cached": cached, "written": written, "output": self.mean_output_tokens}
        parts = {
            "input": shared,
            "cached": scaled_by_prompt(calls, cached),
            "written": scaled_by_prompt(calls, written),
            "output": outputs,
        }
        numbers = {"calls": CALLS, **{f"{name}_tokens": CALLS * count for name, count in counts.items()}}
        tokens = {f"{name}_tokens": scaled_by_prompt(part, CALLS) for name, part in parts.items()}
        return self.used(OnlineUse(0.0, numbers, tokens=tokens))

    @override
    def row_facts(self, pricing: Pricing | None) -> Iterator[Fact]:
        if pricing is not None:
            yield "cost of 1,000 predictions", _usd(pricing(self.worked(BatchWork(1.0, CALLS, {}))))

    @override
    def warnings(self, found: Finding) -> Iterator[Warned]:
        """Warn where the rate limits bind."""
        tried = found.refused + found.calls
        if found.refused > MOST_REFUSED_FRACTION * tried:
            limits = f"the rate limits of '{found.name}' bind: {found.refused / tried:.1%} of the calls are refused"
            yield Warned(Topic.LIMITS, f"{limits}, those that are tried again included.")

    @override
    def expected_makespan_s(self, users: int, writes_per_s: float) -> float:
        """Return about how long a run over ``users`` takes: the mean over some drawn runs. [s]"""
        return self.expected_run(users, writes_per_s).makespan_s

    @override
    def expected_run(self, users: int, writes_per_s: float) -> ExpectedRun:
        """Return it as the mean over some drawn runs, whose jobs come back and are written one after the other."""
        begin_s = self.feature_pipeline.duration_s
        if users == 0:
            return ExpectedRun(begin_s, begin_s, np.zeros(0), {})
        jobs = min(math.ceil(users / self.shard), MOST_DRAWN)
        runs = max(1, min(RUNS_DRAWN, MOST_DRAWN // jobs))
        back_s = np.sort(self.batch.window.draw_s(np.random.default_rng(0), runs * jobs).reshape(runs, jobs))
        write_s, number = users / jobs / writes_per_s, np.arange(jobs)
        written_s = np.maximum.accumulate(back_s - write_s * number, axis=1) + write_s * (number + 1)
        last_s = written_s[:, -1]
        return ExpectedRun(
            makespan_s=begin_s + float(last_s.mean()),
            makespan_p95_s=begin_s + float(np.quantile(last_s, 0.95)),
            written_s=begin_s + written_s.mean(axis=0),
            worker_s={},
            leaves_out=(f"runs vary: the mean over {runs} drawn ones",),
        )

    @override
    def run(
        self,
        env: simpy.Environment,
        shard_users: Sequence[int],
        rng: np.random.Generator,
        writes_per_s: float,
        written: Callable[[int], None],
        spans: list[WorkerSpan],
        writer: StoreWriter | None = None,
    ) -> Generator[simpy.Event, None, None]:
        """Hand in a job for each shard at once, and write what comes back, first come, first written."""
        del spans
        yield env.timeout(self.feature_pipeline.duration_s)
        handed_in_s = env.now
        back_s = self.batch.window.draw_s(rng, len(shard_users))
        store = writer or StoreWriter()

        def job(shard: int) -> Generator[simpy.Event, None, None]:
            yield env.timeout(max(handed_in_s + float(back_s[shard]) - env.now, 0.0))
            yield env.timeout(store.done_s(env.now, shard_users[shard] / writes_per_s) - env.now)
            written(shard)

        jobs = [env.process(job(shard)) for shard in np.argsort(back_s, kind="stable").tolist()]
        yield from jobs

    @property
    @override
    def overlaps(self) -> bool:
        """Whether a run starts when it is due: a provider takes jobs while others are still with it."""
        return True

    @override
    def worked(self, work: BatchWork) -> Iterator[Metered]:
        """Yield the tokens of all rows: their number times the mean, as no call of a batch is drawn on its own."""
        off, call = self.batch.discount_fraction, self._meter("call")
        means = self.mean_input_tokens, self.mean_output_tokens
        for side, tokens, parts in zip(("input", "output"), means, self.by_prompt()[1:], strict=True):
            yield Metered(
                f"{side} tokens",
                self._meter(f"batch_{side}"),
                work.rows * tokens,
                UNIT,
                stand_in=None if off is None else StandIn(self._meter(side), off),
                by_prompt=scaled_by_prompt(parts, work.rows),
            )
        as_call = StandIn(call, 0.0, unless=call) if off is None else StandIn(call, off)
        yield Metered("calls", self._meter("batch_call"), work.rows, CALL, stand_in=as_call, if_priced=True)


def _usd(amount_usd: float) -> str:
    return f"{amount_usd:,.4g} USD"


def _mean(tokens: AnyTokens | None) -> float:
    assert tokens is not None
    return tokens.mean_tokens
