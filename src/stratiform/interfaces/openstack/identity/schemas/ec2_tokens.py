"""Requests for tokens with the signature of an EC2 credential."""

from msgspec import Struct, field


class Ec2TokenCredentials(Struct, kw_only=True):
    """A signed request as the service received it. `body_hash`: hexadecimal SHA-256 of its body, for version 4."""

    access: str
    signature: str = ""
    host: str = ""
    verb: str = "GET"
    path: str = "/"
    params: dict[str, str | int] = {}
    headers: dict[str, str] = {}
    body_hash: str = ""


class Ec2TokenRequest(Struct):
    """Clients use either name for the credentials."""

    credentials: Ec2TokenCredentials | None = None
    ec2_credentials: Ec2TokenCredentials | None = field(name="ec2Credentials", default=None)


class S3Credentials(Struct):
    """`token`: the text that was signed, in base64."""

    access: str
    signature: str
    token: str


class S3TokenRequest(Struct):
    credentials: S3Credentials
