"""The kernel as a PyTensor Op, so that an ordinary PyMC model can use it and nutpie can compile it."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from modeling.domain import kernel


class MarginalLikelihood(Op):  # type: ignore[misc]
    """(beta, log tau, log sigma, packed statistics) → value and its three gradients.

    The gradients are outputs beside the value, so the sampler's graph evaluates the kernel once for both.
    """

    __props__ = ()
    itypes = (pt.dvector, pt.dvector, pt.dscalar, pt.dvector)
    otypes = (pt.dscalar, pt.dvector, pt.dvector, pt.dscalar)

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(v) for v in inputs], [make() for make in self.otypes])

    def perform(self, _node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        beta, log_tau, log_sigma, buffer = (np.ascontiguousarray(v, dtype=np.float64) for v in inputs)
        value, d_beta, d_tau, d_sigma = kernel.likelihood_of_buffer(beta, log_tau, float(log_sigma), buffer)
        for storage, result in zip(output_storage, (value, d_beta, d_tau, d_sigma), strict=True):
            storage[0] = np.asarray(result)

    def infer_shape(self, _graph: Any, _node: Apply, shapes: list[Any]) -> list[Any]:
        return [(), shapes[0], shapes[1], ()]

    def connection_pattern(self, _node: Apply) -> list[list[bool]]:
        parameters, data = [[True, False, False, False]] * 3, [[False] * 4]
        return parameters + data

    def L_op(self, inputs: list[Any], outputs: list[Any], output_grads: list[Any]) -> list[Any]:  # noqa: N802
        upstream = output_grads[0]
        return [upstream * d for d in outputs[1:]] + [DisconnectedType()() for _ in inputs[3:]]


@register_funcify_default_op_cache_key(MarginalLikelihood)  # type: ignore[untyped-decorator]
def _compile(_op: MarginalLikelihood, **_: Any) -> tuple[Callable[..., Any], int]:
    """The numba implementation; the kernel's source belongs to the key of PyTensor's cache on disk."""
    likelihood = kernel.likelihood_of_buffer

    @numba_njit
    def marginal(beta, log_tau, log_sigma, buffer):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        value, d_beta, d_tau, d_sigma = likelihood(beta, log_tau, log_sigma.item(), buffer)
        return np.asarray(value), d_beta, d_tau, np.asarray(d_sigma)

    return marginal, zlib.crc32(inspect.getsource(kernel).encode())


marginal_likelihood = MarginalLikelihood()
