"""What every metric means, in a sentence or two, for the reference and for whoever shows one.

How each is counted is told in more detail by `simulator.simulation.metrics`.
"""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "Traffic": {
        "logins": "Logins over the horizon; a visit that comes back after one counts as another.",
        "requests": "Requests over the horizon.",
        "requests_per_s_mean": "Mean request rate over the horizon.",
        "requests_per_s_peak": "Request rate of the busiest minute.",
        "daily_active_fraction": "Share of all users with a login in a day: the mean over the horizon's whole days.",
        "weekly_active_fraction": "The same of 7 days. Absent where the horizon is shorter.",
        "monthly_active_fraction": "The same of 28 days. Absent where the horizon is shorter.",
        "dispersion_1s": "Variance over mean of a second's requests, against the hour's mean; 1 for a Poisson process.",
        "dispersion_60s": "The same of a minute.",
    },
    "Predictions": {
        "predictions_computed": "Predictions computed over the horizon, by whatever means.",
        "predictions_computed_batch": "Those of batch runs.",
        "predictions_computed_online": "Those computed at a request, or to renew what a request found.",
        "predictions_computed_nearline": "Those computed after events.",
        "predictions_wasted": "Predictions that ended unread: replaced, expired or evicted, within the horizon.",
        "wasted_fraction": "Share that nobody had read, of the predictions whose use was over within the horizon.",
        "coverage": "Share of requests answered by what was computed ahead, in a batch or after an event.",
        "cache_hit_ratio": "Share of requests that an online prediction answered which was kept.",
        "computed_fraction": "Share of requests that were answered by computing.",
        "default_fraction": "Share of requests that got the default response: misses, time-outs, refusals.",
    },
    "Age of the answers that are predictions": {
        "age_mean_s": "Mean age: from the features' snapshot to the answer.",
        "age_p50_s": "Median age.",
        "age_p95_s": "95th percentile of the age.",
        "age_p99_s": "99th percentile of the age.",
        "stale_fraction": "Mean of 1 - 2^(-age / half-life). Absent without `model.half_life`.",
    },
    "Latency": {
        "latency_mean_s": "Mean of what a user waits: store read, queue, hold, cold start, computation.",
        "latency_p50_s": "Median latency.",
        "latency_p95_s": "95th percentile of the latency.",
        "latency_p99_s": "99th percentile of the latency.",
        "latency_p999_s": "99.9th percentile of the latency.",
        "latency_p99_busiest_hour_s": "99th percentile of the latency in the hour with the most answers.",
        "slo_attainment": "Share of requests within `slo.latency_p99`. Absent without that bound.",
    },
    "Waits and failures": {
        "wait_mean_s": "Mean wait for a computation to begin, over all requests, those too that asked no backend.",
        "wait_p50_s": "Median wait.",
        "wait_p95_s": "95th percentile of the wait.",
        "wait_p99_s": "99th percentile of the wait.",
        "waited_fraction": "Share of requests that waited at all.",
        "timeout_fraction": "Share of requests that gave up waiting, after all retries.",
        "refused_fraction": "Share of requests that were refused at last, after all retries.",
        "fallback_fraction": "Share of requests that got what was stored as the backend failed (`on_failure: stored`).",
        "retries_per_call": "Retries over calls of the backends.",
    },
    "Fleets and instances": {
        "replicas_mean": "Mean number of replicas, or of live instances of a serverless backend.",
        "replicas_peak": "Most replicas at a time.",
        "utilisation": "Busy over provisioned replica time.",
        "requests_per_batch": "Mean number of requests computed together, where batches are made.",
        "instance_cold_start_fraction": "Share of the calls of a serverless backend that started an instance.",
    },
    "Batch runs that ended within the horizon": {
        "batch_makespan_mean_s": "Mean time from the start of a run to its last publication.",
        "batch_makespan_p95_s": "95th percentile of it.",
        "deadline_miss_fraction": "Share of runs published after `slo.batch_deadline`, or that never began.",
        "batch_reclaims_mean": "Workers reclaimed in a run, on average. Only where they can be.",
        "lost_shards_fraction": "Share of the shards begun that were lost with their worker and done again.",
    },
    "Money and energy": {
        "cost_usd_per_month": "The bill for a 30-day month.",
        "cost_usd_per_1k_requests": "The bill over the requests.",
        "wasted_usd_per_month": "The price of what nobody read, the room that it took in the store included.",
        "kwh_per_month": "Energy of the instances; an estimate, told with its range.",
        "kg_co2e_per_month": "Emissions of the instances; an estimate, told with its range.",
    },
    "Quality and value, where asked for": {
        "quality_mean": "Mean quality of all answers, relative to a fresh prediction of the scenario's model.",
        "value_usd_per_month": "`value.per_request` times quality, summed over a month.",
        "net_value_usd_per_month": "Value less cost.",
    },
}
"""By group, in the order in which reports show them."""
