"""Load tests whose truth is known, played request by request and written as the tools write them."""

import heapq
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simulator.core.arrays import FloatArray

TRITON = (
    "Concurrency,Inferences/Second,Client Send,Network+Server Send/Recv,Server Queue,Server Compute Input,"
    "Server Compute Infer,Server Compute Output,Client Recv,p50 latency,p90 latency,p95 latency,p99 latency"
)
K6 = (
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,proto,scenario,"
    "service,status,subproto,tls_version,url,extra_tags"
)
LOCUST = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)


@dataclass(frozen=True)
class Server:
    """What is measured."""

    slots: int = 2
    service_s: float = 0.02
    cv: float = 0.3
    pause_s: float = 0.0
    """Of each client, between an answer and its next request."""


@dataclass(frozen=True)
class Loop:
    """What clients of a closed loop saw."""

    clients: int
    ended_s: FloatArray
    latency_s: FloatArray
    service_s: FloatArray

    @property
    def per_s(self) -> float:
        return self.ended_s.size / float(self.ended_s[-1] - self.ended_s[0])


def played(server: Server, clients: int, requests: int = 4_000, seed: int = 1) -> Loop:
    """Return the answers of a closed loop, without its first tenth."""
    rng = np.random.default_rng(seed)
    spread = math.log1p(server.cv**2)
    services = server.service_s * np.exp(rng.normal(-spread / 2, math.sqrt(spread), requests))
    asking = [(0.0, client) for client in range(clients)]
    free = [0.0] * server.slots
    ended, latency = np.empty(requests), np.empty(requests)
    for place in range(requests):
        asked_s, client = heapq.heappop(asking)
        ended[place] = max(asked_s, heapq.heappop(free)) + services[place]
        latency[place] = ended[place] - asked_s
        heapq.heappush(free, float(ended[place]))
        heapq.heappush(asking, (float(ended[place]) + server.pause_s, client))
    order = np.argsort(ended)[requests // 10 :]
    return Loop(clients, ended[order], latency[order], services[order])


def quantiles(loop: Loop, *shares: float) -> list[float]:
    return [float(np.quantile(loop.latency_s, share)) for share in shares]


def triton(loops: Sequence[Loop], path: Path, batch: int = 1, network_s: float = 0.001) -> Path:
    lines = [TRITON]
    for loop in sorted(loops, key=lambda each: each.per_s):
        service, latency = float(loop.service_s.mean()), float(loop.latency_s.mean())
        rate = loop.clients / (latency + network_s) * batch
        parts = [0, network_s * 1e6, (latency - service) * 1e6, 0, service * 1e6, 0, 0]
        cells = [loop.clients, round(rate, 2), *map(round, parts)]
        cells += [round((each + network_s) * 1e6) for each in quantiles(loop, 0.5, 0.9, 0.95, 0.99)]
        lines.append(",".join(map(str, cells)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def k6_points(loops: Sequence[Loop]) -> Iterator[tuple[str, float, float]]:
    """Yield metric, time and value, one number of clients after another."""
    begin_s = 1_720_612_800.0
    for loop in loops:
        ended = loop.ended_s - loop.ended_s[0]
        seconds = int(ended[-1])
        inside = ended < seconds
        yield from (("vus", begin_s + second, loop.clients) for second in range(seconds))
        pairs = zip(ended[inside], loop.latency_s[inside], strict=True)
        yield from (("http_req_duration", begin_s + float(end), float(took) * 1e3) for end, took in pairs)
        begin_s += seconds


def k6_csv(loops: Sequence[Loop], path: Path, name: str = "POST /predict") -> Path:
    lines = [K6]
    for metric, time_s, value in k6_points(loops):
        tags = f",,,true,,POST,{name},HTTP/1.1,default,,200,,,," if metric != "vus" else "," * 14
        lines.append(f"{metric},{int(time_s)},{value:.6f},{tags}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def k6_json(loops: Sequence[Loop], path: Path) -> Path:
    lines = ['{"type":"Metric","data":{"name":"http_req_duration","type":"trend"},"metric":"http_req_duration"}']
    for metric, time_s, value in k6_points(loops):
        time = np.datetime64(int(time_s * 1e6), "us").astype(str) + "Z"
        tags = {"name": "predict", "expected_response": "true", "status": "200"} if metric != "vus" else {}
        lines.append(
            json.dumps({"type": "Point", "metric": metric, "data": {"time": time, "value": value, "tags": tags}})
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def locust(loop: Loop, path: Path, failures: int = 0) -> Path:
    shares = (0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0)
    mean, count = float(loop.latency_s.mean()) * 1e3, loop.latency_s.size
    cells = [count, failures, round(mean), mean, 1, 999, 120, loop.per_s, 0.0]
    cells += [each * 1e3 for each in quantiles(loop, *shares)]
    row = ",".join(f"{cell:.10g}" for cell in cells)
    path.write_text(f"{LOCUST}\nPOST,/predict,{row}\n,Aggregated,{row}\n", encoding="utf-8")
    return path


def aiperf(loop: Loop, path: Path, **others: Any) -> Path:
    latency = {f"p{share}": quantiles(loop, share / 100)[0] * 1e3 for share in (50, 90, 95, 99)}
    tree = {
        "request_throughput": {"unit": "requests/sec", "avg": loop.per_s},
        "request_latency": {
            "unit": "ms",
            "avg": float(loop.latency_s.mean()) * 1e3,
            **latency,
            "std": float(loop.latency_s.std(ddof=1)) * 1e3,
        },
        "time_to_first_token": {"unit": "ms", "avg": 5.0},
        "inter_token_latency": {"unit": "ms", "avg": 0.25},
        "output_sequence_length": {"unit": "tokens", "avg": 64.0},
        "request_count": {"unit": "requests", "avg": float(loop.latency_s.size)},
        "error_summary": [],
        "input_config": {"loadgen": {"concurrency": loop.clients}},
        **others,
    }
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def guidellm(loops: Sequence[Loop], path: Path, at: str = "config") -> Path:
    def distribution(values: FloatArray) -> dict[str, Any]:
        percentiles = {f"p{share}": float(np.quantile(values, share / 100)) for share in (50, 90, 95, 99)}
        spread = {"std_dev": float(values.std()), "count": values.size, "percentiles": percentiles}
        return {"successful": {"mean": float(values.mean()), **spread}}

    benchmarks = [
        {
            at: {"strategy": {"type_": "concurrent", "streams": loop.clients}},
            "metrics": {
                "request_totals": {"successful": loop.latency_s.size, "errored": 0, "incomplete": 0},
                "requests_per_second": {"successful": {"mean": loop.per_s}},
                "request_latency": distribution(loop.latency_s),
                "time_to_first_token_ms": {"successful": {"mean": 5.0}},
                "inter_token_latency_ms": {"successful": {"mean": 0.25}},
                "output_token_count": {"successful": {"mean": 64.0}},
            },
        }
        for loop in loops
    ]
    path.write_text(json.dumps({"benchmarks": benchmarks}), encoding="utf-8")
    return path
