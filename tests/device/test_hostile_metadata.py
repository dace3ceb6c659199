"""Metadata of a bad form, signed by the true keys: refused in every role, and nothing is kept."""

from hostile_offers import ROLES, HostileOffer
from repository_simulator import file_fields

from slotcast.errors import DownloadError, RepositoryError

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
# A further member of the signed part, whose signature is right for those very bytes.
TEXTS = (
    ('"x":' + "[" * 11 + "]" * 11, "too deep"),
    ('"x":9007199254740992', "beyond 2^53"),
    ('"x":' + "9" * 1000, "beyond 2^53"),
    ('"x":0.5', "no integer"),
    ('"x":1e3', "no integer"),
    ('"x":NaN', "no value"),
    ('"version":2', "second time"),
    ('"versio\\u006e":3', "second time"),
    ('"x":"\\ud800"', "half of a surrogate pair"),
    ('"x":"\\ud83d","y":"\\ude00"', "half of a surrogate pair"),
)
VALUES = {
    "version": ("2", True, None, 0, -2),
    "expires": (
        "2027-11-20",
        "2027-11-20T12:00:00.000Z",
        "2027-11-20T12:00:00+00:00",
        "Sat, 20 Nov 2027 12:00:00 GMT",
        1826712000,
        None,
    ),
    "spec_version": ("2.0.0", "2.0", "0.9", "v1.0.31", None),
}
REASONS = {
    "version": "version is not an integer",
    "expires": "expires is not a time",
    "spec_version": "spec_version is not",
}


def every_role():
    return [HostileOffer(role) for role in ROLES]


def share(offer, cases):
    """All cases for the timestamp; for the others, whose code is the same, every sixth."""
    if offer.role == "timestamp":
        return cases
    return [cases[i] for i in range(ROLES.index(offer.role), len(cases), 6)]


def test_json_that_is_not_strict_is_refused_in_every_role():
    for offer in every_role():
        for text, says in share(offer, TEXTS):
            offer.serve(offer.signed_with_text(text))
            offer.verify_refused(says)
        offer.verify_accepted(offer.signed_with_text('"x":[[[[[[[9007199254740991]]]]]]]'))


def test_what_stands_around_the_json_is_refused_in_every_role():
    for offer in every_role():
        sound = offer.signed_with()
        cases = (
            (sound + b"{}", "after the end"),
            (sound + sound, "after the end"),
            (b"\xef\xbb\xbf" + sound, "no value"),
            (b"", "no value"),
            (sound[:-1], "no comma"),
            (b"[" + sound + b"]", "metadata is not an object"),
            (b"<html></html>", "no value"),
        )
        for data, says in share(offer, cases):
            offer.serve(data)
            offer.verify_refused(says)
        offer.verify_accepted(sound)


def test_json_20000_deep_is_refused_whether_it_fits_or_not():
    for offer in every_role():
        offer.serve(b"[" * 20000 + b"]" * 20000)
        offer.verify_refused("longer than", DownloadError)
        for start in (b"[", b'{"a":', b'{"signed":[', b' {"":[{"":[{"":[{"":[{"":['):
            offer.serve(start * (4096 // len(start)))
            offer.verify_refused("too deep")
        offer.verify_accepted(offer.signed_with())


def test_fields_that_all_roles_have_are_checked_in_every_role():
    for offer in every_role():
        for field, values in VALUES.items():
            for value in share(offer, values):
                offer.serve(offer.signed_with(**{field: value}))
                offer.verify_refused(REASONS[field])
            sound = offer.fields
            offer.fields = {name: sound[name] for name in sound if name != field}
            offer.serve(offer.signed_with())
            offer.verify_refused(" is not ")
            offer.fields = sound
        offer.verify_accepted(offer.signed_with())


def test_another_text_of_the_same_json_is_accepted_where_no_hash_is_listed():
    for offer in every_role():
        sound = offer.signed_with()
        at = sound.find(b',"signed":')
        swapped = b'{"signed":' + sound[at + 10 : -1] + b"," + sound[1:at] + b"}"
        spaced = swapped.replace(b",", b" ,\r\n\t").replace(b":{", b": {") + b"\n"
        offer.verify_accepted(spaced.replace(b'"_type"', b'"\\u005ftyp\\u0065"'))


def test_another_text_of_the_same_json_is_refused_where_its_hash_is_listed():
    for role, lister in (("snapshot", "timestamp"), ("targets", "snapshot")):
        offer = HostileOffer(role)
        sound = offer.signed_with()
        at = sound.find(b',"signed":')
        with_hash(offer, lister, sound)
        for data, says in (
            (sound + b"\n", "longer than"),
            (sound[:-1], "bytes, not"),
            (b'{"signed":' + sound[at + 10 : -1] + b"," + sound[1:at] + b"}", "have the hash"),
        ):
            offer.serve(data)
            offer.verify_refused(says, (RepositoryError, DownloadError))
        offer.verify_accepted(sound)


def with_hash(offer, lister, data):
    """List version 2 with length and hash."""
    repository = offer.repository
    info = dict(file_fields(data), version=2)
    getattr(repository, lister)["meta"][offer.role + ".json"] = info
    repository.write(lister)
    if lister == "snapshot":
        repository.write("timestamp")


# Beside what is signed


def test_what_is_not_signed_is_bounded_so_that_what_was_accepted_fits_the_next_time():
    for offer in every_role():
        sound = offer.signed_with()
        # The envelope without `signed`, the list of signatures, and three values for each of them.
        free = 100 - 2 - 3 * len(offer.signers)
        for member in ('"x":[%s]' % ",".join(["0"] * free), '"x":{%s}' % members(free)):
            offer.serve(sound.replace(b"{", b"{" + member.encode() + b",", 1))
            offer.verify_refused("too much is not signed")
        entry = b'{"keyid":"x","sig":"","x":[%s]},' % b",".join([b"0"] * (free - 3))
        offer.serve(sound.replace(b'"signatures":[', b'"signatures":[' + entry))
        offer.verify_refused("too much is not signed")
        within = b'{"x":[%s],' % b",".join([b"{}"] * (free - 1))
        offer.verify_accepted(sound.replace(b"{", within, 1))


def members(count):
    return ",".join('"%d":0' % i for i in range(count))
