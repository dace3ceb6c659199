"""`slotcast infra cost`: an estimate that can be followed line by line."""

import json
import random
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.cli import main
from publisher.errors import SettingsError
from publisher.infra.cost.estimate import cheapest_plan, estimate
from publisher.infra.cost.lines import tiered
from publisher.infra.cost.price_table import packaged_text, parse_prices
from publisher.infra.cost.regions import PRICE_CLASSES, REGIONS, SHIELD_REGIONS
from publisher.infra.cost.workload import (
    MONTH_S,
    Workload,
    fetches,
    shared_fetches,
    traffic_of,
)

HOUR, DAY = 3600, 86400
ASKED = ["infra", "cost", "--devices", "100000", "--poll-every", "6h", "--releases", "2"]
ASKED += ["--size", "1.2MB"]
PRICES = parse_prices(packaged_text())
# An edge that keeps S3's 403 for the template's ErrorCachingMinTTL.
KEPT = replace(PRICES, assumed=replace(PRICES.assumed, missing_ttl_s=5))
# A client of one request for each poll, two for each update, 2,060 bytes a poll with TLS and all.
SIMPLE = replace(
    PRICES,
    measured=replace(
        PRICES.measured, poll_requests=1, update_requests=2, update_bytes=0, update_connections=0
    ),
    assumed=replace(PRICES.assumed, answer_head_bytes=0, handshake_bytes=0),
)


def fleet(devices, poll_every_s, payload_bytes=1_200_000, **more):
    more = {"releases": 2, "region": "EU", "bucket_region": "EU"} | more
    return Workload(devices, poll_every_s, payload_bytes=payload_bytes, **more)


def edge_dollars(estimated):
    return estimated.by_group["requests"] + estimated.by_group["transfer"]


def line(estimated, what):
    [found] = [line for line in estimated.lines if line.what == what]
    return found


# The figures of an earlier study of a client with one request a poll, worked out by other means.
@pytest.mark.parametrize(
    ("devices", "poll_every_s", "payload_bytes", "dollars"),
    [
        (10_000, HOUR, 1_200_000, 0),
        (10_000, 300, 1_200_000, 92),
        (100_000, 6 * HOUR, 1_200_000, 3),
        (100_000, HOUR, 1_200_000, 75),
        (1_000_000, DAY, 1_200_000, 153),
        (1_000_000, DAY, 100_000, 29),
        (1_000_000, HOUR, 1_200_000, 1_102),
        (1_000_000, HOUR, 100_000, 915),
    ],
)
def test_a_simpler_client_costs_at_the_edge_what_was_worked_out_before(
    devices, poll_every_s, payload_bytes, dollars
):
    workload = fleet(devices, poll_every_s, payload_bytes, poll_bytes=2060)
    assert round(edge_dollars(estimate(workload, SIMPLE))) == dollars


@pytest.mark.parametrize(
    ("region", "poll_bytes", "dollars"),
    [("US", 560, 1.05), ("EU", 560, 1.25), ("SA", 560, 2.26), ("US", 2060, 1.18)]
    + [("EU", 4560, 1.59), ("SA", 2060, 2.43), ("US", 12_560, 2.07), ("SA", 12_560, 3.58)],
)
def test_a_million_polls_of_a_simpler_client_cost_what_was_worked_out_before(
    region, poll_bytes, dollars
):
    workload = fleet(1, MONTH_S, 0, releases=0, poll_bytes=poll_bytes, region=region)
    workload = replace(workload, devices=1_000_000)
    estimated = estimate(workload, SIMPLE, free_tier=False)
    assert edge_dollars(estimated) == pytest.approx(dollars, abs=0.006)


