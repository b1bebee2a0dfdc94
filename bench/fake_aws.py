"""fake_aws: a fast, deterministic stand-in for AWS STS, IAM and Organizations.

It is a benchmark and test tool. It answers on 127.0.0.1 only, checks no
signature, and keeps no state but roles that a client creates. One process, one
thread; standard library only, and uvloop when it is installed (about twice as
fast, used by default).

Run it, and point any AWS SDK at it::

    python fake_aws.py serve --port 4600 --accounts 10000 --latency-ms 20
    export AWS_ENDPOINT_URL=http://127.0.0.1:4600 AWS_REGION=us-east-1
    export AWS_ACCESS_KEY_ID=AKIAFAKE AWS_SECRET_ACCESS_KEY=fake

    python fake_aws.py expected --accounts 10000     # the right answers, as CSV

``serve`` prints ``READY <url>`` on its first line once it listens, and stops by
itself after ``--max-seconds``.

What it answers
---------------
* STS (query, XML): AssumeRole, GetCallerIdentity, GetSessionToken.
* IAM (query, XML): ListEntitiesForPolicy (EntityFilter, MaxItems, Marker),
  GetRole, ListRoles, ListPolicies, ListAttachedRolePolicies, CreateRole,
  AttachRolePolicy, DetachRolePolicy, DeleteRole, TagRole, ListAccountAliases,
  GetAccountSummary, credential reports; any other List* is an empty list, any
  other Get* is NoSuchEntity.
* Organizations (JSON 1.1): ListAccounts (20 a page), DescribeAccount,
  DescribeOrganization.
* Resource Groups Tagging: GetResources (empty). Anything else: AccessDenied.
* GET /_fake/stats, POST /_fake/reset,
  POST /_fake/config?latency_ms=50&jitter_ms=0&rate_sts=0&rate_account=0&rate_global=0

Whose account a call is for
---------------------------
AssumeRole takes the account from RoleArn and hands out an access key that
carries it: ``ASIA`` + 12-digit account + ``FAKE``. Later calls are routed by
the ``Credential=`` of their Authorization header, so the server is stateless
and a client that signs with the wrong account's credentials gets the wrong
account's answer: a mix-up shows as a wrong verdict. The session token must be
the one of the same account, else InvalidClientTokenId. Every other key belongs
to the management account 999999999999.

Accounts and their kinds
------------------------
Account i (0 <= i < --accounts) has the id 100000000000 + i. Its kind is drawn by
crc32(seed:account) with these weights in 1000, and never changes:

====================  ====  ======  ==========================================
kind                  /1000 verdict what the account looks like
====================  ====  ======  ==========================================
pass                   700  PASS    one role attached; trusts a SAML/AWS principal
pass-multi              50  PASS    three roles; only the last is assumable by a person
pass-paged              50  PASS    first page is empty and truncated, role on page 2
fail-none              100  FAIL    policy attached to nothing
fail-user               20  FAIL    attached to a user only
fail-group              10  FAIL    attached to a group only
fail-trust              20  WEAK    attached to a role that only a service can assume
deny-assume             30  UNKNOWN AssumeRole: AccessDenied
deny-list               15  UNKNOWN ListEntitiesForPolicy: AccessDenied
deny-getrole             5  UNKNOWN GetRole: AccessDenied
====================  ====  ======  ==========================================

(``fail-trust`` and ``pass-multi``/``deny-getrole`` are PASS for a checker that
does not look at trust policies, as Prowler's iam_support_role_created.)

Throttling
----------
Token buckets, burst of --burst seconds' worth: --rate-sts (all STS calls of a
caller: AWS's documented default is 600/s per account and Region), --rate-account
(IAM calls, each account), --rate-global (every call). Over the rate the answer is
HTTP 400 ``Throttling`` ``Rate exceeded`` (``TooManyRequestsException`` for JSON
services). 0 means no limit. --error-rate answers that share of calls with 503.
"""
# A plain script without types; its handlers bear the names of AWS's actions and share one signature, and its
# answers are byte templates.
# ruff: noqa: ANN001, ANN201, ANN204, ANN205, ARG002, N802, UP031

import argparse
import asyncio
import base64
import csv
import functools
import hashlib
import json
import random
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote_plus

