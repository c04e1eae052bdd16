"""The only door to onnxruntime: a model file that is loaded, recognised, warmed up and ready to run."""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from jidoka.inference.errors import ModelRefused
from jidoka.inference.form import Canvas, Form
from jidoka.inference.graph import Graph, Port
from jidoka.inference.recipe import REFERENCE, Recipe, extra_inputs, image_form, write_recipe
from jidoka.inference.recognise import Trial
from jidoka.inference.reference import ReferenceInput
from jidoka.inference.sidecar import Sidecar, load_sidecar
from jidoka.schemas import ModelRef

Array = npt.NDArray[Any]

# A plant's machines tell nobody outside what they run.
ort.disable_telemetry_events()

LARGEST_FILE = 2 * 2**30
UNSET_VERSION = 2**63 - 1
PROVIDERS = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """Where models run: `provider` is one of PROVIDERS or auto; 0 threads are as many as cores."""

    provider: str = "auto"
    threads: int = 0


class Model:
    """One loaded model. Its outputs are overwritten by its next run."""

    def __init__(self, session: ort.InferenceSession, ref: ModelRef, recipe: Recipe, extra: dict[str, Array]) -> None:
        self.ref, self.recipe = ref, recipe
        self.provider: str = session.get_providers()[0]
        self.canvas = Canvas(recipe.form)
        need = recipe.reference
        self.reference = ReferenceInput(recipe.form, extra[REFERENCE], need) if need else None
        self._session, self._extra = session, extra
        self._options, self._since = ort.RunOptions(), 0.0
        self._bound = _bind(session, self.canvas.tensor, extra, recipe.form)

    @classmethod
    def load(cls, path: Path, machine: Machine) -> Self:
        """The model of a local file. Raises ModelRefused with one sentence."""
        sidecar = load_sidecar(path)
        content = _read(path)
        session = _session(path, content, machine)
        graph = _graph(session)
        form = image_form(graph, sidecar)
        extra = extra_inputs(graph, form)
        outputs = _trial_run(session, form, extra)
        recipe = write_recipe(Trial(graph, form.width, form.height, outputs), form, sidecar)
        model = cls(session, _ref(path, content, session, sidecar), recipe, extra)
        model.run()
        return model

    def run(self) -> Sequence[Array]:
        """Outputs for what is drawn on `canvas`, in the order that the recipe's decoder wants.

        Raises ModelRefused when the model fails at it.
        """
        options = self._options = ort.RunOptions()
        self._since = time.monotonic()
        try:
            if self._bound:
                binding, outputs = self._bound
                self._session.run_with_iobinding(binding, options)
            else:
                feed = {self.recipe.form.name: self.canvas.tensor, **self._extra}
                outputs = self._session.run(None, feed, options)
        except _FAILURES as error:
            raise ModelRefused(f"it failed at run time: {_sentence(error)}") from error
        finally:
            self._since = 0.0
        return [outputs[index] for index in self.recipe.order]

    def stop_after(self, seconds: float) -> None:
        """End a run that another thread began more than `seconds` ago; it raises ModelRefused there."""
        if self._since and time.monotonic() - self._since > seconds:
            self._options.terminate = True


# onnxruntime's own exceptions share no base but Exception; they are named one by one in its C module.
_STATE = ort.capi.onnxruntime_pybind11_state
_FAILURES = (
    _STATE.Fail,
    _STATE.InvalidArgument,
    _STATE.InvalidGraph,
    _STATE.InvalidProtobuf,
    _STATE.NoModel,
    _STATE.NoSuchFile,
    _STATE.NotImplemented,
    _STATE.EPFail,
    _STATE.RuntimeException,
    RuntimeError,
    ValueError,
    MemoryError,
)


_NOISE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : |/onnxruntime_src/\S+:\d+ .*?\) ")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelRefused(f"{path.name} is larger than {LARGEST_FILE >> 30} GiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror}") from error