def test_two_requests_for_each_poll_are_why_ten_thousand_boards_each_hour_are_not_free():
    workload = fleet(10_000, HOUR, region="US", bucket_region="US")
    estimated = estimate(workload, PRICES)
    polls = 10_000 * 30 * 24
    requests = polls * 2 + 20_000 * 7
    assert estimated.traffic.requests == requests == 14_540_000
    assert edge_dollars(estimated) == pytest.approx((requests - 10e6) * 0.01 / 1e4)  # $4.54
    # 13 caches, asked 0.2143 times a second each: 521,000 fetches of timestamp.json; of the next
    # root, which is not kept, one with each of 7.2 million polls, and one after each update.
    asks = polls + 20_000
    [seconds, a_second] = [MONTH_S, asks / 13 / MONTH_S]
    reads = 13 * seconds * a_second / (1 + a_second * 60) + asks
    reads += 2 * 13 * 5
    assert line(estimated, "S3: GETs of the edge").quantity == pytest.approx(reads)
    assert estimated.by_group["bucket"] == pytest.approx(reads * 0.0004 / 1e3, abs=0.002)
    assert estimated.dollars == pytest.approx(4.54 + 3.10 + 3.00 + 0.01, abs=0.01)


def test_each_line_can_be_followed_to_a_price_of_the_table():
    workload = fleet(
        250_000, HOUR, hosted_zone=True, waf_rules=2, delta_bytes=9332, delta_share=0.9
    )
    workload = replace(workload, shield_region="SA")
    table = tomllib.loads(packaged_text())
    for one in estimate(workload, PRICES).lines:
        value = table
        for name in one.entry.split("."):
            value = value[name]
        if one.what.startswith(("transfer", "always free")):  # an average, or an amount
            continue
        assert one.price == (None if value == "unknown" else value), one
        assert one.how


def test_the_lines_of_a_month_add_up():
    workload = fleet(3_000_000, HOUR, waf_rules=1, hosted_zone=True)
    estimated = estimate(workload, PRICES)
    traffic = estimated.traffic
    gb = traffic.edge_bytes / 1e9
    sums = estimated.by_group
    assert sum(sums.values()) == pytest.approx(estimated.dollars)
    assert sums["requests"] == pytest.approx((traffic.requests - 10e6) * 0.012 / 1e4)
    assert 10_240 < gb < 51_200  # the second tier
    assert sums["transfer"] == pytest.approx(10_240 * 0.085 + (gb - 1000 - 10_240) * 0.080)
    assert sums["waf"] == pytest.approx(5 + 1 + traffic.requests * 0.6 / 1e6)


def test_deltas_make_payloads_small_and_leave_requests_alone():
    full = estimate(fleet(100_000, HOUR), PRICES)
    deltas = estimate(fleet(100_000, HOUR, delta_bytes=9332, delta_share=0.75), PRICES)
    assert deltas.traffic.requests == full.traffic.requests
    share = (0.75 * 9332 + 0.25 * 1_200_000) / 1_200_000
    assert deltas.traffic.payload_bytes == pytest.approx(full.traffic.payload_bytes * share)


def test_an_edge_that_is_asked_all_the_time_fetches_once_in_each_lifetime():
    assert fetches(1e12, 60) == pytest.approx(MONTH_S / 60, rel=1e-4)
    assert fetches(10, 60) == pytest.approx(10, rel=1e-3)


def test_what_no_edge_keeps_is_fetched_for_each_request():
    assert fetches(1e12, 0) == shared_fetches(1e12, 13, 0) == 1e12
    workload = fleet(100_000, HOUR, releases=0)
    for shield in (None, "EU"):
        traffic = traffic_of(replace(workload, shield_region=shield), PRICES)
        assert traffic.origin_reads > 72_000_000  # of 72 million polls


def test_an_edge_that_keeps_403_fetches_the_next_root_each_5_s_at_most():
    workload = fleet(100_000, HOUR)
    asks = 72_000_000 + 200_000
    reads = 13 * (fetches(asks / 13, 60) + fetches(asks / 13, 5)) + 2 * 13 * 5
    assert traffic_of(workload, KEPT).origin_reads == pytest.approx(reads)
    assert reads < 0.1 * traffic_of(workload, PRICES).origin_reads


