"""What the doctor finds in the whole bucket: keys by name, and outside the product by content."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from itertools import count

import pytest
from aws_account import Account
from aws_answers import NOW, root
from botocore.response import StreamingBody
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import SSlibKey

from publisher.doctor.aws.bucket.files import check_bucket_keys
from publisher.doctor.secrets.listed_keys import ListedKeys

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
POINTER = "sensor/metadata/timestamp.json"
SHA = "ab" * 32
DENIED = "allow s3:GetObject to who runs the doctor (docs/doctor.md)"


class Bucket:
    """An account whose bucket holds objects, by name, the newest first; None is gone meanwhile.

    `asked` are those that were looked into; `denied` nobody may read.
    """

    def __init__(self, contents, denied=()):
        self.contents, self.denied, self.asked = contents, denied, []
        listed = [
            {"Key": name, "Size": 9 if data is None else len(data), "LastModified": self.time(age)}
            for age, (name, data) in enumerate(contents.items())
        ]
        self.account = Account()
        self.account.answers |= {
            "list_objects_v2": {"Contents": listed[::-1]},
            "get_object": self.get,
        }

    @staticmethod
    def time(age):
        return NOW - timedelta(days=age)

    def get(self, params):
        name = params["Key"]
        self.asked.append(name)
        assert params["Range"] == "bytes=0-65535"
        if name in self.denied:
            return "AccessDenied"
        data = self.contents[name]
        return "NoSuchKey" if data is None else {"Body": StreamingBody(BytesIO(data), len(data))}

    def bad(self):
        return self.account.bad(check_bucket_keys)


def looked(number, of):
    return f"(looked into {number} of {of} objects that belong to no product)"


@pytest.mark.parametrize(
    "name",
    [
        "slotcast.toml",
        "backup/keys/targets.pem",
        "SENSOR.KEY",
        "old/passphrase.txt",
        "home/.env",
        "gear/metadata/root.p12",
        "id_ed25519",
        ".slotcast/seen.json",
    ],
)
def test_what_is_named_like_a_key_is_told_and_not_looked_into(name):
    bucket = Bucket({POINTER: b"{}", name: b"x"})
    ((says, mend),) = bucket.bad().items()
    assert says == f"FAIL bucket-keys: in the bucket lies {name}"
    assert "all its versions" in mend
    assert bucket.asked == []


def test_what_is_published_is_no_key_and_not_looked_into():
    bucket = Bucket(
        {
            "sensor/key/credentials/version.json": PEM,
            f"gear/images/{SHA}.bin": PEM,
            f"gear/targets/stable/{SHA}.b1.json": PEM,
            "gear/notes.txt": b"hello",
            "backup/": b"",
        }
    )
    assert bucket.bad() == {}
    assert bucket.asked == ["gear/notes.txt"]


@pytest.mark.parametrize(
    "name",
    [
        *("backup/notes.txt", "gear/keys/targets", "targets", "sensor-2/x"),
        *("backup/targets/targets.json", "laptop/images/keys.bin", "gear/images/id.bin"),
    ],
)
@pytest.mark.parametrize(
    "data", [PEM, b"aws_secret_access_key = x", PEM + bytes(10**5)], ids=["PEM", "AWS", "large"]
)
def test_a_key_outside_the_product_is_told_whatever_it_is_called(name, data):
    bucket = Bucket({POINTER: b"{}", name: data, "other": b"x"})
    ((says, mend),) = bucket.bad().items()
    assert says == (
        f"FAIL bucket-keys: {name} in the bucket is a private key, or as private as one "
        + looked(2, 2)
    )
    assert "all its versions" in mend


def test_a_bare_key_is_told_by_the_role_that_root_names_it_for():
    bucket = Bucket({"notes": KEY.private_bytes_raw().hex().encode()})
    assert bucket.bad() == {}
    named = root()
    public = SSlibKey.from_crypto(KEY.public_key())
    named.add_key(public, "targets")
    account = bucket.account
    account.wanted = replace(account.wanted, listed_keys=ListedKeys.of([named]))
    assert list(bucket.bad()) == [
        f"FAIL bucket-keys: notes in the bucket is the private key of targets, {public.keyid[:8]} "
        f"in root 1 {looked(1, 1)}"
    ]


def test_without_root_it_is_said_that_bare_keys_cannot_be_told():
    bucket = Bucket({"notes": KEY.private_bytes_raw()})
    bucket.account.wanted = replace(bucket.account.wanted, listed_keys=None)
    ((says, mend),) = bucket.bad().items()
    assert says.startswith("UNKNOWN bucket-keys: whether a key lies there bare")
    assert mend == "see chain"


def test_below_the_product_nothing_is_looked_into():
    bucket = Bucket({"sensor/notes.txt": PEM})
    assert bucket.bad() == {}
    assert bucket.asked == []


def test_firmware_that_can_read_keys_is_none():
    assert Bucket({"factory/app.bin": b"\xe9" + PEM}).bad() == {}


def test_no_more_is_read_than_is_worth_it_and_the_newest_first():
    bucket = Bucket({**{f"{number}.txt": b"x" for number in range(200)}, "old": PEM})
    (found,) = bucket.account.look(check_bucket_keys)
    assert (found.state, found.says) == (
        "UNKNOWN",
        f"1 that belong to no product were not looked into {looked(200, 201)}",
    )
    assert found.mend.startswith("keep other things in a bucket of their own")
    assert bucket.asked == [f"{number}.txt" for number in range(200)]


def test_what_may_not_be_read_is_unknown_and_asked_for_no_longer():
    names = {f"{number}.txt": b"x" for number in range(9)}
    bucket = Bucket(names, denied=names)
    says = looked(0, 9).strip("()")
    assert bucket.bad() == {f"UNKNOWN bucket-keys: {says}: access denied to s3:GetObject": DENIED}
    assert len(bucket.asked) == 5


def test_one_object_that_may_not_be_read_hides_no_other():
    bucket = Bucket({"a": b"x", "b": PEM}, denied=["a"])
    says = looked(1, 2)
    assert list(bucket.bad()) == [
        f"FAIL bucket-keys: b in the bucket is a private key, or as private as one {says}",
        f"UNKNOWN bucket-keys: {says.strip('()')}: access denied to s3:GetObject",
    ]


def test_what_is_gone_meanwhile_is_no_key():
    bucket = Bucket({"a": None})
    assert bucket.bad() == {}
    assert bucket.asked == ["a"]


def test_a_bucket_with_more_names_than_are_looked_at_is_unknown():
    account = Account()
    page = {"Contents": [{"Key": POINTER}], "IsTruncated": True}
    tokens = map(str, count())
    account.answers["list_objects_v2"] = lambda _: {**page, "NextContinuationToken": next(tokens)}
    assert list(account.bad(check_bucket_keys)) == [
        f"UNKNOWN bucket-keys: no key is among the first 20 names {looked(0, 0)}; there are more"
    ]
