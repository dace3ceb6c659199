import pytest
from products import Product

from publisher.certificates import Authority
from publisher.errors import SettingsError, StoreError
from publisher.reading import folder_product, folder_reader, url_product, url_reader
from publisher.serve import Edge
from publisher.stores.directory import DirectoryStore


@pytest.fixture
def published(tmp_path):
    Product(DirectoryStore(tmp_path / "published"))
    return tmp_path / "published"


ROOT = "sensor/metadata/1.root.json"


def test_a_store_s_folder_and_the_product_s_own_folder_read_alike(published):
    for folder in (published, published / "sensor"):
        assert folder_product(folder) == "sensor"
        read = folder_reader(folder, "sensor")
        assert read(ROOT) == (published / ROOT).read_bytes()
        assert read("sensor/metadata/2.root.json") is None


def test_a_folder_with_several_products_or_none_does_not_tell_which(published, tmp_path):
    with pytest.raises(SettingsError, match="holds no product"):
        folder_product(tmp_path)
    (published / "sensor").rename(tmp_path / "saved")
    for name in ("one", "two"):
        (published / name / "metadata").mkdir(parents=True)
        (published / name / "metadata" / "1.root.json").write_bytes(b"{}")
    with pytest.raises(SettingsError, match="several products: one, two"):
        folder_product(published)


def test_a_base_url_names_its_product():
    assert url_product("https://updates.example.com/fleet/sensor/") == "sensor"


@pytest.mark.parametrize("url", ["http://x/sensor/", "file:///etc/", "https://x/sensor", "x"])
def test_only_https_is_read(url):
    with pytest.raises(SettingsError, match="--url"):
        url_reader(url, "sensor", "")


@pytest.fixture
def edge(published, tmp_path):
    authority = Authority.create("test")
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    store = DirectoryStore(published)
    with Edge(store, authority.issue(["127.0.0.1"])) as edge:
        yield f"https://127.0.0.1:{edge.port}/sensor/"


def test_an_edge_is_read_with_its_own_roots(edge, published, tmp_path):
    read = url_reader(edge, "sensor", str(tmp_path / "ca.pem"))
    assert read(ROOT) == (published / ROOT).read_bytes()
    assert read("sensor/metadata/2.root.json") is None


def test_an_edge_with_a_certificate_of_nobody_known_is_not_read(edge):
    with pytest.raises(StoreError, match="CERTIFICATE_VERIFY_FAILED"):
        url_reader(edge, "sensor", "")(ROOT)


def test_a_file_without_certificates_is_refused(tmp_path):
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(SettingsError, match="no certificates"):
        url_reader("https://127.0.0.1/sensor/", "sensor", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match="no certificates"):
        url_reader("https://127.0.0.1/sensor/", "sensor", str(tmp_path / "gone.pem"))


def test_an_edge_that_is_not_there_is_named():
    with pytest.raises(StoreError, match=r"https://127\.0\.0\.1:1/sensor/metadata"):
        url_reader("https://127.0.0.1:1/sensor/", "sensor", "")(ROOT)