def _session(path: Path, content: bytes, machine: Machine) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = machine.threads
    options.inter_op_num_threads = 1
    # The pool's threads would otherwise spin between frames and take the cores of whoever shares them.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # External data is looked for beside the model only, although the bytes are loaded from memory.
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(path.parent.resolve()))
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    wanted = _providers(machine)
    try:
        session = ort.InferenceSession(content, options, providers=wanted)
    except _FAILURES as error:
        raise ModelRefused(f"{path.name} is no model that onnxruntime can load: {_sentence(error)}") from error
    if session.get_providers()[0] != wanted[0]:
        raise ModelRefused(f"{path.name} asked for {wanted[0]} and got {session.get_providers()[0]}")
    return session


def _providers(machine: Machine) -> list[str]:
    available = ort.get_available_providers()
    if machine.provider != "auto":
        wanted = PROVIDERS[machine.provider]
        if wanted not in available:
            raise ModelRefused(f"the provider {machine.provider} is not in this onnxruntime ({', '.join(available)})")
        return list(dict.fromkeys([wanted, PROVIDERS["cpu"]]))
    best = next(name for name in (PROVIDERS["cuda"], PROVIDERS["openvino"], PROVIDERS["cpu"]) if name in available)
    return list(dict.fromkeys([best, PROVIDERS["cpu"]]))


def _graph(session: ort.InferenceSession) -> Graph:
    ports = [tuple(_port(node) for node in nodes) for nodes in (session.get_inputs(), session.get_outputs())]
    return Graph(ports[0], ports[1], dict(session.get_modelmeta().custom_metadata_map))


def _port(node: Any) -> Port:
    dtype = str(node.type).removeprefix("tensor(").removesuffix(")")
    dtype = {"float": "float32", "double": "float64"}.get(dtype, dtype)
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in node.shape)
    return Port(node.name, dtype, shape)


def _trial_run(session: ort.InferenceSession, form: Form, extra: dict[str, Array]) -> Sequence[Array]:
    noise = np.random.default_rng(0).random(form.shape(), np.float32)
    tensor = (noise * 255).astype(np.uint8) if form.dtype == "uint8" else noise.astype(form.dtype)
    try:
        outputs: Sequence[Array] = session.run(None, {form.name: tensor, **extra})
    except _FAILURES as error:
        raise ModelRefused(f"it failed at its trial run: {_sentence(error)}") from error
    return outputs


def _bind(session: ort.InferenceSession, tensor: Array, extra: dict[str, Array], form: Form) -> Any:
    """(binding, outputs) that reuse their memory from run to run, or None where a size is only known after a run."""
    nodes = session.get_outputs()
    ports = [_port(node) for node in nodes]
    if form.fit == "native" or any(None in port.shape for port in (*ports, *_graph(session).inputs)):
        return None
    binding = session.io_binding()
    for name, value in {form.name: tensor, **extra}.items():
        binding.bind_cpu_input(name, value)
    outputs = [np.zeros([side or 1 for side in port.shape], port.dtype) for port in ports]
    for port, output in zip(ports, outputs, strict=True):
        binding.bind_output(port.name, "cpu", 0, output.dtype.type, list(output.shape), output.ctypes.data)
    return binding, outputs


def _ref(path: Path, content: bytes, session: ort.InferenceSession, sidecar: Sidecar) -> ModelRef:
    digest = hashlib.sha256(content).hexdigest()
    number = session.get_modelmeta().version
    version = sidecar.version or (str(number) if 0 < number < UNSET_VERSION else digest[:12])
    return ModelRef(name=sidecar.name or path.stem[:82], version=version, sha256=digest)


def _sentence(error: BaseException) -> str:
    """What onnxruntime says, without its error numbers and the places in its sources."""
    text = " ".join(_NOISE.sub("", str(error)).split()) or type(error).__name__
    return text[:300]
