"""The screens of provider accounts: list, one account, add, edit, hold, remove."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext  # type: ignore[import-untyped] # it has no types
from werkzeug.wrappers import Response

from channels import registry
from channels.base import Adapter
from hub.accounts import users
from hub.accounts.auth import current_actor, current_person, signed_in
from hub.accounts.scopes import Scope
from hub.accounts.users_store import User
from hub.core import clock, ids
from hub.core.problems import Fault, HubError, Unprocessable
from hub.routing import service, spend, store, words
from hub.routing.schemas import MONEY, AddProviderAccountSchema, ChangeProviderAccountSchema
from hub.routing.service import AddProviderAccount
from hub.routing.store import ProviderAccount
from hub.routing.watch import watch
from hub.web import currencies, forms
from hub.web.context import runtime
from hub.web.forms import Form

blp = Blueprint("routing_screens", __name__, template_folder="templates", url_prefix="/w/<slug>/provider-accounts")
CURRENCY = "USD"
Page = tuple[str, HTTPStatus]


@blp.get("")
@signed_in(Scope.PROVIDER_ACCOUNTS_READ)
def index() -> str:
    """List the accounts with their state and what they cost this month."""
    hub, actor = runtime(), current_actor()
    now = clock.now()
    with hub.db.transaction(actor.workspace_id) as session:
        accounts = store.of_workspace(session, actor.workspace_id)
        month = spend.of_month(session, actor.workspace_id, now)
        states = watch().states(session, actor.workspace_id, accounts, month, now)
    rows = [
        {
            "id": ids.show("acc", account.id),
            "account": account,
            "provider": registry.adapter(account.provider).title,
            "meter": month.accounts[account.id],
            "state": words.STATES[states[account.id]],
        }
        for account in accounts
    ]
    part = "HX-Request" in request.headers
    return render_template("routing/_list.html" if part else "routing/index.html", rows=rows, words=words)


@blp.get("/<account_id>")
@signed_in(Scope.PROVIDER_ACCOUNTS_READ)
def one(account_id: str) -> str:
    """Show an account."""
    return page(account_id, Form())


def page(account_id: str, form: Form) -> str:
    """Render one account; `form` is the one that sends a test message."""
    hub, actor = runtime(), current_actor()
    now = clock.now()
    with hub.db.transaction(actor.workspace_id) as session:
        account = service.find(session, service.read_id(account_id))
        month = spend.of_month(session, actor.workspace_id, now)
        state = watch().states(session, actor.workspace_id, [account], month, now)[account.id]
        errors = watch().last_errors(session, actor.workspace_id, [account.id]).get(account.id, [])
    meter = month.accounts[account.id]
    return render_template(
        "routing/_one.html" if "HX-Request" in request.headers else "routing/one.html",
        id=account_id,
        account=account,
        hooks=service.show(hub, account)["hooks"],
        stored=[words.credential(name) for name in sorted(account.credentials(hub.vault))],
        provider=registry.adapter(account.provider).title,
        meter=meter,
        state=words.STATES[state],
        errors=errors,
        owner=_owner(account),
        seems_unused=not (errors or meter.spent_micros or state == "working"),
        phone=current_person().phone or "",
        form=form,
        words=words,
    )


@blp.get("/new")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def new() -> str:
    """Choose a provider, then fill in what it asks for."""
    known = {adapter.name: adapter for adapter in registry.ADAPTERS}
    chosen = request.args.get("provider", "") if len(known) > 1 else next(iter(known))
    if chosen in known:
        return _form("routing/new.html", Form(), known[chosen])
    return render_template("routing/choose.html", providers=registry.ADAPTERS, words=words)


@blp.post("/new")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def add() -> Response | Page:
    """Add an account."""
    hub, actor = runtime(), current_actor()
    try:
        given = _given(AddProviderAccountSchema())
        command = AddProviderAccount(**given, owner_id=service.owner_of(actor))
        with hub.db.transaction(actor.workspace_id) as session:
            account = service.add(hub, session, actor.workspace_id, command, actor=actor.name)
    except (Unprocessable, service.NameTaken) as problem:
        adapter = next((a for a in registry.ADAPTERS if a.name == request.form.get("provider")), registry.ADAPTERS[0])
        return _form("routing/new.html", _refused(problem), adapter), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("%(name)s was added. Send a test message to see whether it works.", name=account.name))
    return _to(ids.show("acc", account.id))


@blp.get("/<account_id>/edit")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def edit(account_id: str) -> str:
    """Show what may be changed; secrets are never shown."""
    account = _account(account_id)
    shown = service.show(runtime(), account)
    content = {name: shown[name] for name in ("name", "sender", *MONEY)}
    known = account.monthly_ceiling or account.segment_price
    return _edit_form(Form.filled({**content, "currency": known.currency if known else CURRENCY}), account)


@blp.post("/<account_id>/edit")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def change(account_id: str) -> Response | Page:
    """Change an account; a secret that was left empty stays."""
    hub, actor = runtime(), current_actor()
    account = _account(account_id)
    try:
        changes = _given(ChangeProviderAccountSchema())
        del changes["held"]  # it has buttons of its own
        changes["credentials"] = {**account.credentials(hub.vault), **changes.get("credentials", {})}
        with hub.db.transaction(actor.workspace_id) as session:
            service.change(hub, session, account.id, changes, actor)
    except (Unprocessable, service.NameTaken) as problem:
        return _edit_form(_refused(problem), account), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(gettext("Saved. The next message is sent with the change."))
    return _to(account_id)


@blp.post("/<account_id>/hold")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def hold(account_id: str) -> Response:
    """Send nothing through it."""
    _hold(account_id, held=True)
    flash(gettext("The account is held: nothing is sent through it."))
    return _to(account_id)


@blp.post("/<account_id>/resume")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def resume(account_id: str) -> Response:
    """Send through it again."""
    _hold(account_id, held=False)
    flash(gettext("The account sends again."))
    return _to(account_id)


@blp.post("/<account_id>/remove")
@signed_in(Scope.PROVIDER_ACCOUNTS_WRITE)
def remove(account_id: str) -> Response:
    """Delete an account that was never used."""
    hub, actor = runtime(), current_actor()
    try:
        with hub.db.transaction(actor.workspace_id) as session:
            service.remove(hub, session, service.read_id(account_id), actor)
    except service.InUse:
        flash(gettext("Messages were sent through it. Hold it instead."), "error")
        return _to(account_id)
    flash(gettext("The account was removed."))
    return redirect(url_for("routing_screens.index"), HTTPStatus.SEE_OTHER)


def _hold(account_id: str, *, held: bool) -> None:
    hub, actor = runtime(), current_actor()
    with hub.db.transaction(actor.workspace_id) as session:
        service.change(hub, session, service.read_id(account_id), {"held": held}, actor)


def _account(account_id: str) -> ProviderAccount:
    hub, actor = runtime(), current_actor()
    with hub.db.transaction(actor.workspace_id) as session:
        return service.find(session, service.read_id(account_id))


def _owner(account: ProviderAccount) -> User | None:
    """Return who looks after the account."""
    if account.owner_id is None:
        return None
    with runtime().db.across_workspaces() as session:  # a person belongs to no workspace
        return users.find(session, runtime().vault, account.owner_id)


def _given(schema: AddProviderAccountSchema | ChangeProviderAccountSchema) -> dict[str, Any]:
    """Read the form: both amounts are in its one currency, and one that was left empty is none."""
    form = request.form.copy()
    for name in MONEY:
        amount = form.get(f"{name}/amount", "").strip().replace(",", ".")
        form[f"{name}/amount"] = amount
        if amount:
            form[f"{name}/currency"] = form.get("currency", "")
    given: dict[str, Any] = dict.fromkeys(MONEY) | forms.load(schema, form)
    return given


def _refused(problem: HubError) -> Form:
    """Return the form with its mistakes; a name that is taken is a mistake in the name."""
    if isinstance(problem, Unprocessable):
        return Form.refused(problem)
    return Form.refused(Unprocessable(problem.detail, errors=[Fault("/name", "Another account has this name.")]))


def _edit_form(form: Form, account: ProviderAccount) -> str:
    return _form(
        "routing/edit.html",
        form,
        registry.adapter(account.provider),
        account=account,
        id=ids.show("acc", account.id),
        kept=account.credentials(runtime().vault),
    )


def _form(template: str, form: Form, adapter: type[Adapter], **known: Any) -> str:  # noqa: ANN401 - what templates take
    return render_template(
        template,
        form=form,
        provider=adapter,
        currencies=currencies.choices(form.value("currency") or None),
        default_currency=CURRENCY,
        words=words,
        **known,
    )


def _to(account_id: str) -> Response:
    return redirect(url_for("routing_screens.one", account_id=account_id), HTTPStatus.SEE_OTHER)