@pytest.mark.parametrize("ttl_s", [0, 5, 60])
@pytest.mark.parametrize("rate", [0.3, 5])
def test_caches_that_share_one_ask_it_as_often_as_simulated_ones(rate, ttl_s):
    dice, now = random.Random(1), 0.0
    shared, until, asked = -1.0, [-1.0] * 13, 0
    for _ in range(100_000):
        now += dice.expovariate(rate)
        cache = dice.randrange(13)
        if now >= until[cache]:
            asked += 1
            shared = shared if now < shared else now + ttl_s
            until[cache] = shared
    month = shared_fetches(rate * MONTH_S, 13, ttl_s)
    assert asked / now * MONTH_S == pytest.approx(month, rel=0.02)


def test_an_origin_shield_is_asked_what_edges_miss_and_asks_the_bucket_once_for_all():
    without = fleet(100_000, 6 * HOUR)
    with_one = replace(without, shield_region="SA")
    one, other = (estimate(workload, PRICES) for workload in (without, with_one))
    asks = 100_000 * 30 * 4 + 200_000
    asked = shared_fetches(asks, 13, 60) + asks + 2 * 13 * 5
    shield = line(other, "Origin Shield")
    assert shield.quantity == pytest.approx(asked)
    assert shield.dollars == pytest.approx(asked * 0.016 / 1e4) == other.by_group["shield"]
    assert line(other, "S3: GETs of the edge").quantity == pytest.approx(
        fetches(asks, 60) + asks + 2 * 5
    )
    assert "Origin Shield" in line(other, "S3: GETs of the edge").how
    rest = [name for name in one.by_group if name not in ("shield", "bucket")]
    assert [one.by_group[name] for name in rest] == [other.by_group[name] for name in rest]
    assert one.by_group["shield"] == 0


# docs/fleet.md, "with Origin Shield": two edges, which keep a 403 for 5 s; 10,001 polls in an
# hour, 764 bucket requests.
def test_an_origin_shield_spares_the_bucket_what_it_did_before_simulated_boards():
    taken = replace(KEPT.assumed, edges=2)
    workload = fleet(10_001, HOUR, releases=0, shield_region="US")
    reads = traffic_of(workload, replace(KEPT, assumed=taken)).origin_reads / 30 / 24
    assert reads == pytest.approx(764, rel=0.05)


def test_a_plan_has_room_or_none_has():
    small = estimate(fleet(100, 6 * HOUR), PRICES)
    large = estimate(fleet(10_000, HOUR), PRICES)
    too_large = estimate(fleet(10_000_000, HOUR), PRICES)
    many_bytes = estimate(fleet(1_000, DAY, 10_000_000, releases=30), PRICES)
    assert many_bytes.traffic.requests < 1_000_000
    estimates = (small, large, too_large, many_bytes)
    plans = [cheapest_plan(one, PRICES.plan) for one in estimates]
    assert [plan and plan.name for plan in plans] == ["Free", "Business", None, "Pro"]


@given(st.floats(0, 1e8), st.floats(0, 1e8), st.sampled_from(REGIONS))
def test_a_larger_quantity_never_costs_less(one, other, region):
    tiers = PRICES.edge[region].transfer
    less, more = sorted((one, other))
    assert tiered(less, tiers) <= tiered(more, tiers) * (1 + 1e-9)


@given(st.sampled_from(REGIONS), st.integers(0, 5), st.floats(-1, 1))
def test_no_tier_begins_with_a_jump(region, number, step):
    tiers = PRICES.edge[region].transfer
    bound = tiers[number][0]
    dearest = max(price for _, price in tiers)
    assert abs(tiered(bound + step, tiers) - tiered(bound, tiers)) <= abs(step) * dearest + 1e-6


