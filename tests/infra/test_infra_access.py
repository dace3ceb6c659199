"""Roles are taken by those alone whom they trust, and the bucket is read through its edge alone."""

from tests.infra.access_rows import takes, views
from tests.infra.deployment import Deployment
from tests.infra.rights_rows import wrong


def test_only_who_is_trusted_takes_a_role(deployment: Deployment) -> None:
    assert wrong(takes(deployment)) == []


def test_the_edge_alone_reads_the_bucket_and_only_over_tls(deployment: Deployment) -> None:
    assert wrong(views(deployment)) == []
