"""Whether a daily job is at work, by when IAM saw the roles last that may refresh."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from aws_account import Account
from aws_answers import NOW, ROLES

from publisher.doctor.aws.role_use import check_role_use

OLD = NOW - timedelta(days=90)
HOUR = timedelta(hours=1)
NEVER = {}


def here(time):
    """A time as boto3 gives it, in the zone of the machine."""
    return time.astimezone(timezone(5 * HOUR))


def using(uses, made=OLD, roles=ROLES):
    """An account whose roles were last used some hours ago (None: never), and who was asked of."""
    account, asked = Account(), []
    sound = account.answers["get_role"]

    def get(params):
        name = params["RoleName"]
        asked.append(name)
        hours = uses[name]
        last = NEVER if hours is None else {"LastUsedDate": here(NOW - hours * HOUR)}
        told = sound(params)["Role"]
        return {"Role": {**told, "CreateDate": here(made), "RoleLastUsed": last}}

    account.answers["get_role"] = get
    account.deployment = replace(account.deployment, roles=roles)
    return account, asked


def found(account):
    (finding,) = account.look(check_role_use)
    return finding


@pytest.mark.parametrize("hours", [0, 3, 30])
def test_a_refresh_role_that_was_used_lately_is_in_order(hours):
    account, asked = using({"refresh": hours})
    at = f"{NOW - hours * HOUR:%Y-%m-%d %H:%M} UTC"
    says = f"the refresh role was last used {at}, {hours} h ago"
    assert (found(account).state, found(account).says) == ("OK", says)
    assert set(asked) == {"refresh"}


@pytest.mark.parametrize("others", [31, None])
def test_a_refresh_role_that_was_not_used_for_a_day_is_to_be_looked_at(others):
    account, _ = using({"refresh": 31, "release": others})
    ((says, mend),) = account.bad(check_role_use).items()
    assert says == (
        "WARN refresh-role-used: the refresh role was last used 2026-11-21 17:00 UTC, 31 h ago: no "
        "daily job refreshes by it"
    )
    assert "by hand, or by other credentials: what is overdue `refresh-job` tells" in mend


def test_a_refresh_role_that_was_never_used_is_to_be_looked_at():
    account, _ = using({"refresh": None, "release": 100})
    assert list(account.bad(check_role_use)) == [
        "WARN refresh-role-used: the refresh role, made 2026-08-25 00:00 UTC, was not used since, "
        "or for 400 days: no daily job refreshes by it"
    ]


@pytest.mark.parametrize(("hours", "state"), [(29, "OK"), (31, "WARN")])
def test_a_role_that_is_new_may_not_have_been_used_yet(hours, state):
    account, _ = using({"refresh": None, "release": None}, made=NOW - hours * HOUR)
    assert found(account).state == state


@pytest.mark.parametrize("refresh", [100, None])
def test_a_release_role_that_was_used_lately_may_have_refreshed(refresh):
    account, _ = using({"refresh": refresh, "release": 2})
    assert found(account).state == "OK"
    assert found(account).says.endswith(
        "; but the release role was last used 2026-11-22 22:00 UTC, 2 h ago, and may refresh too"
    )


def test_without_a_release_role_the_refresh_role_alone_counts():
    account, asked = using({"refresh": 100}, roles={"refresh": ROLES["refresh"]})
    assert (found(account).state, asked) == ("WARN", ["refresh"])


def test_without_a_refresh_role_nothing_is_asked():
    account, asked = using({}, roles={"release": ROLES["release"]})
    assert (account.look(check_role_use), asked) == ([], [])


def test_a_use_ahead_of_this_clock_is_a_moment_ago():
    account, _ = using({"refresh": -1})
    assert found(account).says.endswith("UTC, 0 h ago")


def test_an_answer_that_tells_of_no_use_at_all_is_unknown():
    account = Account()
    account.alter("get_role", lambda answer: answer["Role"].pop("RoleLastUsed"))
    unknown = [one for one in account.look() if one.check == "refresh-role-used"]
    assert [(one.state, one.says) for one in unknown] == [
        ("UNKNOWN", "iam:GetRole does not tell here when a role was last used")
    ]
