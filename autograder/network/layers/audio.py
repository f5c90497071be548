"""Spectrograms."""

from __future__ import annotations

from typing import Any

from autograder.core.language import gettext_noop
from autograder.core.messages import phrase
from autograder.network.architecture import Shape
from autograder.network.layers.fields import CHANNELS_LAST
from autograder.network.layers.record import Family, Field, Layer, add
from autograder.network.shapes import Measured, Misfit, Settings, known, need_rank, window, words
from autograder.network.values import boolean, choice, integer, number, optional

SPECTROGRAM = Family(gettext_noop("a spectrogram layer"), "spectrogram")

_LENGTH = integer(1, 2**14)
_WINDOW = Field(optional(choice("hann", "hamming")), "hann")
# The kinds of spectrogram for which only the real part, or only the imaginary part, is computed.
_ONE_PART = frozenset({"real", "imag"})


def _frames(settings: dict[str, Any]) -> None:
    """Default step and FFT length: half a frame, and a whole frame."""
    if settings["frame_step"] is None:
        settings["frame_step"] = settings["frame_length"] // 2
    if settings["fft_length"] is None:
        settings["fft_length"] = settings["frame_length"]


def _stft(settings: Settings, shape: Shape) -> Measured:
    need_rank(shape, 3, "STFTSpectrogram")
    channels, length = known(shape[-1], "STFTSpectrogram"), settings["frame_length"]
    frequencies = settings["fft_length"] // 2 + 1
    count = length * frequencies * (1 if settings["mode"] in _ONE_PART else 2)
    if settings["mode"] == "stft":
        frequencies *= 2
    steps = window(shape[1], length, settings["frame_step"], settings["padding"])
    last = (frequencies, channels) if settings["expand_dims"] else (frequencies * channels,)
    return Measured((shape[0], steps, *last), count, count)


def _mel_defaults(settings: dict[str, Any]) -> None:
    if settings["sequence_length"] is None:
        settings["sequence_length"] = settings["fft_length"]
    if settings["max_freq"] is None:
        settings["max_freq"] = float(settings["sampling_rate"] // 2)


def _mel(settings: Settings, shape: Shape) -> Measured:
    if len(shape) != 2:
        raise Misfit(phrase("MelSpectrogram reads one series of samples, but gets {shape}", shape=words(shape)))
    stride = settings["sequence_stride"]
    steps = None if shape[1] is None else (shape[1] + stride + 1) // stride
    return Measured((shape[0], settings["num_mel_bins"], steps))


add(
    Layer(
        "STFTSpectrogram",
        SPECTROGRAM,
        {
            "mode": Field(choice("log", "magnitude", "psd", "real", "imag", "angle", "stft"), "log"),
            "frame_length": Field(_LENGTH, 256),
            "frame_step": Field(optional(_LENGTH)),
            "fft_length": Field(optional(_LENGTH)),
            "window": _WINDOW,
            "periodic": Field(boolean, False),
            "scaling": Field(optional(choice("density", "spectrum")), "density"),
            "padding": Field(choice("valid", "same"), "valid"),
            "expand_dims": Field(boolean, False),
            **CHANNELS_LAST,
        },
        _stft,
        weighted=True,
        complete=_frames,
    ),
    Layer(
        "MelSpectrogram",
        SPECTROGRAM,
        {
            "fft_length": Field(_LENGTH, 2048),
            "sequence_stride": Field(_LENGTH, 512),
            "sequence_length": Field(optional(_LENGTH)),
            "window": _WINDOW,
            "sampling_rate": Field(integer(1, 2**20), 16000),
            "num_mel_bins": Field(integer(1, 4096), 128),
            "min_freq": Field(number(0, 1e6), 20.0),
            "max_freq": Field(optional(number(0, 1e6))),
            "power_to_db": Field(boolean, True),
            "top_db": Field(number(0, 1e6), 80.0),
            "mag_exp": Field(number(0, 1e6), 2.0),
            "min_power": Field(number(0, 1e6), 1e-10),
            "ref_power": Field(number(0, 1e6), 1.0),
        },
        _mel,
        complete=_mel_defaults,
    ),
)