BASE_ACCOUNT = 100_000_000_000
MANAGEMENT = "999999999999"
SUPPORT = "AWSSupportAccess"
SUPPORT_ARN = "arn:aws:iam::aws:policy/" + SUPPORT
KINDS = (
    ("pass", 700, "PASS"),
    ("pass-multi", 50, "PASS"),
    ("pass-paged", 50, "PASS"),
    ("fail-none", 100, "FAIL"),
    ("fail-user", 20, "FAIL"),
    ("fail-group", 10, "FAIL"),
    ("fail-trust", 20, "WEAK"),
    ("deny-assume", 30, "UNKNOWN"),
    ("deny-list", 15, "UNKNOWN"),
    ("deny-getrole", 5, "UNKNOWN"),
)
_KIND_TABLE = [name for name, weight, _ in KINDS for _ in range(weight)]
VERDICT = {name: verdict for name, _, verdict in KINDS}
assert len(_KIND_TABLE) == 1000


def account_id(i):
    return str(BASE_ACCOUNT + i)


def kind_of(account, seed=0):
    """The kind of an account: a pure function of its id and the seed."""
    return _KIND_TABLE[zlib.crc32(b"%d:%s" % (seed, account.encode())) % 1000]


def support_roles(kind):
    """(role name, trust kind) of the roles that AWSSupportAccess is attached to."""
    if kind in ("pass", "pass-paged", "deny-getrole"):
        return [("AWSSupportRole", "people")]
    if kind == "pass-multi":
        return [
            ("SupportAutomation1", "service"),
            ("SupportAutomation2", "service"),
            ("AWSSupportRole", "people"),
        ]
    if kind == "fail-trust":
        return [("SupportAutomation1", "service")]
    return []


@functools.lru_cache(maxsize=4096)
def quoted(text):
    return quote(text, safe="")


@functools.lru_cache(maxsize=4096)
def trust_policy(account, trust):
    if trust == "service":
        principal = {"Service": "ec2.amazonaws.com"}
    else:
        principal = {"AWS": "arn:aws:iam::%s:root" % account}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}],
        }
    )


@functools.lru_cache(maxsize=4096)
def session_token(account):
    """About as long as a real one (roughly 700 characters), bound to the account."""
    digest = hashlib.sha512(account.encode()).digest()
    return "IQoJb3JpZ2luX2VjEFAKE" + account + base64.b64encode(digest * 8).decode()


class Bucket:
    __slots__ = ("at", "tokens")

    def __init__(self, tokens, at):
        self.tokens = tokens
        self.at = at

    def take(self, now, rate, capacity):
        tokens = self.tokens + (now - self.at) * rate
        self.at = now
        tokens = min(tokens, capacity)
        if tokens < 1.0:
            self.tokens = tokens
            return False
        self.tokens = tokens - 1.0
        return True


XML = "text/xml"
JSON11 = "application/x-amz-json-1.1"
STS_NS = "https://sts.amazonaws.com/doc/2011-06-15/"
IAM_NS = "https://iam.amazonaws.com/doc/2010-05-08/"
CREATED = "2024-01-01T00:00:00Z"
REQUEST_ID = "11111111-2222-3333-4444-555555555555"
_REASON = {
    200: b"OK",
    400: b"Bad Request",
    403: b"Forbidden",
    404: b"Not Found",
    409: b"Conflict",
    503: b"Service Unavailable",
}


def http(status, body, content_type=XML):
    body = body.encode()
    return b"HTTP/1.1 %d %s\r\nx-amzn-RequestId: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        _REASON[status],
        REQUEST_ID.encode(),
        content_type.encode(),
        len(body),
        body,
    )


def ok(ns, action, inner=None):
    result = "" if inner is None else "  <%sResult>\n%s  </%sResult>\n" % (action, inner, action)
    return http(
        200,
        '<%sResponse xmlns="%s">\n%s  <ResponseMetadata>\n    <RequestId>%s'
        "</RequestId>\n  </ResponseMetadata>\n</%sResponse>\n" % (action, ns, result, REQUEST_ID, action),
    )


