"""`slotcast verify` as a reviewer and a program meet it."""

import json
from pathlib import Path

import pytest
from published_product import NOW, PublishedProduct

from publisher.cli import main

HERE = "updates/sensor"


@pytest.fixture
def product(tmp_path, monkeypatch):
    """Two releases, one of them history, as files below updates/sensor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("publisher.cli.datetime", Now)
    product = PublishedProduct()
    product.publish_next("1.5.0")
    write(product)
    return product


class Now:
    """The time at which the product was published."""

    @staticmethod
    def now(zone):
        return NOW.astimezone(zone)


def write(product):
    for key, data in product.files.items():
        Path("updates", key).parent.mkdir(parents=True, exist_ok=True)
        Path("updates", key).write_bytes(data)


@pytest.fixture
def verify(product, capsys):
    """Runs `slotcast verify`: its exit code and stdout."""

    def verify(*argv, where=("--dir", HERE)):
        code = main(["verify", *where, "--root", product.fingerprint, *argv])
        return code, capsys.readouterr().out

    return verify


def test_the_report_names_each_object_and_why_it_is_trusted(product, verify):
    code, out = verify()
    assert code == 0
    now, _, history = out.partition("\nhistory:\n")
    for key in product.files:
        assert out.count(f"  {key}\n      ") == 1, key
    assert now.startswith("offered now:\n  sensor/metadata/1.root.json\n      its SHA-256 is the")
    assert (
        "  sensor/metadata/2.targets.json\n      version, length and SHA-256 are in 2.snap" in now
    )
    assert "  sensor/metadata/1.targets.json\n      length and SHA-256 are in 1.snap" in history
    assert out.splitlines()[-2] == "8 objects on offer and 5 of history verify; no findings"
    assert out.splitlines()[-1] == (f"sensor verifies from root {product.fingerprint} (of --root)")


def test_brief_leaves_only_findings_and_the_verdict(product, verify):
    Path(HERE, "notes.txt").write_text("mine")
    Path(HERE, "stable/sensor-r2/version.json").write_text("{}")
    code, out = verify("--brief")
    assert code == 1
    assert [line[:40] for line in out.splitlines()] == [
        "notice: sensor/notes.txt: nothing that i",
        "error: sensor/stable/sensor-r2/version.j",
        "7 objects on offer and 5 of history veri",
        "sensor DOES NOT VERIFY from root " + product.fingerprint[:7],
    ]


def test_json_has_thresholds_as_numbers_and_whole_key_ids(product, verify):
    code, out = verify("--json")
    report = json.loads(out)
    assert (code, report["ok"], report["chain_holds"], report["unreadable"]) == (0, True, True, 0)
    root = report["objects"][0]
    assert root["expires"] == "2027-11-22T06:38:00Z"
    assert root["signatures"] == [
        {
            "role": "root",
            "named_by": "1.root.json",
            "threshold": 2,
            "keys": 2,
            "keyids": sorted(signer.public_key.keyid for signer in product.signers["root"]),
        }
    ]


def test_a_host_that_does_not_answer_is_not_what_does_not_verify(verify):
    code, out = verify(where=("--url", "https://127.0.0.1:9/sensor/"))
    assert code == 1
    assert "unreadable: sensor/metadata/1.root.json: https://127.0.0.1:9/sensor/metadata" in out
    assert "sensor could not be read, and IS NOT VERIFIED from root" in out
    assert "DOES NOT VERIFY" not in out


def test_of_a_copy_with_two_products_that_of_slotcast_toml_is_verified(product, verify, capsys):
    other = Path("updates/lamp/metadata/1.root.json")
    other.parent.mkdir(parents=True)
    other.write_bytes(b"{}")
    assert verify(where=("--dir", "updates"))[0] == 1  # nobody says which
    belongs_to("sensor")
    code, out = verify(where=("--dir", "updates"))
    assert (code, "\nsensor verifies from root" in out) == (0, True)
    belongs_to("radio")
    capsys.readouterr()
    assert main(["verify", "--dir", "updates"]) == 1
    assert "holds several products: lamp, sensor" in capsys.readouterr().err


def belongs_to(product):
    """slotcast.toml of a product."""
    edge = '[edge]\nbase_url = "https://127.0.0.1:9/"\n'
    text = f'product = "{product}"\nroot_sha256 = "{"0" * 64}"\n{edge}'
    Path("slotcast.toml").write_text(text)


def test_a_broken_chain_says_that_the_rest_was_not_looked_at(product, verify):
    product.put("metadata/timestamp.json", b"{}")
    write(product)
    code, out = verify()
    assert code == 1
    assert "1 error; what comes behind could not be looked at\n" in out
    assert json.loads(verify("--json")[1])["chain_holds"] is False
