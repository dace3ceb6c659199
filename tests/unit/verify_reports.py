"""What tests of the verification ask a report."""

from published_product import NOW

from publisher.verify import verify


def report_of(product, now=NOW, **options):
    return verify(product.read, "sensor", product.fingerprint, now, **options)


def errors(product, **options):
    """The findings that are errors, as "path: message"."""
    report = report_of(product, **options)
    assert report.ok == (not any(finding.severity == "error" for finding in report.findings))
    return [
        f"{finding.key.removeprefix('sensor/')}: {finding.message}"
        for finding in report.findings
        if finding.severity == "error"
    ]


def warnings(product, **options):
    found = report_of(product, **options).findings
    return [finding.message for finding in found if finding.severity == "warning"]


def only_error(product, says, **options):
    """Assert that there is one error, and that it says so."""
    (error,) = errors(product, **options)
    assert says in error