def xml_error(status, code, message, ns=IAM_NS):
    return http(
        status,
        '<ErrorResponse xmlns="%s">\n  <Error>\n    <Type>Sender</Type>\n'
        "    <Code>%s</Code>\n    <Message>%s</Message>\n  </Error>\n"
        "  <RequestId>%s</RequestId>\n</ErrorResponse>\n" % (ns, code, message, REQUEST_ID),
    )


def json_ok(value):
    return http(200, json.dumps(value), JSON11)


def json_error(status, code, message):
    return http(status, json.dumps({"__type": code, "message": message}), JSON11)


class FakeAWS:
    """Answers one parsed request with the bytes of one HTTP response."""

    def __init__(
        self,
        *,
        accounts=1000,
        seed=0,
        latency_ms=0.0,
        jitter_ms=0.0,
        rate_sts=0.0,
        rate_account=0.0,
        rate_global=0.0,
        burst=1.0,
        error_rate=0.0,
        extra_roles=10,
    ):
        self.n_accounts = accounts
        self.seed = seed
        self.latency_ms = latency_ms
        self.jitter_ms = jitter_ms
        self.rate_sts = rate_sts
        self.rate_account = rate_account
        self.rate_global = rate_global
        self.burst = burst
        self.error_rate = error_rate
        self.extra_roles = extra_roles
        self.random = random.Random(seed)
        self.created = {}  # account -> {role name: [trust policy, attached to support?]}
        self.reset()

    def reset(self):
        self.counts = {}
        self.throttled = 0
        self.errors = 0
        self.connections = 0
        self.open_connections = 0
        self.in_flight = 0
        self.max_in_flight = 0
        self.started = time.monotonic()
        self.first = self.last = None
        self.buckets = {}

    def stats(self):
        span = (self.last - self.first) if self.first is not None else 0.0
        total = sum(self.counts.values())
        return {
            "requests": total,
            "per_action": self.counts,
            "throttled": self.throttled,
            "injected_errors": self.errors,
            "connections": self.connections,
            "max_in_flight": self.max_in_flight,
            "busy_seconds": round(span, 3),
            "requests_per_second": round(total / span, 1) if span else None,
            "server_cpu_seconds": round(time.process_time(), 3),
        }

    # ---- entry point -------------------------------------------------------

    def handle(self, method, target, head, body):  # noqa: C901 - one decision after the other
        if target.startswith(b"/_fake/"):
            return self.admin(method, target.decode())
        now = time.monotonic()
        if self.first is None:
            self.first = now
        self.last = now
        account, service, token_ok = self.caller(head)
        at = head.find(b"\r\nX-Amz-Target:")
        if at < 0:
            at = head.find(b"\r\nx-amz-target:")
        if at >= 0:
            action = head[at + 15 : head.find(b"\r\n", at + 2)].strip().decode().rpartition(".")[2]
            params = None
        else:
            params = {}
            for pair in body.split(b"&"):
                key, _, value = pair.partition(b"=")
                params[key] = value
            action = params.get(b"Action", b"").decode()
        self.counts[action] = self.counts.get(action, 0) + 1
        if self.error_rate and self.random.random() < self.error_rate:
            self.errors += 1
            return xml_error(503, "ServiceUnavailable", "injected")
        if not self.admit(now, account, service):
            self.throttled += 1
            if params is None:
                return json_error(400, "TooManyRequestsException", "Rate exceeded")
            return xml_error(400, "Throttling", "Rate exceeded")
        if not token_ok:
            return xml_error(
                403, "InvalidClientTokenId", "The security token included in the request is invalid"
            )
        if params is None:
            return self.json_call(action, body, account)
        handler = getattr(self, "do_" + action, None)
        if handler is None:
            return self.unknown(service, action)
        return handler(account, params)

    def caller(self, head):
        at = head.find(b"Credential=")
        if at < 0:
            return MANAGEMENT, "", True
        end = head.find(b"aws4_request", at)
        parts = head[at + 11 : end].split(b"/")
        key = parts[0]
        service = parts[3].decode() if len(parts) > 3 else ""
        if len(key) == 20 and key.startswith(b"ASIA") and key[4:16].isdigit():
            account = key[4:16].decode()
            return account, service, (b"EFAKE" + key[4:16]) in head
        return MANAGEMENT, service, True

    def admit(self, now, account, service):
        if self.rate_global and not self.take("*", now, self.rate_global):
            return False
        if service == "sts":
            return not self.rate_sts or self.take("sts:" + account, now, self.rate_sts)
        return not self.rate_account or self.take(account, now, self.rate_account)

    def take(self, key, now, rate):
        capacity = max(1.0, rate * self.burst)
        bucket = self.buckets.get(key)
        if bucket is None:
            bucket = self.buckets[key] = Bucket(capacity, now)
        return bucket.take(now, rate, capacity)

    def admin(self, method, target):
        path, _, query = target.partition("?")
        if path == "/_fake/config":
            for key, values in parse_qs(query).items():
                if key not in (
                    "latency_ms",
                    "jitter_ms",
                    "rate_sts",
                    "rate_account",
                    "rate_global",
                    "burst",
                    "error_rate",
                ):
                    return http(400, "no such setting: " + key)
                setattr(self, key, float(values[-1]))
        elif path == "/_fake/reset":
            open_connections = self.open_connections
            self.reset()
            self.open_connections = open_connections
        return http(200, json.dumps(self.stats()), "application/json")

    # ---- helpers -----------------------------------------------------------

    def known(self, account):
        return account.isdigit() and 0 <= int(account) - BASE_ACCOUNT < self.n_accounts

    def kind(self, account):
        return kind_of(account, self.seed) if self.known(account) else "fail-none"

    def roles_with_support(self, account):
        roles = [name for name, _ in support_roles(self.kind(account))]
        made = self.created.get(account)
        if made:
            roles += [name for name, role in made.items() if role[1]]
        return roles

    def trust_of(self, account, name):
        made = self.created.get(account)
        if made and name in made:
            return made[name][0]
        for role, trust in support_roles(self.kind(account)):
            if role == name:
                return trust_policy(account, trust)
        if name.startswith("app-role-") and name[9:].isdigit() and int(name[9:]) < self.extra_roles:
            return trust_policy(account, "service")
        return None

    @staticmethod
    def param(params, name, default=""):
        value = params.get(name)
        return default if value is None else unquote_plus(value.decode())

    @staticmethod
    def role_xml(account, name, trust, tag="Role"):
        return (
            "    <%s>\n      <Path>/</Path>\n      <RoleName>%s</RoleName>\n"
            "      <RoleId>AROAFAKE%s</RoleId>\n      <Arn>arn:aws:iam::%s:role/%s</Arn>\n"
            "      <CreateDate>%s</CreateDate>\n      <AssumeRolePolicyDocument>%s"
            "</AssumeRolePolicyDocument>\n      <MaxSessionDuration>3600</MaxSessionDuration>\n"
            "    </%s>\n" % (tag, name, account, account, name, CREATED, quoted(trust), tag)
        )

    def unknown(self, service, action):
        if service == "iam":
            if action.startswith("List"):
                return ok(IAM_NS, action, "    <IsTruncated>false</IsTruncated>\n")
            if action.startswith("Get"):
                return xml_error(404, "NoSuchEntity", "not found")
        return xml_error(403, "AccessDenied", "not simulated: %s %s" % (service, action))

    # ---- STS ---------------------------------------------------------------

    def do_AssumeRole(self, account, params):
        arn = self.param(params, b"RoleArn")
        parts = arn.split(":")
        target = parts[4] if len(parts) > 5 else ""
        session = self.param(params, b"RoleSessionName", "session")
        if not self.known(target) or kind_of(target, self.seed) == "deny-assume":
            return xml_error(
                403,
                "AccessDenied",
                "User: arn:aws:sts::%s:assumed-role/caller/x is not authorized to perform: "
                "sts:AssumeRole on resource: %s" % (account, arn),
                STS_NS,
            )
        return ok(
            STS_NS,
            "AssumeRole",
            self.credentials_xml(target)
            + (
                "    <AssumedRoleUser>\n      <AssumedRoleId>AROAFAKE:%s</AssumedRoleId>\n"
                "      <Arn>arn:aws:sts::%s:assumed-role/%s/%s</Arn>\n    </AssumedRoleUser>\n"
                % (session, target, arn.rpartition("/")[2], session)
            ),
        )

    @staticmethod
    def credentials_xml(account):
        expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return (
            "    <Credentials>\n      <AccessKeyId>ASIA%sFAKE</AccessKeyId>\n"
            "      <SecretAccessKey>fakeSecretFor%sXXXXXXXXXXXXXXX</SecretAccessKey>\n"
            "      <SessionToken>%s</SessionToken>\n      <Expiration>%s</Expiration>\n"
            "    </Credentials>\n" % (account, account, session_token(account), expires)
        )

    def do_GetSessionToken(self, account, params):
        return ok(STS_NS, "GetSessionToken", self.credentials_xml(account))

    def do_GetCallerIdentity(self, account, params):
        return ok(
            STS_NS,
            "GetCallerIdentity",
            "    <Arn>arn:aws:sts::%s:assumed-role/caller/session</Arn>\n    <UserId>AROAFAKE:session"
            "</UserId>\n    <Account>%s</Account>\n" % (account, account),
        )

    # ---- IAM, reads --------------------------------------------------------

    def do_ListEntitiesForPolicy(self, account, params):
        kind = self.kind(account)
        if kind == "deny-list":
            return xml_error(
                403,
                "AccessDenied",
                "User: arn:aws:sts::%s:assumed-role/audit/s is not "
                "authorized to perform: iam:ListEntitiesForPolicy" % account,
            )
        roles = tuple(self.roles_with_support(account))
        return self.entities_page(
            kind,
            roles if self.param(params, b"PolicyArn") == SUPPORT_ARN else None,
            self.param(params, b"EntityFilter"),
            self.param(params, b"Marker"),
            int(self.param(params, b"MaxItems", "100") or 100),
        )

    @staticmethod
    @functools.lru_cache(maxsize=1024)
    def entities_page(kind, roles, wanted, marker, size):
        entities = []
        if roles is not None:
            entities = [("Role", name) for name in roles]
            if kind == "fail-user":
                entities.append(("User", "alice"))
            elif kind == "fail-group":
                entities.append(("Group", "support-team"))
            if wanted in ("Role", "User", "Group"):
                entities = [entity for entity in entities if entity[0] == wanted]
        if kind == "pass-paged" and not marker:
            page, following = [], "1"  # IAM may send a short or empty page that is truncated
        else:
            start = int(marker or 1) - 1
            page = entities[start : start + size]
            following = str(start + size + 1) if start + size < len(entities) else ""
        inner = []
        for group in ("Group", "User", "Role"):
            members = "".join(
                "      <member>\n        <%sName>%s</%sName>\n        <%sId>%sFAKE</%sId>\n"
                "      </member>\n" % (group, name, group, group, group, group)
                for what, name in page
                if what == group
            )
            inner.append(
                "    <Policy%ss>\n%s    </Policy%ss>\n" % (group, members, group)
                if members
                else "    <Policy%ss/>\n" % group
            )
        inner.append("    <IsTruncated>%s</IsTruncated>\n" % ("true" if following else "false"))
        if following:
            inner.append("    <Marker>%s</Marker>\n" % following)
        return ok(IAM_NS, "ListEntitiesForPolicy", "".join(inner))

    def do_GetRole(self, account, params):
        name = self.param(params, b"RoleName")
        if self.kind(account) == "deny-getrole":
            return xml_error(403, "AccessDenied", "not authorized to perform: iam:GetRole")
        trust = self.trust_of(account, name)
        if trust is None:
            return xml_error(404, "NoSuchEntity", "The role with name %s cannot be found." % name)
        return ok(IAM_NS, "GetRole", self.role_xml(account, name, trust))

    def all_roles(self, account):
        names = ["app-role-%d" % i for i in range(self.extra_roles)]
        names += [name for name, _ in support_roles(self.kind(account))]
        names += [name for name in self.created.get(account, ()) if name not in names]
        return names

    def do_ListRoles(self, account, params):
        members = "".join(
            self.role_xml(account, name, self.trust_of(account, name), "member")
            for name in self.all_roles(account)
        )
        return ok(
            IAM_NS,
            "ListRoles",
            "    <IsTruncated>false</IsTruncated>\n    <Roles>\n%s    </Roles>\n" % members,
        )

    def do_ListPolicies(self, account, params):
        members = ""
        kind = self.kind(account)
        attached = len(self.roles_with_support(account)) + (kind in ("fail-user", "fail-group"))
        only_attached = self.param(params, b"OnlyAttached").lower() == "true"
        if self.param(params, b"Scope", "All") != "Local" and (attached or not only_attached):
            members = (
                "      <member>\n        <PolicyName>%s</PolicyName>\n        <PolicyId>ANPAFAKE</PolicyId>\n"
                "        <Arn>%s</Arn>\n        <Path>/</Path>\n"
                "        <DefaultVersionId>v1</DefaultVersionId>\n"
                "        <AttachmentCount>%d</AttachmentCount>\n        <PermissionsBoundaryUsageCount>0"
                "</PermissionsBoundaryUsageCount>\n        <IsAttachable>true</IsAttachable>\n"
                "        <CreateDate>%s</CreateDate>\n        <UpdateDate>%s</UpdateDate>\n      </member>\n"
                % (SUPPORT, SUPPORT_ARN, attached, CREATED, CREATED)
            )
        return ok(
            IAM_NS,
            "ListPolicies",
            "    <IsTruncated>false</IsTruncated>\n    <Policies>\n%s    </Policies>\n" % members,
        )

    def do_ListAttachedRolePolicies(self, account, params):
        name = (
            SUPPORT
            if self.param(params, b"RoleName") in self.roles_with_support(account)
            else "ReadOnlyAccess"
        )
        return ok(
            IAM_NS,
            "ListAttachedRolePolicies",
            "    <IsTruncated>false</IsTruncated>\n    <AttachedPolicies>\n      <member>\n"
            "        <PolicyName>%s</PolicyName>\n        <PolicyArn>arn:aws:iam::aws:policy/%s</PolicyArn>\n"
            "      </member>\n    </AttachedPolicies>\n" % (name, name),
        )

    def do_ListAccountAliases(self, account, params):
        return ok(
            IAM_NS,
            "ListAccountAliases",
            "    <IsTruncated>false</IsTruncated>\n    <AccountAliases>\n"
            "      <member>acct-%s</member>\n    </AccountAliases>\n" % account,
        )

    def do_GetAccountSummary(self, account, params):
        return ok(
            IAM_NS,
            "GetAccountSummary",
            "    <SummaryMap>\n      <entry>\n        <key>AccountMFAEnabled"
            "</key>\n        <value>1</value>\n      </entry>\n    </SummaryMap>\n",
        )

    def do_GenerateCredentialReport(self, account, params):
        return ok(IAM_NS, "GenerateCredentialReport", "    <State>COMPLETE</State>\n")

    def do_GetCredentialReport(self, account, params):
        report = "user,arn,user_creation_time\n<root_account>,arn:aws:iam::%s:root,%s\n" % (account, CREATED)
        return ok(
            IAM_NS,
            "GetCredentialReport",
            "    <Content>%s</Content>\n    <ReportFormat>text/csv"
            "</ReportFormat>\n    <GeneratedTime>%s</GeneratedTime>\n"
            % (base64.b64encode(report.encode()).decode(), CREATED),
        )

    # ---- IAM, writes (kept in memory, per account) ---------------------------

    def do_CreateRole(self, account, params):
        name = self.param(params, b"RoleName")
        if self.trust_of(account, name) is not None:
            return xml_error(409, "EntityAlreadyExists", "Role with name %s already exists." % name)
        trust = self.param(params, b"AssumeRolePolicyDocument")
        self.created.setdefault(account, {})[name] = [trust, False]
        return ok(IAM_NS, "CreateRole", self.role_xml(account, name, trust))

    def do_AttachRolePolicy(self, account, params, *, attached=True, action="AttachRolePolicy"):
        name = self.param(params, b"RoleName")
        role = self.created.get(account, {}).get(name)
        if role is None and self.trust_of(account, name) is None:
            return xml_error(404, "NoSuchEntity", "The role with name %s cannot be found." % name)
        if self.param(params, b"PolicyArn") == SUPPORT_ARN:
            if role is None:
                role = self.created.setdefault(account, {})[name] = [self.trust_of(account, name), False]
            role[1] = attached
        return ok(IAM_NS, action)

    def do_DetachRolePolicy(self, account, params):
        return self.do_AttachRolePolicy(account, params, attached=False, action="DetachRolePolicy")

    def do_DeleteRole(self, account, params):
        name = self.param(params, b"RoleName")
        role = self.created.get(account, {}).get(name)
        if role is None:
            return xml_error(404, "NoSuchEntity", "The role with name %s cannot be found." % name)
        if role[1]:
            return xml_error(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
        del self.created[account][name]
        return ok(IAM_NS, "DeleteRole")

    def do_TagRole(self, account, params):
        return ok(IAM_NS, "TagRole")

    # ---- JSON services -------------------------------------------------------

    def json_call(self, action, body, account):
        args = json.loads(body or b"{}")
        if action == "ListAccounts":
            start = int(args.get("NextToken") or 0)
            stop = min(start + min(int(args.get("MaxResults") or 20), 20), self.n_accounts)
            answer = {"Accounts": [self.account_json(account_id(i)) for i in range(start, stop)]}
            if stop < self.n_accounts:
                answer["NextToken"] = str(stop)
            return json_ok(answer)
        if action == "DescribeAccount":
            return json_ok({"Account": self.account_json(args["AccountId"])})
        if action == "DescribeOrganization":
            return json_ok(
                {
                    "Organization": {
                        "Id": "o-fake123456",
                        "MasterAccountId": MANAGEMENT,
                        "FeatureSet": "ALL",
                        "Arn": "arn:aws:organizations::%s:organization/o-fake123456" % MANAGEMENT,
                        "MasterAccountArn": "arn:aws:organizations::%s:account/o-fake123456/%s"
                        % (MANAGEMENT, MANAGEMENT),
                        "MasterAccountEmail": "root@example.com",
                    }
                }
            )
        if action == "GetResources":
            return json_ok({"PaginationToken": "", "ResourceTagMappingList": []})
        return json_error(400, "AccessDeniedException", "not simulated: " + action)

    @staticmethod
    def account_json(account):
        return {
            "Id": account,
            "Arn": "arn:aws:organizations::%s:account/o-fake123456/%s" % (MANAGEMENT, account),
            "Email": "acct+%s@example.com" % account,
            "Name": "acct-" + account,
            "Status": "ACTIVE",
            "State": "ACTIVE",
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": 1704067200.0,
        }


class Connection(asyncio.Protocol):
    """A keep-alive HTTP/1.1 connection. A request must carry Content-Length if it has a body."""

    __slots__ = ("aws", "buffer", "busy", "loop", "transport")

    def __init__(self, aws, loop):
        self.aws = aws
        self.loop = loop
        self.buffer = b""
        self.busy = False

    def connection_made(self, transport):
        self.transport = transport
        self.aws.connections += 1
        self.aws.open_connections += 1

    def connection_lost(self, error):
        self.transport = None
        self.aws.open_connections -= 1

    def data_received(self, data):
        self.buffer = self.buffer + data if self.buffer else data
        if not self.busy:
            self.step()

    def step(self):  # noqa: C901 - one request, from bytes to bytes
        data = self.buffer
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = data[: end + 2]
        start = end + 4
        at = head.find(b"Content-Length:")
        if at < 0:
            at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : head.find(b"\r\n", at)]) if at >= 0 else 0
        if len(data) - start < length:
            return
        self.buffer = data[start + length :]
        method, target, _ = head[: head.find(b"\r\n")].split(b" ", 2)
        if target.startswith(b"http://"):
            target = b"/" + target.split(b"/", 3)[3]
        aws = self.aws
        try:
            response = aws.handle(method, target, head, data[start : start + length])
        except Exception as error:  # noqa: BLE001 - a bad request must not end the server
            response = xml_error(400, "InvalidInput", "%s: %s" % (type(error).__name__, error))
        delay = aws.latency_ms
        if aws.jitter_ms:
            delay += aws.random.random() * aws.jitter_ms
        if delay and not target.startswith(b"/_fake/"):
            self.busy = True
            aws.in_flight += 1
            aws.max_in_flight = max(aws.max_in_flight, aws.in_flight)
            self.loop.call_later(delay / 1000.0, self.reply, response)
        else:
            self.transport.write(response)
            if self.buffer:
                self.step()

    def reply(self, response):
        self.aws.in_flight -= 1
        self.busy = False
        if self.transport is not None:
            self.transport.write(response)
            if self.buffer:
                self.step()


