"""The colours of the screen by what they mean, for the night and the day theme."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One theme's colours as ``#RRGGBB``. Red, yellow and cyan belong to alarms alone.

    ``mark`` is the drawing colour of blood pressure, ``hatch`` of gaps and stale values,
    ``ahead`` the ground of the time still to come, ``alarm_edge`` what every alarm block is
    outlined with (yellow and cyan on white have too little contrast of their own).
    """

    bg: str
    panel: str
    panel2: str
    panel3: str
    line: str
    line2: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_fill: str
    accent_text: str
    accent_hover: str
    due_fill: str
    due_line: str
    due_text: str
    mark: str
    pulse: str
    spo2: str
    dose_fill: str
    dose_edge: str
    limit: str
    grid_fine: str
    grid: str
    hatch: str
    ahead: str
    alarm_edge: str
    high: str
    high_text: str
    medium: str
    medium_text: str
    low: str
    low_text: str

    def alarm(self, priority: str) -> tuple[str, str]:
        """Fill and text colour of ``high``, ``medium`` or ``low``."""
        return {
            "high": (self.high, self.high_text),
            "medium": (self.medium, self.medium_text),
            "low": (self.low, self.low_text),
        }[priority]


NIGHT = Tokens(
    bg="#0A0D12",
    panel="#12171F",
    panel2="#1A212C",
    panel3="#232C3A",
    line="#26303E",
    line2="#3A4759",
    text="#E9EDF3",
    text2="#B7C1CF",
    text3="#929EAF",
    accent="#8DB4FF",
    accent_fill="#25529F",
    accent_text="#FFFFFF",
    accent_hover="#2D60B8",
    due_fill="#14223B",
    due_line="#5E8FE8",
    due_text="#C3D7FF",
    mark="#F1F4F8",
    pulse="#6FDC8C",
    spo2="#C6ABFF",
    dose_fill="#2E3C52",
    dose_edge="#7E93B3",
    limit="#5D6B7F",
    grid_fine="#1B232E",
    grid="#2C3746",
    hatch="#2C3746",
    ahead="#12171F",
    alarm_edge="#FFFFFF",
    high="#D4121C",
    high_text="#FFFFFF",
    medium="#FFD400",
    medium_text="#141200",
    low="#35D6EC",
    low_text="#04191D",
)

DAY = Tokens(
    bg="#E6EAF0",
    panel="#FFFFFF",
    panel2="#F2F5F8",
    panel3="#E4E9F0",
    line="#D2D9E2",
    line2="#A9B5C4",
    text="#0F151E",
    text2="#374354",
    text3="#556275",
    accent="#1858B8",
    accent_fill="#1858B8",
    accent_text="#FFFFFF",
    accent_hover="#124A9E",
    due_fill="#E2ECFB",
    due_line="#1858B8",
    due_text="#0D3B80",
    mark="#0F151E",
    pulse="#0A763A",
    spo2="#6632C4",
    dose_fill="#D9E1EC",
    dose_edge="#5A6C86",
    limit="#8490A1",
    grid_fine="#EBEFF3",
    grid="#CFD7E0",
    hatch="#CFD7E0",
    ahead="#F2F5FA",
    alarm_edge="#000000",
    high="#CC0F19",
    high_text="#FFFFFF",
    medium="#FFD400",
    medium_text="#141200",
    low="#35D6EC",
    low_text="#04191D",
)
