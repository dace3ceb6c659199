"""What the doctor finds wrong with a distribution's certificate and logs."""

from dataclasses import replace
from datetime import timedelta

import pytest
from aws_account import Account, set_tls
from aws_answers import DISTRIBUTION_ARN, HOST, NOW

from publisher.doctor.aws.certificate import CHECK as CERTIFICATE
from publisher.doctor.aws.distribution import check_distribution
from publisher.infra.errors import InfraError


def bad(account):
    return account.bad(check_distribution)


def set_certificate(**words):
    return lambda account: account.certificate.update(words)


RECORD = {"Name": "_a.updates.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
PENDING = {
    "DomainName": HOST,
    "ValidationStatus": "PENDING_VALIDATION",
    "ResourceRecord": RECORD,
}
SET_RECORD = "set in DNS: _a.updates.example.com. CNAME _b.acm-validations.aws."


@pytest.mark.parametrize(
    ("change", "says", "mend"),
    [
        pytest.param(
            set_certificate(Status="PENDING_VALIDATION", DomainValidationOptions=[PENDING]),
            "FAIL certificate-acm: the certificate is PENDING_VALIDATION",
            SET_RECORD,
            id="not validated yet",
        ),
        pytest.param(
            set_certificate(Status="FAILED", FailureReason="CAA_ERROR"),
            "FAIL certificate-acm: the certificate is FAILED (CAA_ERROR)",
            "request another",
            id="not issued",
        ),
        pytest.param(
            set_certificate(
                RenewalSummary={
                    "RenewalStatus": "PENDING_VALIDATION",
                    "DomainValidationOptions": [PENDING],
                    "UpdatedAt": NOW,
                }
            ),
            "FAIL certificate-acm: the renewal is PENDING_VALIDATION",
            SET_RECORD,
            id="renewal wants a DNS record",
        ),
        pytest.param(
            set_certificate(RenewalEligibility="INELIGIBLE"),
            "WARN certificate-acm: ACM will not renew the certificate: it is not eligible",
            "validate it by DNS",
            id="not eligible",
        ),
        pytest.param(
            set_certificate(NotAfter=NOW + timedelta(days=20)),
            "WARN certificate-acm: the certificate expires in 20 days, and ACM has not renewed it",
            "aws acm describe-certificate",
            id="not renewed",
        ),
        pytest.param(
            set_certificate(NotAfter=NOW + timedelta(days=20), Type="IMPORTED"),
            "WARN certificate-acm: the certificate expires in 20 days; nothing renews it",
            "import it under the same ARN",
            id="imported, and old",
        ),
        pytest.param(
            set_certificate(NotAfter=NOW - timedelta(days=1)),
            "FAIL certificate-acm: the certificate has expired: then no board can connect",
            "aws acm describe-certificate",
            id="expired",
        ),
        pytest.param(
            set_certificate(NotAfter=NOW + timedelta(days=3), Type="IMPORTED"),
            "FAIL certificate-acm: the certificate expires in 3 days: then no board can connect",
            "import it under the same ARN",
            id="about to expire",
        ),
        pytest.param(
            set_certificate(KeyAlgorithm="EC_secp521r1"),
            "FAIL certificate-acm: the certificate has a key of EC_secp521r1, which boards do not "
            "verify",
            "RSA_2048",
            id="a key that boards do not verify",
        ),
        pytest.param(
            set_certificate(DomainName="example.com", SubjectAlternativeNames=["*.a.example.com"]),
            "FAIL certificate-acm: the certificate is for *.a.example.com, example.com, boards ask "
            "for updates.example.com",
            "CertificateArn",
            id="another name",
        ),
        pytest.param(
            set_certificate(InUseBy=[]),
            "WARN certificate-acm: ACM does not know the distribution as a user of the certificate "
            "yet",
            "wait some minutes",
            id="not in use",
        ),
        pytest.param(
            set_tls(ACMCertificateArn="arn:aws:acm:eu-central-1:111122223333:certificate/1"),
            "FAIL certificate-acm: the certificate lies in eu-central-1, CloudFront reads "
            "us-east-1 alone",
            "import it in us-east-1",
            id="another region",
        ),
        pytest.param(
            set_tls(ACMCertificateArn=""),
            "UNKNOWN certificate-acm: the certificate is not in ACM, but kept by IAM, where "
            "nothing renews it",
            "import it to ACM",
            id="kept by IAM",
        ),
    ],
)
def test_a_certificate_that_will_fail_is_told_with_what_mends_it(change, says, mend):
    account = Account()
    change(account)
    found = bad(account)
    assert list(found) == [says]
    assert mend in found[says]


@pytest.mark.parametrize(("days", "state"), [(6, "FAIL"), (7, "WARN"), (29, "WARN"), (30, "OK")])
def test_a_certificate_s_last_week_and_month_are_of_whole_days(days, state):
    account = Account()
    account.certificate["NotAfter"] = NOW + timedelta(days=days)
    states = [one.state for one in account.look(check_distribution) if one.check == CERTIFICATE]
    assert states == [state]


@pytest.mark.parametrize("name", [HOST, "*.example.com", "Updates.Example.Com"])
def test_a_certificate_for_the_host_or_its_siblings_will_do(name):
    account = Account()
    account.certificate.update(DomainName=name, SubjectAlternativeNames=[name])
    assert bad(account) == {}


def test_a_stack_for_logs_that_delivers_nothing():
    account = Account()
    account.answers["describe_delivery_sources"] = {"deliverySources": []}
    says = "FAIL logs: there is a stack for logs, but nothing is delivered"
    assert bad(account)[says].startswith("make it anew: `slotcast infra apply`")
    account.deployment = replace(account.deployment, has_logs=False)
    assert bad(account) == {}


def test_without_deliveries_a_stack_that_could_not_be_asked_for_is_not_known():
    account = Account()
    error = InfraError("stack acme-logs: access denied to DescribeStacks", "allow it")
    account.deployment = replace(account.deployment, has_logs=False, logs_error=error)
    assert bad(account) == {}  # something is delivered, whoever has set that up
    account.answers["describe_delivery_sources"] = {"deliverySources": []}
    assert bad(account) == {
        "UNKNOWN logs: nothing is delivered, and whether there is a stack for logs is not known: "
        "stack acme-logs: access denied to DescribeStacks": "allow it"
    }


def test_deliveries_of_other_distributions_are_passed_over():
    account = Account()
    other = {"name": "other", "resourceArns": [DISTRIBUTION_ARN + "OTHER"]}
    mine = account.answers["describe_delivery_sources"]["deliverySources"]
    first = {"deliverySources": [other], "nextToken": "2"}
    pages = {"": first, "2": {"deliverySources": mine}}
    account.answers["describe_delivery_sources"] = lambda asked: pages[asked.get("nextToken", "")]
    deliveries = account.answers["describe_deliveries"]["deliveries"]
    deliveries.append({"deliverySourceName": "other", "recordFields": ["c-ip"]})
    assert bad(account) == {}


def test_more_deliveries_than_are_looked_at_are_unknown():
    account = Account()
    account.answers["describe_delivery_sources"] = {"deliverySources": [], "nextToken": "more"}
    assert list(bad(account)) == [
        "UNKNOWN logs: the account has too many log deliveries to look at "
        "(logs:DescribeDeliverySources)"
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (["c-ip", "x-forwarded-for"], "the logs have c-ip, x-forwarded-for: with a board's id"),
        (None, "the logs lack date, time, cs-uri-stem, cs-uri-query, sc-status, sc-bytes, x-edge"),
    ],
)
def test_logs_with_addresses_or_without_reports_are_warned_of(fields, says):
    account = Account()
    (delivery,) = account.answers["describe_deliveries"]["deliveries"]
    delivery["recordFields"] = [*delivery["recordFields"], *fields] if fields else []
    (words,) = bad(account)
    assert words.startswith(f"WARN logs: {says}")


def test_legacy_logging_has_addresses():
    account = Account()
    account.distribution["Logging"] = {
        "Enabled": True,
        "IncludeCookies": False,
        "Bucket": "old.s3.amazonaws.com",
        "Prefix": "",
    }
    (words,) = bad(account)
    assert words.startswith("WARN logs: legacy logging goes to old.s3.amazonaws.com")
