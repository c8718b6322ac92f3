"""How much disk a run's checkpoints will take, told before it starts. Standard library only."""

from dataclasses import dataclass

_FLOAT = 4  # bytes of a float32


@dataclass(frozen=True)
class CheckpointForecast:
    """The disk that one run needs.

    Attributes:
        count: Checkpoints that lie there at once, the one being written included.
        bytes_each: The size of one.
        policy_bytes: The exported policy.
    """

    count: int
    bytes_each: int
    policy_bytes: int

    @property
    def total(self) -> int:
        """Bytes in all."""
        return self.count * self.bytes_each + self.policy_bytes

    def __str__(self) -> str:
        return f"{self.count} checkpoints of {self.bytes_each / 1e6:.0f} MB, {self.total / 1e9:.2f} GB in all"


def bytes_of_checkpoint(parameters: int, target_parameters: int = 0, moments: int = 2) -> int:
    """Weights, the moments that Adam keeps of each, and the targets where an algorithm keeps any, in float32."""
    return _FLOAT * ((1 + moments) * parameters + target_parameters)


def checkpoint_forecast(
    parameters: int,
    *,
    num_steps: int,
    save_interval: int,
    keep_last: int,
    keep_every: int | None,
    target_parameters: int = 0,
    moments: int = 2,
) -> CheckpointForecast:
    """The disk a run needs at its largest.

    Args:
        parameters: How many weights are trained.
        num_steps, save_interval: As in the experiment.
        keep_last, keep_every: As for `Checkpoints`.
        target_parameters: How many weights have a slowly moving copy.
        moments: Values the optimisers keep per weight, two for each loss.
    """
    saved = -(-num_steps // save_interval)
    periodic = num_steps // keep_every if keep_every else 0
    kept = min(saved, keep_last + periodic) + 1  # and the best
    return CheckpointForecast(
        count=kept + 1,  # and the one being written
        bytes_each=bytes_of_checkpoint(parameters, target_parameters, moments),
        policy_bytes=_FLOAT * parameters,
    )
