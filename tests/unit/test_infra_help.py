"""What `slotcast infra` says of its options, and of a permission that is missing."""

import pytest
from botocore.exceptions import ClientError

from publisher.cli import main
from publisher.infra.explain import explain


@pytest.fixture
def help_of(capsys):
    def help_of(command):
        with pytest.raises(SystemExit):
            main(["infra", command, "--help"])
        return " ".join(capsys.readouterr().out.split())

    return help_of


def test_init_looks_in_no_folder_above(help_of):
    said = help_of("init").partition("--infra PATH infra.toml (default: ")[2].partition(")")[0]
    assert said == "beside the slotcast.toml of --settings, or in this directory"
    assert "or the nearest one, from this directory upwards" in help_of("plan")


def test_parameters_too_can_be_let_go(help_of):
    assert "this resource, or change this parameter, by its name in the template" in help_of(
        "apply"
    )


def test_a_missing_permission_is_missing_to_whoever_asks():
    """The doctor asks too, and deploys nothing."""
    error = ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeStacks")
    assert explain(error, "stack x").hint.startswith("whoever runs this needs that permission")
