"""Access rules of a user, which application credentials share. Source: Identity API v3, "Access Rules"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import AccessRuleNotFound, DuplicateResource, ForbiddenAction, UserNotFound
from stratiform.services.identity.model import JsonObject, ListQuery, Token
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.service.delegation import require_undelegated

_KIND = "access_rule"


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Operations on `/users/{user_id}/access_rules`."""

    ids: Ids

    def ensure(self, ctx: RequestContext, user_id: str, rules: Sequence[JsonObject]) -> list[JsonObject]:
        """Return the rules of a new application credential with their ids; rules that do not exist are created.

        A rule has an id, or service, method and path. Raises: AccessRuleNotFound
        """
        return [self._ensure_rule(ctx, user_id, rule) for rule in rules]

    def list(self, ctx: RequestContext, user_id: str) -> Sequence[SimpleResource]:
        policy.LIST_ACCESS_RULES.require_own(ctx.caller, user_id, UserNotFound(user_id))
        return repository.list_owned_resources(ctx.db, _KIND, user_id)

    def get(self, ctx: RequestContext, user_id: str, rule_id: str) -> SimpleResource:
        policy.GET_ACCESS_RULE.require_own(ctx.caller, user_id, UserNotFound(user_id))
        return _load_rule(ctx, user_id, rule_id)

    def delete(self, ctx: RequestContext, token: Token, user_id: str, rule_id: str) -> None:
        """Delete a rule. Raises: AccessRuleNotFound, ForbiddenAction if an application credential has it."""
        policy.DELETE_ACCESS_RULE.require_own(ctx.caller, user_id, UserNotFound(user_id))
        require_undelegated(policy.DELETE_ACCESS_RULE, token)
        _load_rule(ctx, user_id, rule_id)
        for credential in repository.list_application_credentials(ctx.db, user_id, ListQuery()).items:
            if any(rule["id"] == rule_id for rule in credential.access_rules or ()):
                raise ForbiddenAction(f"access rule {rule_id} is in use")
        repository.delete_simple_resource(ctx.db, _KIND, rule_id)

    def _ensure_rule(self, ctx: RequestContext, user_id: str, rule: JsonObject) -> JsonObject:
        if rule.get("id"):
            return _format(_load_rule(ctx, user_id, rule["id"]))
        attributes = {name: rule[name] for name in ("service", "method", "path")}
        for record in repository.list_owned_resources(ctx.db, _KIND, user_id):
            if record.attributes == attributes:
                return _format(record)
        rule_id = self.ids.hex()
        record = SimpleResource(_KIND, rule_id, rule_id, user_id, attributes)
        conflict = DuplicateResource("access rule")
        return _format(repository.save_simple_resource(ctx.db, record, conflict, is_new=True))


def _format(record: SimpleResource) -> JsonObject:
    return {"id": record.id, **record.attributes}


def _load_rule(ctx: RequestContext, user_id: str, rule_id: str) -> SimpleResource:
    record = repository.find_simple_resource(ctx.db, _KIND, rule_id)
    if record is None or record.owner_id != user_id:
        raise AccessRuleNotFound(rule_id)
    return record
