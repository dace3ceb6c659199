"""All that a product has published, as the reviewer's tool judges it: nothing escapes it."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from published_product import NOW, PublishedProduct, sha256
from verify_reports import errors, report_of

from publisher.errors import StoreError
from publisher.verify import verify


@pytest.fixture
def product():
    return PublishedProduct()


def test_everything_published_is_trusted_and_says_why(product):
    report = report_of(product)
    assert report.ok
    assert report.findings == ()
    assert {trusted.key for trusted in report.objects} == set(product.files)
    assert all(trusted.reason for trusted in report.objects)


def test_progress_ends_with_all_bytes_of_payload_and_image(product):
    steps = []
    report_of(product, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (len(product.payload) + len(product.image),) * 2


def test_each_missing_object_is_found(product):
    for key in list(product.files):
        data = product.files.pop(key)
        assert any(": it is missing" in error for error in errors(product)), key
        product.files[key] = data


@pytest.mark.parametrize("error", [OSError("no route to host"), StoreError("no route to host")])
def test_a_store_that_fails_is_no_fault_of_what_it_holds(product, error):
    def read(key):
        if key.endswith("snapshot.json"):
            raise error
        return product.read(key)

    report = verify(read, "sensor", product.fingerprint, NOW)
    (finding,) = report.findings
    assert finding.key == "sensor/metadata/1.snapshot.json"
    assert finding.severity == "unreadable"
    assert finding.message.endswith("no route to host")
    assert (report.ok, report.chain_holds) == (False, False)


def test_a_payload_that_cannot_be_read_does_not_hide_what_is_wrong_elsewhere(product):
    def read(key):
        if key.endswith(".slc"):
            raise OSError("reset by peer")
        return b"{}" if key.endswith("version.json") else product.read(key)

    found = verify(read, "sensor", product.fingerprint, NOW).findings
    assert [finding.severity for finding in found] == ["unreadable", "error"]


def test_a_host_that_serves_newer_versions_for_ever_is_left(product):
    def read(key):
        is_ahead = key.endswith(("snapshot.json", "targets.json"))
        return product.files.get(key, b"{}" if is_ahead else None)

    report = verify(read, "sensor", product.fingerprint, NOW)
    assert (report.ok, report.count("warning")) == (True, 100)


def test_an_object_that_nothing_leads_to_is_a_notice_and_a_root_more(product):
    strangers = {
        "notes.txt": "notice",
        "images/00.bin": "notice",
        "metadata/9.root.json": "warning",
    }
    names = [key.removeprefix("sensor/") for key in product.files]
    report = report_of(product, paths=lambda: [*names, *strangers])
    assert report.ok
    found = {finding.key.removeprefix("sensor/"): finding for finding in report.findings}
    assert {path: finding.severity for path, finding in found.items()} == strangers
    assert {f.message for f in report.findings} == {"nothing that is signed leads to it"}


def test_each_object_is_reported_with_its_length_and_sha256(product):
    for trusted in report_of(product).objects:
        data = product.files[trusted.key]
        assert (trusted.length, trusted.sha256) == (len(data), sha256(data))


HOSTILE = (
    b"",
    b"[]",
    b"null",
    b'"signed"',
    b"{}",
    b'{"signed":{},"signatures":[]}',
    b'{"signed":{"_type":"root"},"signatures":[{}]}',
    b"[" * 100000,
    b'{"signed":' * 900 + b"1" + b"}" * 900,
    b'{"signed":' + b"9" * 5000 + b"}",
    b"\xff\xfe\x00",
    bytes(1000),
    b"\xe9" * 200,
    b"SLC\x01" + b"\xff" * 200,
)


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_in_any_object_become_findings(product, data):
    for key in list(product.files):
        before = product.files[key]
        product.files[key] = data
        assert errors(product), key
        product.files[key] = before


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_become_findings_even_if_they_are_what_was_named(product, data):
    product.fingerprint = hashlib.sha256(data).hexdigest()
    product.put("metadata/1.root.json", data)
    assert errors(product)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(product, data):
    key = data.draw(st.sampled_from(sorted(product.files, key=len)))
    before = product.files[key]
    changed = bytearray(before)
    changed[data.draw(st.integers(0, len(before) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    product.files[key] = bytes(changed)
    # In the timestamp a hex digit of the signature may become upper case, which means the same.
    assert errors(product) or key.endswith("timestamp.json")
    product.files[key] = before


def test_the_fingerprint_alone_decides_which_product_is_trusted(product):
    other = PublishedProduct()
    report = verify(other.read, "sensor", product.fingerprint, NOW)
    assert report.objects == ()
    assert sha256(other.files["sensor/metadata/1.root.json"]) in report.findings[0].message
