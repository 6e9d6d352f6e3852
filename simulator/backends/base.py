"""What every backend states."""

from typing import Annotated, Literal

from pydantic import Field

from simulator.backends.service_time.base import AnyServiceTime
from simulator.core.component import Component, OneOf


class Backend(Component):
    """Machines that compute predictions."""

    instance: Annotated[str, Field(min_length=1, max_length=80, examples=["g4dn.xlarge"])]
    """Instance type, as the price book names it."""
    purchase: Literal["on_demand", "spot"] = "on_demand"
    """How the instances are bought."""
    service_time: AnyServiceTime
    """How long a batch of predictions takes on one slot or worker."""

    @property
    def meter(self) -> str:
        """The meter that its hours are counted on."""
        return f"instance/{self.instance}/{self.purchase}"


AnyBackend = Annotated[Backend, OneOf("simulator.backends")]