workloads = st.builds(
    Workload,
    devices=st.integers(1, 10**8),
    poll_every_s=st.integers(60, 30 * DAY),
    releases=st.floats(0, 30),
    payload_bytes=st.integers(0, 10**7),
    delta_bytes=st.integers(0, 10**5),
    delta_share=st.floats(0, 1),
    region=st.sampled_from(REGIONS),
    bucket_region=st.sampled_from(REGIONS),
    shield_region=st.sampled_from((None, *SHIELD_REGIONS)),
    waf_rules=st.integers(0, 3),
    log_days=st.integers(0, 400),
)


@given(workloads, st.integers(1, 10**8))
def test_more_boards_never_cost_less(workload, more):
    larger = replace(workload, devices=workload.devices + more)
    assert estimate(workload, PRICES).dollars <= estimate(larger, PRICES).dollars * (1 + 1e-9)


@given(workloads)
def test_the_free_tier_never_makes_it_dearer_nor_pays_out(workload):
    free = estimate(workload, PRICES)
    assert free.dollars <= estimate(workload, PRICES, free_tier=False).dollars * (1 + 1e-9)
    assert min(free.by_group.values()) >= -1e-6


@given(workloads)
def test_the_bucket_is_never_asked_more_than_the_edge(workload):
    traffic = traffic_of(workload, PRICES)
    assert traffic.origin_reads <= traffic.requests * (1 + 1e-9)


@given(workloads, st.sampled_from(SHIELD_REGIONS))
def test_behind_an_origin_shield_the_bucket_is_never_asked_more(workload, region):
    without = traffic_of(replace(workload, shield_region=None), PRICES)
    shielded = traffic_of(replace(workload, shield_region=region), PRICES)
    assert shielded.origin_reads <= without.origin_reads * (1 + 1e-9)
    assert shielded.shield_requests >= without.origin_reads * (1 - 1e-9)
    assert shielded.shield_requests <= without.requests * (1 + 1e-9)


# The command


