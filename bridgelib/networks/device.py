"""The devices that JAX computes on."""

from typing import Any

import jax

from bridgelib.errors import ConfigError


def visible_devices() -> list[Any]:
    """All devices, those of other processes included.

    Raises:
        ConfigError: There is none of the kind that JAX_PLATFORMS asks for.
    """
    try:
        return jax.devices()
    except (AssertionError, RuntimeError) as error:  # JAX's own; the first is without a word
        wanted, told = jax.config.values["jax_platforms"], str(error).splitlines()
        raise ConfigError(
            "JAX_PLATFORMS",
            given=f"JAX has no device of JAX_PLATFORMS={wanted}{f': {told[0]}' if told else ''}",
            do="python -m bridgelib.doctor tells why; to compute on the CPU, set JAX_PLATFORMS=cpu",
        ) from None
