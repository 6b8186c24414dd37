"""From fields to what a schema reads, and back to the fields."""

import pytest
from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from hub.core.problems import Unprocessable
from hub.web import forms
from hub.web.forms import Form
from hub.web.i18n import translated
from hub.web.schemas import StrictSchema, Whole, Words
from tests.web.small import AddSchema

PATH = "/w/north/messages"


def test_a_form_is_read_as_the_api_reads_json():
    """Names are paths; an empty field is absent; an empty box is false; buttons and tokens are nobody's business."""
    sent = [
        ("to/phone", "+79161234567"),
        ("name", "Anna"),
        ("kind", ""),
        ("limit", "12"),
        ("csrf_token", "x"),
        ("save", ""),
    ]
    sent += [("scopes", "a"), ("scopes", "b"), ("credentials/token", "t"), ("credentials/empty", "")]

    assert {
        "to": {"phone": "+79161234567"},
        "name": "Anna",
        "limit": 12,
        "test": False,
        "scopes": ["a", "b"],
        "credentials": {"token": "t"},
    } == forms.load(AddSchema(), MultiDict(sent))


def test_what_is_no_number_is_for_the_schema_to_refuse():
    with pytest.raises(Unprocessable) as refusal:
        forms.load(AddSchema(), MultiDict({"limit": "many", "name": "x", "to/phone": "+7"}))

    assert ["/to/phone", "/limit"] == [fault.pointer for fault in refusal.value.errors]


@pytest.mark.parametrize("limit", ["--5", "5" * 5000, "٣", "1.0"])
def test_what_only_looks_like_a_number_is_refused(limit):
    with pytest.raises(Unprocessable) as refusal:
        forms.load(AddSchema(), MultiDict({"limit": limit, "name": "x", "to/phone": "+79161234567"}))

    assert ["/limit"] == [fault.pointer for fault in refusal.value.errors]


def test_a_field_that_is_sent_twice_shows_one_value(web):
    sent = {"to/phone": ["+7", "+8"], "name": ["Anna", "Eve"], "kind": ["b", "b"], "limit": ["x", "y"]}

    answer = web.post(PATH, data=sent)

    assert (422, True) == (answer.status_code, 'value="Anna"' in answer.text)


def test_a_refused_form_keeps_what_was_typed_but_no_secret(web):
    answer = web.post(PATH, data={"to/phone": "+7 <916>", "name": "Anna", "secret": "hunter2", "kind": "b"})

    assert 422 == answer.status_code
    assert 'value="+7 &lt;916&gt;"' in answer.text
    assert '<option value="b" selected>' in answer.text
    assert "hunter2" not in answer.text


def test_a_box_that_was_emptied_stays_empty(web):
    assert "checked" in web.get(PATH).text
    assert "checked" not in web.post(PATH, data={"name": "Anna"}).text


def test_each_mistake_is_at_its_field_and_in_the_summary(web):
    web.set_cookie("language", "ru")

    html = web.post(PATH, data={"to/phone": "+7", "name": "Anna"}).text

    assert '<a href="#f-to-phone">Phone: Длина — от 3 до 20 символов.</a>' in html
    assert 'aria-describedby="f-to-phone-error" aria-invalid="true"' in html
    assert "В форме 1 ошибка" in html


def test_a_service_finds_the_field_as_the_schema_does(web):
    html = web.post(PATH, data={"to/phone": "+7916", "name": "Anna"}).text

    assert '<a href="#f-to-phone">Phone: This is not a phone number.</a>' in html


def test_a_mistake_inside_a_field_is_shown_at_the_field():
    assert "Not a valid string." == Form(errors={"tags/0": "Not a valid string."}).error("tags")
    assert "" == Form(errors={"tagsoup": "Not a valid string."}).error("tags")


def test_a_thing_fills_its_form():
    form = Form.filled({"name": "Main", "credentials": {"sid": "AC1"}, "scopes": ["a", "b"]})

    assert ("Main", "AC1") == (form.value("name"), form.value("credentials/sid"))
    assert (True, False) == (form.holds("scopes", "a"), form.holds("scopes", "c"))


RULES = [
    (Words(required=True), None),
    (Words(), None),
    (Words(), 7),
    (Words(), "\0"),
    (Whole(), "x"),
    (fields.Boolean(), "x"),
    (fields.DateTime(), "x"),
    (fields.List(Words()), "x"),
    (fields.Dict(), "x"),
    (fields.Url(), "x"),
    (fields.Email(), "x"),
    (Words(validate=validate.Length(2)), "x"),
    (Words(validate=validate.Length(max=2)), "xxx"),
    (Words(validate=validate.Length(1, 2)), "xxx"),
    (Whole(validate=validate.Range(2)), 1),
    (Whole(validate=validate.Range(max=2)), 3),
    (Whole(validate=validate.Range(1, 2)), 3),
    (Words(validate=validate.OneOf(["a", "b"])), "c"),
    (Words(validate=validate.Regexp("a")), "c"),
]


@pytest.mark.parametrize(("rule", "value"), RULES)
def test_marshmallow_speaks_russian(app, rule, value):
    schema = StrictSchema.from_dict({"it": rule})()
    with pytest.raises(ValidationError) as refusal:
        schema.load({"it": value} if value is not None or not rule.required else {})
    (text,) = refusal.value.normalized_messages()["it"]

    with app.test_request_context(headers={"Accept-Language": "ru"}):
        shown = translated(text)

    assert any("а" <= letter <= "я" for letter in shown.lower()), text
    assert "{" not in shown