def test_the_command_shows_lines_the_total_and_what_it_could_not_count(capsys):
    assert main([*ASKED, "--region", "eu"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == (
        "a month of 100,000 boards at edges in EU, a poll every 6 h, 2 releases of 1,200,000 bytes"
    )
    assert f"prices of {PRICES.date}" in shown
    assert re.search(r"requests: polls +24,000,000 +requests +0.012 per 10,000 +28.80", shown)
    assert "13 edges, pointers kept 60 s, a missing root not kept" in shown
    assert re.search(r"^total: \$26\.\d\d a month, \$0.0032 for a board and year$", shown, re.M)
    assert "most of it: requests at the edge" in shown
    assert "flat-rate plans: Business, at $200, has room for" in shown
    assert "not counted: logs: delivery" in shown


@pytest.mark.parametrize(
    ("region", "classes"),
    [("JP", "PriceClass_200 or PriceClass_All"), ("AU", "PriceClass_All")],
)
def test_edges_that_the_default_stack_has_not_are_said_to_be_of_another(region, classes, capsys):
    assert main([*ASKED, "--region", region]) == 0
    shown = capsys.readouterr().out
    assert f"edges in {region} are for a stack with {classes}; with PriceClass_100, the" in shown
    assert main([*ASKED, "--region", region, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["price_class"] == PRICE_CLASSES[region]


@pytest.mark.parametrize("region", ["US", "EU"])
def test_edges_that_every_stack_has_need_no_word(region, capsys):
    template = (Path(__file__).parents[2] / "infra" / "ota.yaml").read_text()
    assert re.search(r"PriceClass:\n    Type: String\n    Default: PriceClass_100\n", template)
    assert main([*ASKED, "--region", region]) == 0
    assert "PriceClass" not in capsys.readouterr().out


def test_an_origin_shield_is_counted_where_it_is_asked_for(capsys):
    assert main([*ASKED, "--origin-shield", "eu", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["origin_shield"] == "EU"
    [shield] = [one for one in data["lines"] if one["line"] == "Origin Shield"]
    assert shield["price_entry"] == "shield.EU.requests_per_10k"
    assert shield["price"] == 0.009
    assert main(ASKED) == 0
    assert "Shield" not in capsys.readouterr().out


def test_a_plan_for_nothing_is_no_dearer_than_what_is_free_anyhow(capsys):
    few = ["--devices", "10", "--poll-every", "6h", "--releases", "2", "--size", "1MB"]
    assert main(["infra", "cost", *few]) == 0
    shown = capsys.readouterr().out
    assert "Free, at $0, has room for" in shown
    assert "that is no dearer than the $0.00 above" in shown
    assert "-0.00" not in shown


def test_what_is_needed_is_shown_as_needed(capsys):
    with pytest.raises(SystemExit):
        main(["infra", "cost", "--help"])
    shown = capsys.readouterr().out
    usage, other, *_ = shown.splitlines()
    assert "where the edges are that serve the boards" in " ".join(shown.split())
    assert "cost --devices N --poll-every TIME --releases M --size S [OPTION" in usage
    assert other.endswith("slotcast infra cost --print-prices")


def test_a_program_gets_the_same_numbers(capsys):
    assert main([*ASKED, "--json", "--waf-rules", "1", "--hosted-zone", "--kms-keys", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert sum(one["dollars"] or 0 for one in data["lines"]) == pytest.approx(data["dollars"])
    assert data["not_counted"] == ["logs.delivery_gb"]
    assert data["flat_rate_plan"] == {"name": "Business", "dollars": 200}
    assert data["prices_of"] == PRICES.date.isoformat()
    assert [one["quantity"] for one in data["lines"] if one["line"] == "KMS: keys"] == [2]


def test_the_table_can_be_printed_edited_and_given_back(tmp_path, capsys):
    assert main(["infra", "cost", "--print-prices"]) == 0
    printed = capsys.readouterr().out
    assert printed.rstrip("\n") == packaged_text().rstrip("\n")
    edited = tmp_path / "prices.toml"
    edited.write_text(printed.replace('delivery_gb = "unknown"', "delivery_gb = 0.25"))
    assert main([*ASKED, "--prices", str(edited), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    [delivery] = [one for one in data["lines"] if one["line"] == "logs: delivery"]
    assert delivery["dollars"] == pytest.approx(25_400_000 * 300 / 1e9 * 0.25)
    assert data["not_counted"] == []


def test_a_table_can_say_that_the_edge_keeps_a_missing_root(tmp_path, capsys):
    edited = tmp_path / "prices.toml"
    edited.write_text(packaged_text().replace("\nmissing_ttl_s = 0\n", "\nmissing_ttl_s = 5\n"))
    assert main([*ASKED, "--prices", str(edited), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["origin_reads"] < MONTH_S * 13 / 60 + MONTH_S * 13 / 5 + 2 * 13 * 5
    [reads] = [one for one in data["lines"] if one["line"] == "S3: GETs of the edge"]
    assert reads["from"] == "13 edges, pointers kept 60 s, a missing root kept 5 s"


def test_what_is_said_takes_the_place_of_what_is_assumed(capsys):
    said = ["--handshake-bytes", "0", "--edges", "1", "--poll-bytes", "1kB", "--log-days", "0"]
    said += ["--delta-size", "9332", "--share-delta", "50%", "--keep", "1", "--no-free-tier"]
    said += ["--bucket-region", "eu"]
    assert main([*ASKED, "--json", *said]) == 0
    data = json.loads(capsys.readouterr().out)
    by_line = {one["line"]: one for one in data["lines"]}
    assert by_line["transfer: TLS handshakes"]["quantity"] == 0
    assert by_line["transfer: answers to polls"]["quantity"] == 12e6 * 1000 / 1e9
    assert by_line["transfer: payloads"]["quantity"] == pytest.approx(
        200_000 * (9332 + 1_200_000) / 2 / 1e9
    )
    assert by_line["S3: storage"]["price_entry"] == "bucket.EU.storage_gb_month"
    assert "logs: storage" not in by_line
    assert "always free: requests" not in by_line
    # One edge fetches a pointer once a minute at most, and a missing root each time.
    assert 0 < data["origin_reads"] - 12_200_000 < MONTH_S / 60 + 10 + 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--devices", "0"], "0 is no number of boards"),
        (["--devices", "-5"], "-5 is no number of boards"),
        (["--devices", "many"], "many is no number of boards"),
        (["--devices", "2000000000"], "is no number of boards from 1 to 1,000,000,000"),
        (["--poll-every", "often"], "often is no time, such as 30m, 6h or 1d"),
        (["--poll-every", "0"], "0 is no time"),
        (["--poll-every", "0h"], "0h is no time"),
        (["--poll-every", "0.4s"], "0.4s is no time"),
        (["--releases", "-1"], "-1 is no number of releases"),
        (["--size", "1.8GB"], "1.8GB is no size"),
        (["--size", "1.5"], "1.5 is no size"),
        (["--size", "900MB"], "900MB is more than any board has room for"),
        (["--size", "1.200,000MB"], "1.200,000MB is no size"),
        (["--region", "eu-central-1"], "--region: eu-central-1 is none of US, EU, ZA, SA, JP, AU"),
        (["--bucket-region", "af-south-1"], "groups of CloudFront's prices are asked for, not"),
        (["--origin-shield", "ZA"], "ZA is none of US, EU, SA, JP, AU, ASIA, IN"),
        (["--share-delta", "90%"], "--share-delta needs --delta-size"),
        (["--share-delta", "0.9"], "0.9 is no share, such as 90%"),
        (["--edges", "0"], "0 is no whole number from 1"),
        (["--log-days", "0.5"], "0.5 is no whole number from 0"),
        (["--prices", ""], "a file is wanted, such as --print-prices prints"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong, words, capsys):
    with pytest.raises(SystemExit) as error:
        main([*ASKED, *wrong])
    assert error.value.code == 2
    assert words in capsys.readouterr().err


def test_what_is_left_out_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["infra", "cost", "--devices", "5"])
    assert "required: --poll-every, --releases, --size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("written", "size_bytes"),
    [("1.8MB", 1_800_000), ("1200kB", 1_200_000), ("1MiB", 1_048_576), ("1200000", 1_200_000)]
    + [("1,200,000", 1_200_000), ("1,200kB", 1_200_000), ("1.2 MB", 1_200_000)],
)
def test_sizes_are_read_as_people_write_them(written, size_bytes, capsys):
    assert main([*ASKED, "--size", written, "--devices", "10,000", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["lines"]
    [payloads] = [one for one in lines if one["line"] == "transfer: payloads"]
    assert payloads["quantity"] == pytest.approx(20_000 * size_bytes / 1e9)


def test_a_time_without_a_unit_is_in_hours(capsys):
    told = []
    for written in ("6", "6h", "360m", "6 h", "6.0", "0.25d"):
        assert main([*ASKED, "--poll-every", written]) == 0
        told.append(capsys.readouterr().out)
    assert set(told) == {told[0]}
    assert main([*ASKED, "--poll-every", "0.5h"]) == 0
    assert "a poll every 30 min" in capsys.readouterr().out


def test_polling_more_often_than_the_pointer_changes_is_warned_of(capsys):
    assert main([*ASKED, "--poll-every", "30s"]) == 0
    assert "more often than each 60 seconds" in capsys.readouterr().err
    assert main([*ASKED, "--poll-every", "1m"]) == 0
    assert capsys.readouterr().err == ""


def test_old_prices_are_warned_of(tmp_path, capsys):
    old = tmp_path / "prices.toml"
    old.write_text(packaged_text().replace(f"date = {PRICES.date}", "date = 2024-01-01"))
    assert main([*ASKED, "--prices", str(old)]) == 0
    assert "the prices are of 2024-01-01" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("key_month = 1.00", "key_month = -1", "keys.key_month of the price table is -1"),
        ("key_month = 1.00", "key_month = true", "keys.key_month of the price table is True"),
        ("key_month = 1.00", "key_mouth = 1.00", "keys.key_month is missing"),
        ("[keys]", "[kyes]", "keys is missing"),
        ("[logs]", "surplus = 1\n[logs]", "waf.surplus is nothing that the price table has"),
        ("[edge.IN]", "[edge.XX]", "no section [edge.IN]"),
        ("[[10240, 0.120]", "[[99999, 0.120]", "edge.ASIA.transfer of the price table is not"),
        ("[0, 0.072]", "[9999999, 0.072]", "edge.IN.transfer of the price table is not"),
        ("date = 2026-09-05", 'date = "soon"', "date is not a day"),
        ("bytes_per_storage_gb = 1_073_741_824", "bytes_per_storage_gb = 0", "is 0"),
        ("missing_ttl_s = 0", "missing_ttl_s = -1", "assumed.missing_ttl_s of the price table is"),
        ("edges = 13 ", "edges = 0 ", "assumed.edges of the price table is 0, not a number from 1"),
        ("SA = { requests", "ZA = { requests", "no section [shield.SA]"),
        ('name = "Pro"', "name = 5", "not [[plan]] with a name"),
        ("[keys]", "[keys", "not TOML"),
    ],
)
def test_a_slip_in_an_edited_table_is_named(old, new, words):
    text = packaged_text()
    assert old in text
    with pytest.raises(SettingsError, match=re.escape(words)):
        parse_prices(text.replace(old, new))


def test_a_table_of_a_day_that_is_yet_to_come_is_refused(tmp_path, capsys):
    table = tmp_path / "prices.toml"
    table.write_text(packaged_text().replace(f"date = {PRICES.date}", "date = 2999-01-01"))
    assert main([*ASKED, "--prices", str(table)]) == 1
    told = capsys.readouterr()
    assert "the price table is of 2999-01-01, a day that is yet to come" in told.err
    assert told.out == ""


def test_a_table_that_is_not_there_is_said(tmp_path, capsys):
    assert main([*ASKED, "--prices", str(tmp_path / "none.toml")]) == 1
    assert "none.toml cannot be read" in capsys.readouterr().err


# The manual

MANUAL = (Path(__file__).parents[2] / "docs" / "operator.md").read_text()


def test_the_manual_shows_what_the_command_prints(capsys):
    block = re.search(r"^\$ slotcast (infra cost .*)\n([^`]*)^```", MANUAL, re.MULTILINE)
    assert main(block[1].split()) == 0
    assert capsys.readouterr().out == block[2]


def test_the_sums_in_the_manual_are_those_of_the_command():
    rows = re.findall(r"^\| ([0-9,]+) \| \$(.*) \| \$(.*) \| \$(.*) \|$", MANUAL, re.MULTILINE)
    assert [row[0] for row in rows] == ["1,000", "10,000", "100,000", "1,000,000"]
    for devices, *dollars in rows:
        for every_s, shown in zip((HOUR, 6 * HOUR, DAY), dollars, strict=True):
            month = estimate(fleet(int(devices.replace(",", "")), every_s), PRICES)
            assert f"{month.dollars:,.0f}" == shown


def test_what_an_origin_shield_costs_and_spares_is_in_the_manual():
    without = fleet(100_000, 6 * HOUR)
    shielded = estimate(replace(without, shield_region="EU"), PRICES).by_group
    spared = estimate(without, PRICES).by_group["bucket"] - shielded["bucket"]
    assert f"${shielded['shield']:.2f} above, for ${spared:.2f} less at S3" in MANUAL


def test_what_an_edge_spares_that_keeps_a_missing_root_is_in_the_manual():
    [not_kept, kept] = [estimate(fleet(100_000, HOUR), prices) for prices in (PRICES, KEPT)]
    words = " ".join(MANUAL.split())
    assert f"are ${not_kept.by_group['bucket']:.2f} of the ${not_kept.dollars:.0f};" in words
    assert f"`missing_ttl_s = 5` in the file) makes that ${kept.by_group['bucket']:.2f}." in words
