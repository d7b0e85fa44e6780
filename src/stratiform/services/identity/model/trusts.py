"""Trusts: a user delegates roles on a project to another user. Source: Identity API v3, OS-TRUST."""

from dataclasses import dataclass, field

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust. `impersonation`: the trustee acts as the trustor. `remaining_uses` None: any number of tokens."""

    id: str
    trustor_user_id: str
    trustee_user_id: str
    project_id: str
    impersonation: bool
    role_ids: list[str] = field(default_factory=list)
    expires_at: Micros | None = None
    remaining_uses: int | None = None

    @property
    def token_user_id(self) -> str:
        """The user of the tokens of this trust."""
        return self.trustor_user_id if self.impersonation else self.trustee_user_id

    def is_expired(self, now: Micros) -> bool:
        return self.expires_at is not None and now >= self.expires_at
