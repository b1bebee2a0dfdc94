"""views.*: modals and home tabs."""

import secrets
import uuid
from dataclasses import replace

from bot.sandbox.slack.calls import Call
from bot.sandbox.slack.lint import lint_view
from bot.sandbox.slack.messages import View, with_ids
from bot.sandbox.slack.method_table import TIER_4, Method
from bot.sandbox.slack.site import Site, SlackRefusal
from bot.sandbox.slack.state import Trigger
from bot.sandbox.slack.workspace import Json

MAX_STACK = 3


def open_view(site: Site, call: Call) -> Json:
    body = _body(call)
    _refuse_known_external_id(site, body)
    trigger = _use_trigger(site, call)
    if site.state.stacks.get(trigger.user):
        # A new modal takes the place of what is open: Slack shows one stack at a time.
        site.state.close_view(site.state.open_stack(trigger.user)[0], everything=True)
    view = new_view(site, trigger.user, body)
    site.state.put_on_stack(view)
    return {"view": site.show_view(view)}


def push_view(site: Site, call: Call) -> Json:
    body = _body(call)
    trigger = _use_trigger(site, call)
    stack = site.state.open_stack(trigger.user)
    if not trigger.view_id or trigger.view_id not in [view.id for view in stack]:
        raise SlackRefusal("not_found")
    view = push_onto(site, trigger.user, body)
    return {"view": site.show_view(view)}


def push_onto(site: Site, user: str, body: Json) -> View:
    """Put a view on top of a person's open modals; raises SlackRefusal when three are open already."""
    stack = site.state.open_stack(user)
    if len(stack) >= MAX_STACK:
        raise SlackRefusal("push_limit_reached")
    view = replace(new_view(site, user, body), root_id=stack[0].id, previous_id=stack[-1].id)
    site.state.put_on_stack(view)
    return view


def update_view(site: Site, call: Call) -> Json:
    body = _body(call)
    view = _known_view(site, call)
    if (expected := call.text("hash")) and expected != view.hash:
        raise SlackRefusal("hash_conflict")
    changed = with_body(site, view, body)
    site.state.replace_view(changed)
    return {"view": site.show_view(changed)}


def publish_view(site: Site, call: Call) -> Json:
    body = _body(call, "home")
    user = call.required("user_id")
    if site.workspace.member(user) is None:
        raise SlackRefusal("user_not_found")
    old = site.state.homes.get(user)
    if old and (expected := call.text("hash")) and expected != old.hash:
        raise SlackRefusal("hash_conflict")
    view = with_body(site, old, body) if old else new_view(site, user, body)
    site.state.replace_view(view)
    return {"view": site.show_view(view)}


def new_view(site: Site, user: str, body: Json) -> View:
    view_id = "V" + secrets.token_hex(5).upper()
    named = body | {"blocks": list(with_ids(body["blocks"]))}
    external_id = body.get("external_id") or ""
    return View(view_id, user, named, _hash(site), root_id=view_id, external_id=external_id)


def with_body(site: Site, view: View, body: Json) -> View:
    named = body | {"blocks": list(with_ids(body["blocks"]))}
    return replace(
        view, body=named, hash=_hash(site), external_id=body.get("external_id") or view.external_id
    )


def refuse_invalid(body: Json | None, surface: str = "modal") -> Json:
    """The body of a view, if Slack would take it."""
    if body is None:
        raise SlackRefusal("invalid_arguments", _messages(["[ERROR] missing required field: view"]))
    problems = lint_view(body)
    if not problems and body["type"] != surface:
        problems = [f"[ERROR] must be a {surface} view [json-pointer:/view/type]"]
    if problems:
        raise SlackRefusal("invalid_arguments", _messages(problems))
    return body


def _messages(problems: list[str]) -> Json:
    return {"response_metadata": {"messages": problems}}


def _body(call: Call, surface: str = "") -> Json:
    body = call.object("view", "invalid_arguments")
    default = "home" if body and body.get("type") == "home" and call.method == "views.update" else "modal"
    return refuse_invalid(body, surface or default)


def _use_trigger(site: Site, call: Call) -> Trigger:
    trigger_id = call.text("trigger_id") or call.required("interactivity_pointer")
    trigger = site.state.triggers.get(trigger_id)
    if trigger is None:
        raise SlackRefusal("invalid_trigger_id")
    if trigger.used:
        raise SlackRefusal("exchanged_trigger_id")
    if trigger.expires_at < site.state.clock():
        raise SlackRefusal("expired_trigger_id")
    site.state.triggers[trigger_id] = replace(trigger, used=True)
    return trigger


def _known_view(site: Site, call: Call) -> View:
    view = site.state.views.get(call.text("view_id"))
    if view is None and (external_id := call.text("external_id")):
        view = next((v for v in site.state.views.values() if v.external_id == external_id), None)
    if view is None:
        raise SlackRefusal("not_found")
    return view


def _refuse_known_external_id(site: Site, body: Json) -> None:
    external_id = body.get("external_id")
    if external_id and any(view.external_id == external_id for view in site.state.views.values()):
        raise SlackRefusal("duplicate_external_id")


def _hash(site: Site) -> str:
    return f"{int(site.state.clock())}.{uuid.uuid4().hex[:8]}"


VIEW_METHODS = {
    "views.open": Method(open_view, "", TIER_4),
    "views.push": Method(push_view, "", TIER_4),
    "views.update": Method(update_view, "", TIER_4),
    "views.publish": Method(publish_view, "", TIER_4),
}