def tls_context(cert, key):
    """A TLS context; without a certificate, makes a self-signed one with the openssl command."""
    if not cert:
        folder = tempfile.mkdtemp(prefix="fake-aws-tls-")
        cert, key = str(Path(folder, "cert.pem")), str(Path(folder, "key.pem"))
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-keyout",
                key,
                "-out",
                cert,
                "-days",
                "2",
                "-subj",
                "/CN=127.0.0.1",
                "-addext",
                "subjectAltName=IP:127.0.0.1,DNS:localhost",
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        print("CERT", cert, flush=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def install_loop(use_uvloop):
    if use_uvloop:
        try:
            import uvloop  # noqa: PLC0415 - optional

            return uvloop.new_event_loop()
        except ImportError:
            pass
    return asyncio.new_event_loop()


def make_aws(args):
    return FakeAWS(
        accounts=args.accounts,
        seed=args.seed,
        latency_ms=args.latency_ms,
        jitter_ms=args.jitter_ms,
        rate_sts=args.rate_sts,
        rate_account=args.rate_account,
        rate_global=args.rate_global,
        burst=args.burst,
        error_rate=args.error_rate,
        extra_roles=args.extra_roles,
    )


def serve(args):
    context = tls_context(args.tls_cert, args.tls_key) if args.tls else None
    loop = install_loop(not args.no_uvloop)
    asyncio.set_event_loop(loop)
    aws = make_aws(args)
    server = loop.run_until_complete(
        loop.create_server(lambda: Connection(aws, loop), "127.0.0.1", args.port, backlog=2048, ssl=context)
    )
    port = server.sockets[0].getsockname()[1]
    print("READY %s://127.0.0.1:%d" % ("https" if context else "http", port), flush=True)
    loop.call_later(args.max_seconds, loop.stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, loop.stop)
    loop.run_forever()
    print(json.dumps(aws.stats()), flush=True)


def expected(args):
    writer = csv.writer(sys.stdout)
    writer.writerow(("account", "kind", "verdict"))
    for i in range(args.accounts):
        account = account_id(i)
        kind = kind_of(account, args.seed)
        writer.writerow((account, kind, VERDICT[kind]))


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="See the docstring at the head of this file."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("serve", help="answer AWS calls on 127.0.0.1")
    run.add_argument("--port", type=int, default=4600, help="0 picks a free one (see the READY line)")
    run.add_argument("--jitter-ms", type=float, default=0.0, help="adds 0..this, uniformly, to each call")
    run.add_argument(
        "--rate-sts", type=float, default=0.0, help="STS calls/s of one caller account (AWS: 600)"
    )
    run.add_argument("--rate-account", type=float, default=0.0, help="IAM calls/s in each account")
    run.add_argument("--rate-global", type=float, default=0.0, help="calls/s in all")
    run.add_argument("--burst", type=float, default=1.0, help="bucket size in seconds of its rate")
    run.add_argument("--error-rate", type=float, default=0.0, help="share of calls answered with 503")
    run.add_argument("--extra-roles", type=int, default=10, help="other roles in each account (ListRoles)")
    run.add_argument("--max-seconds", type=float, default=3600.0, help="stop by itself after this")
    run.add_argument("--tls", action="store_true", help="HTTPS; trust it with AWS_CA_BUNDLE=<the CERT line>")
    run.add_argument("--tls-cert")
    run.add_argument("--tls-key")
    right = commands.add_parser("expected", help="print account,kind,verdict for every account")
    for sub in (run, right):
        sub.add_argument("--accounts", type=int, default=1000)
        sub.add_argument("--seed", type=int, default=0)
    run.add_argument("--latency-ms", type=float, default=0.0, help="added to each call")
    run.add_argument("--no-uvloop", action="store_true")
    args = parser.parse_args(argv)
    {"serve": serve, "expected": expected}[args.command](args)


if __name__ == "__main__":
    main()
