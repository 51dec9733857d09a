"""Training state of a torch model and its optimiser, kept as arrays and JSON; never pickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from detectors import artifacts


def save(
    folder: Path | str,
    *,
    fingerprint: str,
    model: nn.Module,
    optimiser: torch.optim.Optimizer | None = None,
    generator: torch.Generator | None = None,
    extra: Mapping[str, NDArray[Any]] | None = None,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Keep all that a training needs to go on; `state` is whatever else of it JSON can hold."""
    arrays = {f"model.{name}": array for name, array in module_arrays(model).items()}
    groups: list[dict[str, Any]] = []
    if optimiser is not None:
        kept = optimiser.state_dict()
        groups = [
            {name: value for name, value in group.items() if name != "params"}
            for group in kept["param_groups"]
        ]
        for index, values in kept["state"].items():
            for name, value in values.items():
                arrays[f"optimiser.{index}.{name}"] = torch.as_tensor(value).cpu().numpy()
    if generator is not None:
        arrays["generator"] = generator.get_state().numpy()
    arrays |= {f"extra.{name}": array for name, array in (extra or {}).items()}
    artifacts.write_checkpoint(
        folder, fingerprint=fingerprint, arrays=arrays, state={"state": dict(state or {}), "groups": groups}
    )


def resume(
    folder: Path | str,
    *,
    fingerprint: str,
    model: nn.Module,
    optimiser: torch.optim.Optimizer | None = None,
    generator: torch.Generator | None = None,
    extra: dict[str, NDArray[Any]] | None = None,
) -> dict[str, Any]:
    """Put back what `save` kept of this training and give its `state`, or {} where nothing was kept.

    `extra`, a dict, receives the extra arrays.
    """
    found = artifacts.read_checkpoint(folder, fingerprint=fingerprint)
    if found is None:
        return {}
    arrays, kept = found
    restore_module(model, _under(arrays, "model."))
    if optimiser is not None:
        _restore_optimiser(optimiser, _under(arrays, "optimiser."), kept["groups"])
    if generator is not None:
        generator.set_state(torch.from_numpy(arrays["generator"]))
    if extra is not None:
        extra.update(_under(arrays, "extra."))
    return kept["state"]


def module_arrays(module: nn.Module) -> dict[str, NDArray[Any]]:
    """Give every parameter and buffer of a module by name."""
    return {name: value.detach().cpu().contiguous().numpy() for name, value in module.state_dict().items()}


def restore_module(module: nn.Module, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Put arrays back into a module. Raises ConfigError if names or shapes are not those of the module."""
    try:
        module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
    except RuntimeError:
        raise artifacts.ConfigError(
            "The file's weights do not fit the network that its settings describe; make it again."
        ) from None


def _restore_optimiser(
    optimiser: torch.optim.Optimizer, arrays: Mapping[str, NDArray[Any]], groups: list[dict[str, Any]]
) -> None:
    states: dict[int, dict[str, torch.Tensor]] = {}
    for key, array in arrays.items():
        index, _, name = key.partition(".")
        states.setdefault(int(index), {})[name] = torch.from_numpy(np.array(array))
    now = optimiser.state_dict()["param_groups"]
    merged = [{**group, "params": own["params"]} for group, own in zip(groups, now, strict=True)]
    optimiser.load_state_dict({"state": states, "param_groups": merged})


def _under(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
