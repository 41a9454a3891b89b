"""The colours of the window, as data: light, dark and high contrast, for live work and for training."""

from dataclasses import dataclass, replace
from enum import Enum


class Scheme(Enum):
    """The colour schemes."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One scheme's colours by their role; text on its ground has a contrast of at least 4.5 to 1."""

    canvas: str
    surface: str
    sunken: str
    raised: str
    line: str
    line_control: str
    line_strong: str
    text: str
    quiet: str
    brand: str
    brand_field: str
    brand_line: str
    on_brand: str
    on_brand_quiet: str
    accent: str
    on_accent: str
    accent_tint: str
    accent_line: str
    ok: str
    ok_solid: str
    ok_shadow: str
    warn: str
    warn_solid: str
    warn_tint: str
    warn_line: str
    bad: str
    bad_solid: str
    bad_tint: str
    learn: str
    learn_tint: str
    hatch_one: str
    hatch_two: str
    scrim: str
    focus: str = "#FFEB3B"
    focus_ink: str = "#212B32"
    ink: str = "#212B32"
    """Text on amber and on the focus colour, in every scheme."""


LIGHT = Tokens(
    canvas="#F0F4F5",
    surface="#FFFFFF",
    sunken="#E8EDEE",
    raised="#FFFFFF",
    line="#D8DDE0",
    line_control="#768692",
    line_strong="#4C6272",
    text="#212B32",
    quiet="#4C6272",
    brand="#005EB8",
    brand_field="#004B93",
    brand_line="rgba(255,255,255,77)",
    on_brand="#FFFFFF",
    on_brand_quiet="#D6E6F4",
    accent="#005EB8",
    on_accent="#FFFFFF",
    accent_tint="#E5EFF8",
    accent_line="#99BFE3",
    ok="#00662F",
    ok_solid="#007F3B",
    ok_shadow="#00401E",
    warn="#6B4700",
    warn_solid="#FFB81C",
    warn_tint="#FFF4D9",
    warn_line="#E0A100",
    bad="#B01F15",
    bad_solid="#D5281B",
    bad_tint="#FBE9E7",
    learn="#7C2855",
    learn_tint="#F5E9EF",
    hatch_one="#E8EDEE",
    hatch_two="#DDE3E6",
    scrim="#99212B32",
)

DARK = Tokens(
    canvas="#12181D",
    surface="#1A2228",
    sunken="#0D1216",
    raised="#222C33",
    line="#303C45",
    line_control="#7B8C98",
    line_strong="#9AA9B3",
    text="#E8EDEE",
    quiet="#AFBDC6",
    brand="#00356B",
    brand_field="#00264F",
    brand_line="rgba(255,255,255,77)",
    on_brand="#FFFFFF",
    on_brand_quiet="#C3D7EA",
    accent="#62AEEF",
    on_accent="#001627",
    accent_tint="#16324B",
    accent_line="#2F6596",
    ok="#7AD3A0",
    ok_solid="#0B8043",
    ok_shadow="#04361B",
    warn="#FFCB57",
    warn_solid="#FFB81C",
    warn_tint="#3A2E10",
    warn_line="#8E6A12",
    bad="#FF9C93",
    bad_solid="#D5281B",
    bad_tint="#411B18",
    learn="#E79BC0",
    learn_tint="#3B1C2B",
    hatch_one="#0D1216",
    hatch_two="#151C21",
    scrim="#A6000000",
    focus_ink="#12181D",
)

CONTRAST = Tokens(
    canvas="#000000",
    surface="#000000",
    sunken="#000000",
    raised="#000000",
    line="#8A8A8A",
    line_control="#FFFFFF",
    line_strong="#FFFFFF",
    text="#FFFFFF",
    quiet="#FFFFFF",
    brand="#000000",
    brand_field="#000000",
    brand_line="#FFFFFF",
    on_brand="#FFFFFF",
    on_brand_quiet="#FFFFFF",
    accent="#8FD6FF",
    on_accent="#001627",
    accent_tint="#002B45",
    accent_line="#8FD6FF",
    ok="#8CF0B4",
    ok_solid="#006B32",
    ok_shadow="#8CF0B4",
    warn="#FFD84D",
    warn_solid="#FFD84D",
    warn_tint="#000000",
    warn_line="#FFD84D",
    bad="#FFB0A8",
    bad_solid="#B01F15",
    bad_tint="#000000",
    learn="#FFB3D6",
    learn_tint="#000000",
    hatch_one="#000000",
    hatch_two="#262626",
    scrim="#D9000000",
    focus_ink="#000000",
)

_SCHEMES = {Scheme.LIGHT: LIGHT, Scheme.DARK: DARK, Scheme.CONTRAST: CONTRAST}
_PLUM_FIELD = {Scheme.LIGHT: "#5F1E41", Scheme.DARK: "#5F1E41", Scheme.CONTRAST: "#000000"}
_PLUM_BAR = {Scheme.LIGHT: "#7C2855", Scheme.DARK: "#6B2249", Scheme.CONTRAST: "#000000"}


def tokens_of(scheme: Scheme, *, is_training: bool) -> Tokens:
    """The colours of a scheme; training is plum wherever live work is blue, and never otherwise."""
    tokens = _SCHEMES[scheme]
    if not is_training:
        return tokens
    return replace(
        tokens,
        brand=_PLUM_BAR[scheme],
        brand_field=_PLUM_FIELD[scheme],
        on_brand_quiet="#F5E9EF" if scheme is not Scheme.CONTRAST else "#FFFFFF",
        accent=tokens.learn,
        on_accent="#FFFFFF" if scheme is Scheme.LIGHT else "#2B0F1D",
        accent_tint=tokens.learn_tint,
        accent_line="#C79AB1" if scheme is Scheme.LIGHT else tokens.learn,
    )
