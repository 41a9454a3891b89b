import pytest

from web_modules.fhir_store.validation.narrative import wrong_in_narrative


def div(content: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>'


@pytest.mark.parametrize(
    "text",
    [
        div("<p>Ada <b>Ferrar</b><br/>&lt;script&gt; &#160; \u00e9</p>"),
        div('<table class="x"><tr><td style="color: red" colspan="2">x</td></tr></table>'),
        div(
            '<a href="https://x.example/?a=b:c">x</a><a href="#b">y</a><a href="Patient/1">z</a><a name="b"/>'
        ),
        div('<img src="data:image/png;base64,YQ==" alt="x"/>'),
        div('<p xml:lang="cy" lang="cy">x</p><!-- a remark -->'),
        '<h:div xmlns:h="http://www.w3.org/1999/xhtml">x</h:div>',
    ],
)
def test_text_with_formatting_may_be_shown(text: str) -> None:
    assert wrong_in_narrative(text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "well-formed"),
        ("plain", "well-formed"),
        (div("<p>"), "well-formed"),
        (div("&nope;"), "well-formed"),
        ("<div>x</div>", "The narrative must be"),
        ('<p xmlns="http://www.w3.org/1999/xhtml">x</p>', "The narrative must be"),
        (div(" <br/> "), "empty"),
        (div("<script>x</script>"), "element"),
        (div("<SCRIPT>x</SCRIPT>"), "element"),
        (div('<iframe src="x"/>'), "element"),
        (div("<form>x</form>"), "element"),
        (div('<svg xmlns="http://www.w3.org/2000/svg">x</svg>'), "element"),
        (div('<p onclick="x()">x</p>'), "attribute"),
        (div('<p OnClick="x()">x</p>'), "attribute"),
        (div('<a xmlns:l="http://www.w3.org/1999/xlink" l:href="javascript:x()">x</a>'), "attribute"),
        (div('<a href="javascript:x()">x</a>'), "link"),
        (div('<a href=" JavaScript&#58;x()">x</a>'), "link"),
        (div('<a href="java&#10;script:x()">x</a>'), "link"),
        (div('<img src="data:image/svg+xml,x"/>'), "link"),
        (div("<!--><script>x</script>-->x"), "DTD"),
        (div("<![CDATA[<script>x</script>]]>"), "DTD"),
        (div("<?php x ?>x"), "DTD"),
        ('<!DOCTYPE div [<!ENTITY a "b">]>' + div("&a;"), "DTD"),
    ],
)
def test_what_could_run_or_is_no_xhtml_is_refused(text: str, words: str) -> None:
    found = wrong_in_narrative(text)
    assert found is not None
    assert words in found
