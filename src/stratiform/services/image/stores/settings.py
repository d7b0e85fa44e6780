"""The settings of one store of image data."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stratiform.kit.settings import setting_field

#: The store that always exists: the folder `images` in the home. Data is staged there, too.
LOCAL_STORE = "local"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """A store of image data, like a backend in Glance's enabled_backends."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")] = setting_field(
        help="ID of the store in the API; `local` changes the folder, description or weight of the built-in store."
    )
    kind: str = setting_field("file", "`file`: a folder; `s3`: a bucket; `http`: read-only, for registered locations.")
    description: str = setting_field("", "Description in the API.")
    weight: int = setting_field(0, "Data is read from the store with the highest weight, as in Glance.")
    folder: str = setting_field("", "file: the folder, relative to the home; empty: `images` for `local`.")
    bucket: str = setting_field("", "s3: the bucket, which must exist.")
    prefix: str = setting_field("", "s3: start of the names of objects, such as `images/`.")
    endpoint: Annotated[str, Meta(pattern="^(https?://.+)?$")] = setting_field(
        "", "s3: address of the service, such as that of Ceph, MinIO or Swift's S3 API; empty: AWS."
    )
    region: str = setting_field("us-east-1", "s3: the region.")
    access_key: str = setting_field(
        "", "s3: the access key; empty: that of boto3's environment variables, files, or machine role."
    )
    secret_key: str = setting_field("", "s3: the secret key.", secret=True)
    cacert: str = setting_field("", "s3: PEM file with the CA certificate of the service; empty: the system's.")
