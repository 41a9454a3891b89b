"""The window's style sheet, written from the tokens: the only place that styles a widget by its name."""
# ruff: noqa: E501  (rules of a style sheet, one a line)

from collections.abc import Callable
from string import Template

from shell.main_window.tokens import Tokens

_SHEET = """
* { font-family: "Open Sans", "Noto Sans", "DejaVu Sans"; font-size: ${p13}; color: $text; }
#content, #middle { background: $canvas; }
QLabel { background: transparent; }
QLabel[kind="quiet"] { color: $quiet; }
QLabel[kind="small"] { color: $quiet; font-size: ${p12}; }
QLabel[kind="smallText"] { font-size: ${p12}; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="cap"] { color: $quiet; font-size: ${p12}; font-weight: 600; }
QLabel[kind="read"] { font-size: ${p14}; }
QLabel[kind="heading"] { font-size: ${p16}; font-weight: 600; }
QLabel[kind="title"] { font-size: ${p20}; font-weight: 600; }
QLabel[kind="code"] { font-size: ${p24}; font-weight: 700; }
QLabel[kind="ok"] { color: $ok; font-weight: 600; }
QLabel[kind="warn"] { color: $warn; font-weight: 600; }
QLabel[kind="bad"] { color: $bad; font-weight: 600; }
QLabel[kind="key"] { color: $quiet; background: $surface; border: 1px solid $line; border-bottom: 2px solid $line;
    border-radius: ${p4}; padding: 0 ${p5}; font-size: ${p12}; font-weight: 600; }
QLabel[kind="keyOnBrand"] { color: $on_brand; background: transparent; border: 1px solid rgba(255,255,255,102);
    border-radius: ${p4}; padding: 0 ${p5}; font-size: ${p12}; font-weight: 600; }
QToolTip { color: $text; background: $raised; border: 1px solid $line_control; padding: ${p4}; }

#topBar { background: $brand; }
#topBar QLabel { color: $on_brand; }
#topBar #mark { font-size: 15px; font-weight: 600; }
#topBar QLabel[kind="brandQuiet"] { color: $on_brand_quiet; }
#topBar QLabel[kind="brandSmall"] { color: $on_brand_quiet; font-size: ${p12}; }
#topBar QLabel[kind="brandStrong"] { font-weight: 600; }
#findField { background: $brand_field; border: 1px solid $brand_line; border-radius: ${p4}; }
#findField QLabel[kind="brandQuiet"] { color: $on_brand_quiet; }
#findField:hover { border-color: $on_brand; }
#findField:focus, #person:focus { border: 3px solid $focus; }
#person { background: transparent; border: 0; border-radius: ${p4}; }
#topBar #avatar { background: #FFFFFF; color: $avatar_ink; border-radius: ${p14}; font-size: ${p12}; font-weight: 700; }
#rule { background: rgba(255,255,255,64); }
#referenceStripe, #warningStripe { background: $warn_solid; }
#referenceStripe QLabel, #warningStripe QLabel { color: $ink; }
#referenceStripe QLabel[kind="strong"], #warningStripe QLabel[kind="strong"] { color: $ink; font-weight: 600; }

#lock { background: $canvas; }

#banner { background: $surface; border-bottom: 1px solid $line_control; }
#banner QLabel[kind="name"] { font-size: ${p20}; font-weight: 700; }
#banner QLabel[kind="value"] { font-size: ${p15}; font-weight: 600; }
#banner QLabel[kind="label"] { color: $quiet; }
#banner #zoneTwo { background: $canvas; border-top: 1px solid $line; }
#banner #say { background: $warn_tint; border-top: 1px solid $warn_line; }
#banner #allergies { background: $surface; border: 1px dashed $line_control; border-radius: ${p4}; }
#banner #allergies QLabel { font-weight: 600; }
#banner #edge { background: $accent; }
#banner[state="nobody"] #edge { background: $line_control; }
#banner[state="nobody"] QLabel[kind="name"] { color: $quiet; font-size: ${p16}; font-weight: 600; }
#banner[state="dead"] #zoneOne QLabel { color: #FFFFFF; }
#banner[state="dead"] #zoneOne QLabel[kind="key"] { color: #212B32; background: #FFFFFF; }
#banner[state="dead"] #edge { background: #FFFFFF; }
#banner[state="dead"] #zoneTwo { background: $dead_two; border-top: 1px solid #212B32; }
#banner[state="dead"] #zoneOne #died { background: #FFFFFF; color: #212B32; font-weight: 700; font-size: ${p15};
    border-radius: ${p4}; padding: ${p2} ${p10}; }

#rail { background: $canvas; border-right: 1px solid $line; }
#railRow { border-radius: ${p4}; background: transparent; border: 0; }
#railRow:hover { background: $sunken; }
#railRow[on="true"] { background: $accent_tint; }
#railRow QLabel { color: $text; }
#railRow QLabel[kind="small"] { color: $quiet; }
#railRow QLabel[kind="function"] { font-weight: 600; }
#railRow QLabel[kind="count"] { font-weight: 600; font-size: ${p12}; color: $warn; background: $warn_tint; border: 1px solid $warn_line; border-radius: ${p4}; padding: 0 ${p6}; }
#railRow[on="true"] QLabel[kind="function"] { color: $rail_ink; }
#railFoot { border-top: 1px solid $line; }
#recent { background: transparent; border: 0; border-radius: ${p4}; text-align: left; padding: 0; }
#recent:hover { background: $sunken; }
#recent QLabel { font-size: ${p12}; }

#functionBar { background: $surface; border-bottom: 1px solid $line; }
#tag { border: 1px solid $line; border-radius: ${p4}; background: $surface; }
#tag QLabel { color: $quiet; font-size: ${p12}; font-weight: 600; }
#tag[tone="accent"] { border-color: $accent_line; background: $accent_tint; }
#tag[tone="accent"] QLabel { color: $accent; }
#tag[tone="warn"] { border-color: $warn_line; background: $warn_tint; }
#tag[tone="warn"] QLabel { color: $warn; }
#link { color: $accent; background: transparent; border: 0; text-decoration: underline; font-size: ${p12}; padding: ${p2}; }
#link:focus { background: $focus; color: $ink; }
#viewSwitch { border: 1px solid $line_control; border-radius: ${p4}; background: $surface; }
#viewSwitch QPushButton { border: 0; border-left: 1px solid $line; background: transparent; padding: 0 ${p12}; }
#viewSwitch QPushButton:first-child, #viewSwitch QPushButton[first="true"] { border-left: 0; }
#viewSwitch QPushButton:hover { background: $sunken; }
#viewSwitch QPushButton:checked { background: $accent; color: $on_accent; font-weight: 600; }
#viewSwitch QPushButton:focus { border: 2px solid $focus_ink; background: $focus; color: $ink; }
#viewSwitch QPushButton[size="tall"] { min-height: ${p37}; }
QPushButton:disabled { color: $line_control; }

#strip { background: $sunken; border-bottom: 1px solid $line; }
#strip QLabel { color: $quiet; font-size: ${p12}; }
#strip QLabel[kind="strong"] { color: $text; font-weight: 600; }
#strip QLabel[kind="warn"] { color: $warn; font-weight: 600; }
#strip[active="true"] { background: $accent_tint; border-top: 3px solid $accent; border-bottom: 1px solid $accent_line; }
#strip[pointed="true"] { background: $focus; }
#strip[pointed="true"] QLabel { color: $ink; }
#strip[active="true"] QLabel { color: $text; }
#strip[active="true"] QLabel[kind="warn"] { color: $warn; }
#strip QLabel#pill { background: $accent; color: $on_accent; border-radius: ${p3}; padding: 0 ${p6}; font-size: ${p11};
    font-weight: 600; }
QSplitter::handle { background: $line; }
#legacyPaneEdge { background: $warn_tint; color: $warn; padding: ${p4} ${p12}; border-top: 1px solid $warn_line; }

#notice { background: $accent_tint; border-bottom: 1px solid $accent_line; }
#notice[tone="warn"] { background: $warn_tint; border-bottom: 1px solid $warn_line; }
#notice[tone="bad"] { background: $bad_tint; border-bottom: 1px solid $bad; }
#statusBar { background: $surface; border-top: 1px solid $line; }
#statusBar QLabel { color: $quiet; font-size: ${p12}; }
#statusBar QLabel[tone="ok"], #draftCell[tone="ok"] { color: $ok; }
#statusBar QLabel[tone="warn"], #draftCell[tone="warn"] { color: $warn; font-weight: 600; }
#statusBar QLabel[tone="bad"] { color: $bad; font-weight: 600; }
#statusBar QLabel[tone="strong"] { color: $text; font-weight: 600; }
#statusBar QWidget[pointed="true"] { background: $focus; border-radius: ${p3}; }
#statusBar QWidget[pointed="true"] QLabel { color: $ink; }
#divider { background: $line; }

QPushButton[kind="plain"] { background: $surface; color: $accent; border: 1px solid $accent; border-radius: ${p4};
    padding: 0 ${p12}; font-weight: 600; min-height: ${h30}; }
QPushButton[kind="plain"]:hover { background: $accent_tint; }
QPushButton[kind="main"] { background: $ok_solid; color: #FFFFFF; border: 1px solid $ok_solid; border-bottom: 2px solid $ok_shadow;
    border-radius: ${p4}; padding: 0 ${p12}; font-weight: 600; min-height: ${h30}; }
QPushButton[kind="text"] { background: transparent; color: $accent; border: 1px solid transparent; border-radius: ${p4};
    padding: 0 ${p8}; font-weight: 600; min-height: ${h30}; }
QPushButton[kind="text"]:hover { background: $sunken; }
QPushButton[size="tall"] { min-height: ${p37}; }
QPushButton:disabled { background: $sunken; color: $quiet; border-color: $line; }

#card { background: $raised; border: 1px solid $card_line; border-radius: ${p8}; }
#veilCard { background: $raised; border: 1px solid $card_line; border-top: 6px solid $warn_solid; border-radius: ${p8}; }
#identity { background: $surface; border: 2px solid $line_control; border-radius: ${p8}; }
#identitySmall { background: $surface; border: 1px solid $line_control; border-radius: ${p4}; }
#fadeRule { background: $line; }
#palette { background: $raised; border: 1px solid $card_line; border-radius: ${p8}; }
#paletteField { background: transparent; border: 0; font-size: ${p16}; selection-background-color: $accent;
    selection-color: $on_accent; padding: 0; }
#signInField { background: $surface; border: 1px solid $line_control; border-radius: ${p4}; font-size: ${p16};
    selection-background-color: $accent; selection-color: $on_accent; padding: 0 ${p10}; }
#signInField:focus { border: 3px solid $focus; }
#signInList { background: $surface; border: 1px solid $line; border-radius: ${p4}; outline: 0; }
#paletteTop { border-bottom: 1px solid $line; }
#paletteWarn { background: $warn_tint; border-bottom: 1px solid $warn_line; }
#paletteFoot { background: $canvas; border-top: 1px solid $line; border-bottom-left-radius: ${p8};
    border-bottom-right-radius: ${p8}; }
#paletteRow { background: transparent; border: 0; border-left: 3px solid transparent; }
#paletteRow:hover { background: $sunken; }
#paletteRow[on="true"] { background: $accent_tint; border-left: 3px solid $accent; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: 0; }
QScrollBar, QAbstractScrollArea::corner { background: transparent; border: 0; margin: 0; }
QScrollBar:vertical { width: ${p12}; } QScrollBar:horizontal { height: ${p12}; }
#rail QScrollBar:vertical { width: ${p6}; }
QScrollBar::handle { background: $line_control; border-radius: ${p4}; margin: ${p2}; }
QScrollBar::handle:vertical { min-height: ${p28}; } QScrollBar::handle:horizontal { min-width: ${p28}; }
QScrollBar::handle:hover { background: $line_strong; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent;
    width: 0; height: 0; }
QMenu { background: $raised; border: 1px solid $line_control; }
QMenu::item { padding: ${p6} ${p16}; } QMenu::item:selected { background: $accent_tint; color: $text; }
"""


def style_sheet(tokens: Tokens, px: Callable[[float], int]) -> str:
    """Write the style sheet.

    Args:
        tokens: the colours.
        px: turns a drawn length into pixels of this window.
    """
    values: dict[str, str] = {name: getattr(tokens, name) for name in Tokens.__slots__}
    values |= {f"p{size}": f"{px(size)}px" for size in range(2, 41)}
    is_dark = tokens.surface != "#FFFFFF"
    values |= {
        "h30": f"{px(28)}px",
        "avatar_ink": tokens.brand if tokens.brand != "#000000" else "#005EB8",
        "rail_ink": tokens.accent if is_dark else _darker(tokens.accent),
        "dead_two": tokens.canvas if is_dark else "#E1E5E7",
        "card_line": tokens.line_control if is_dark else tokens.line,
    }
    return Template(_SHEET).substitute(values)


def _darker(colour: str) -> str:
    """A colour of the light scheme for text on its own tint."""
    return "#003F7D" if colour == "#005EB8" else "#5A1B3D"
