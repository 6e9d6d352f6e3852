"""What AWS calls the kinds of usage that it charges, and the meters that count them here.

An offer file, a cost and usage report and its FOCUS export all name usage in one way, such as
``USE2-BoxUsage:m5.large``: the region, where it is not us-east-1, and the kind.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from simulator.core.units import HOUR_S, MONTH_S
from simulator.prices.price import ROW, Price, Tier

GB_MONTH_H: Final = MONTH_S / HOUR_S
"""A GB-month as the hours of a 30-day month; AWS counts a GB as 2^30 bytes. [GiB h]"""
_REGION: Final = re.compile(r"(?:[A-Z]{3}[0-9]|EU)-")
"""What stands before a kind of usage outside us-east-1; ``IA-`` is a class of storage, and no region."""
_LINUX: Final = "RunInstances"
"""The operation of machines that run Linux without further licences; others have a code behind it."""


@dataclass(frozen=True)
class Counted:
    """How a meter here counts a kind of usage."""

    meters: tuple[str, ...]
    unit: str
    factor: float = 1.0
    """Units of the meter in one that AWS charges."""
    size_step: str = ""
    """A row is charged once per started step of its size, as books write it; empty where size does not matter."""


_GIB_H: Final = "GiB h"
_KINDS: Final[Mapping[tuple[str, str], Counted]] = MappingProxyType(
    {
        ("AmazonDynamoDB", "WriteRequestUnits"): Counted(("dynamodb_on_demand/write",), ROW, size_step="1 KiB"),
        ("AmazonDynamoDB", "ReadRequestUnits"): Counted(
            ("dynamodb_on_demand/read", "feature_store/read"), ROW, size_step="4 KiB"
        ),
        ("AmazonDynamoDB", "TimedStorage-ByteHrs"): Counted(
            ("dynamodb_on_demand/storage", "dynamodb_provisioned/storage"), _GIB_H, GB_MONTH_H
        ),
        ("AmazonDynamoDB", "WriteCapacityUnit-Hrs"): Counted(("dynamodb_provisioned/write_capacity",), "unit h"),
        ("AmazonDynamoDB", "ReadCapacityUnit-Hrs"): Counted(("dynamodb_provisioned/read_capacity",), "unit h"),
        ("AWSLambda", "Lambda-GB-Second"): Counted(("aws_lambda/gb_second",), "GiB s"),
        ("AWSLambda", "Lambda-GB-Second-ARM"): Counted(("aws_lambda_arm/gb_second",), "GiB s"),
        ("AWSLambda", "Request"): Counted(("aws_lambda/request",), "request"),
        ("AWSLambda", "Request-ARM"): Counted(("aws_lambda_arm/request",), "request"),
        ("AmazonS3", "Requests-Tier1"): Counted(("s3_standard/write",), ROW),
        ("AmazonS3", "Requests-Tier2"): Counted(("s3_standard/read",), ROW),
        ("AmazonS3", "TimedStorage-ByteHrs"): Counted(("s3_standard/storage",), _GIB_H, GB_MONTH_H),
        ("AmazonKinesis", "OnDemand-StreamHour"): Counted(("kinesis_on_demand/stream",), "h"),
        ("AmazonKinesis", "OnDemand-BilledIncomingBytes"): Counted(("kinesis_on_demand/in",), "GiB"),
        ("AmazonKinesis", "OnDemand-BilledOutgoingBytes"): Counted(("kinesis_on_demand/out",), "GiB"),
        ("AWSDataTransfer", "DataTransfer-Out-Bytes"): Counted(("egress",), "GiB"),
        ("AmazonEC2", "DataTransfer-Out-Bytes"): Counted(("egress",), "GiB"),
    }
)
_MACHINES: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("AmazonEC2", "BoxUsage"): "instance/{}/on_demand",
        ("AmazonEC2", "SpotUsage"): "instance/{}/spot",
        ("AmazonElastiCache", "NodeUsage"): "elasticache/{}",
    }
)


def counted(service: str, usage_type: str, operation: str) -> Counted | None:
    """Return how a kind of usage is counted here; None where no meter counts it.

    Parameters
    ----------
    service
        Its code, such as ``AmazonEC2``.
    usage_type
        Such as ``USE2-BoxUsage:m5.large``.
    operation
        Such as ``RunInstances``, which tells Linux from other systems.
    """
    kind, _, machine = _REGION.sub("", usage_type, count=1).partition(":")
    if not machine:
        return _KINDS.get((service, kind))
    meter = _MACHINES.get((service, kind))
    if meter is None or "/" in machine or (service == "AmazonEC2" and operation.partition(":") != (_LINUX, "", "")):
        return None
    return Counted((meter.format(machine),), "h")


@dataclass(frozen=True)
class Step:
    """One step of a graduated price, in the units that AWS charges."""

    begin: float
    end: float
    usd: float


def prices(how: Counted, steps: Sequence[Step], source: str = "") -> Iterator[Price]:
    """Yield the price of each meter that counts a kind of usage.

    Parameters
    ----------
    how
        How it is counted.
    steps
        By where they begin, without gaps; a first one of 0 is what is free.
    source
        Where it was read, if not where all of the list was.
    """
    free = steps[0].end * how.factor if steps[0].usd == 0 and len(steps) > 1 else 0.0
    charged = steps[1:] if free else steps
    terms: dict[str, object] = {"free": free} if free else {}
    if len(charged) == 1:
        terms["usd"] = charged[0].usd
    else:
        terms["tiers"] = tuple(Tier(up_to=step.end * how.factor - free, usd=step.usd) for step in charged)
    if how.factor != 1:
        terms["per"] = how.factor
    if how.size_step:
        terms["size_step"] = how.size_step
    for meter in how.meters:
        yield Price.model_validate({"meter": meter, "unit": how.unit, "source": source, **terms})
