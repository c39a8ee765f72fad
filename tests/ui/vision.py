"""Pictures as others see them: grey print, and three kinds of colour blindness.

The matrices are those of Machado, Oliveira and Fernandes, A physiologically-based model for
simulation of color vision deficiency, IEEE TVCG 2009;15:1291, severity 1.0; they act on linear RGB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

MATRICES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
#: Relative luminance of linear sRGB (IEC 61966-2-1), all three channels alike.
GREY = ((0.2126, 0.7152, 0.0722),) * 3

Pixels = NDArray[np.uint8]


def seen(image: QImage, kind: str) -> QImage:
    """The picture as with ``protanopia``, ``deuteranopia`` or ``tritanopia``, or in ``grey``."""
    matrix = np.array(GREY if kind == "grey" else MATRICES[kind])
    pixels = rgb(image)
    linear = _linear(pixels.astype(np.float64) / 255) @ matrix.T
    return _image((_encoded(np.clip(linear, 0, 1)) * 255).round().astype(np.uint8))


def luminance(color: tuple[int, int, int]) -> float:
    """Relative luminance of an sRGB colour, 0 to 1."""
    linear = _linear(np.array([color], dtype=np.float64) / 255)
    return float((linear @ np.array(GREY[0]))[0])


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def of_color(color: tuple[int, int, int], kind: str) -> tuple[int, int, int]:
    """One colour as it is seen."""
    image = QImage(1, 1, QImage.Format.Format_RGB888)
    image.setPixelColor(0, 0, QColor(*color))
    red, green, blue = (int(part) for part in rgb(seen(image, kind))[0, 0])
    return red, green, blue


def rgb(image: QImage) -> Pixels:
    """Height x width x 3."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), dtype=np.uint8)
    rows = flat.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 3]
    # A copy: the bits are the image's, and it goes when this function ends.
    return rows.reshape(image.height(), image.width(), 3).copy()


def _image(pixels: Pixels) -> QImage:
    height, width, _ = pixels.shape
    data = np.ascontiguousarray(pixels).tobytes()
    return QImage(data, width, height, width * 3, QImage.Format.Format_RGB888).copy()


def _linear(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _encoded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
