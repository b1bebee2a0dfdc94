"""Looking up principals by their ARN: each in its own account, where that is ours to read."""

from collections.abc import Mapping

from bot.aws.faults import CallError, UnreadableError, unparseable
from bot.aws.inspection import Answer, Inside, Steps, enter, parse_role, read_providers
from bot.aws.sessions import Identity, parse_identity, role_name
from bot.domain.account import Account, AccountId
from bot.domain.deep_facts import session_role
from bot.domain.facts import ProviderKind
from bot.domain.plan import Existence, PrincipalFact

PROVIDER_KINDS = {"saml-provider": ProviderKind.SAML, "oidc-provider": ProviderKind.OIDC}


class Principals:
    """Looks up what one account trusts; a session in each account that it has to look into, entered once.

    `scope` are the accounts that may be read, with how each is reached. In any other, IAM decides.
    """

    def __init__(
        self,
        account: Account,
        scope: Mapping[AccountId, Account],
        caller: Identity,
        session_name: str,
    ) -> None:
        self._account = account
        self._scope = scope
        self._caller = caller
        self._session_name = session_name
        self._inside: dict[str, Inside | UnreadableError] = {}

    def enter(self, account: Account) -> Steps[Inside]:
        """A session there; UnreadableError when it is refused, now or before."""
        if account.id not in self._inside:
            try:
                self._inside[account.id] = yield from enter(account, self._caller, self._session_name)
            except UnreadableError as error:
                self._inside[account.id] = error
        inside = self._inside[account.id]
        if isinstance(inside, UnreadableError):
            raise inside
        return inside

    def look_up(self, arn: str) -> Steps[PrincipalFact]:
        """Whether a principal exists; what cannot be read is in the answer."""
        home = self._home(arn)
        if home is None:
            return PrincipalFact(arn, Existence.IAM_DECIDES)
        try:
            inside = yield from self.enter(home)
        except UnreadableError as error:
            return PrincipalFact(arn, None, error.unreadable)
        try:
            existence = yield from _look_up(inside, arn)
        except UnreadableError as error:
            missing = error.code == "NoSuchEntity"
            return PrincipalFact(
                arn, Existence.MISSING if missing else None, None if missing else error.unreadable
            )
        return PrincipalFact(arn, existence)

    def _home(self, arn: str) -> Account | None:
        """The account that a principal lives in, if it is ours to read."""
        try:
            identity = parse_identity(arn)
        except CallError:
            return None
        if identity.is_in(self._account):
            return self._account
        home = self._scope.get(AccountId(identity.account_id))
        readable = home is not None and home.is_checked and identity.is_in(home)
        return home if readable else None


def _look_up(inside: Inside, arn: str) -> Steps[Existence]:
    kind, _, path = arn.split(":", 5)[5].partition("/")
    if kind in PROVIDER_KINDS:
        providers = yield from read_providers(inside, frozenset({PROVIDER_KINDS[kind]}))
        if providers.unreadable:
            raise UnreadableError(providers.unreadable, providers.unreadable.code)
        return _exists(arn in providers.arns)
    name = role_name(path)
    if kind == "role":
        role = yield from inside.ask("GetRole", {"RoleName": name}, parse_role, name)
        return _exists(role.arn == arn)
    if kind == "user":
        found = yield from inside.ask("GetUser", {"UserName": name}, parse_user_arn, name)
        return _exists(found == arn)
    if kind == "assumed-role":
        # The session's ARN does not tell the role's path, so any role of that name is the one.
        name = session_role(arn)
        yield from inside.ask("GetRole", {"RoleName": name}, parse_role, name)
        return Existence.EXISTS
    return Existence.IAM_DECIDES


def _exists(there: bool) -> Existence:  # noqa: FBT001 - its only argument is the question
    return Existence.EXISTS if there else Existence.MISSING


def parse_user_arn(answer: Answer) -> str:
    try:
        return str(answer["User"]["Arn"])
    except (KeyError, TypeError):
        raise unparseable("an answer without a user") from None
