"""What a board decides on a manifest: the cases of decide.json, each told by hand."""

ABOUT = (
    "Decisions (manifests/repository.md, 'What a board does with it'): a case's `manifest` and"
    " `facts` change fields of those above. In `facts`, `version` is that of the running image ('':"
    " unknown), `security_version` the highest that the board has confirmed, `slot_bytes` the size"
    " of the other slot, `failed` the release by which an image, by its digest, failed there"
    " (0: unknown), `group` the board's group (null: none), and `now` the time. `bucket` of"
    " `device_id` under this salt is 4615. Every manifest here keeps to manifest.schema.json."
)
Changes = dict[str, object]
OFFERED, OTHER = "cc" * 32, "dd" * 32
SALT, DEVICE, BUCKET = "stable/r2/7", "0011223344", 4615
NOW = "2026-11-22T10:00:00Z"
WHOM = {"product": "sensor", "channel": "stable", "board": "r2", "chip": "esp32"}
MANIFEST = {
    **WHOM,
    "version": "1.4.3",
    "release": 7,
    "size": 40000,
    "sha256": "aa" * 32,
    "md5": "bb" * 16,
    "image_digest": OFFERED,
    "security_version": 3,
    "min_version": None,
    "mandatory": False,
    "paused": False,
    "rollout": {"salt": SALT, "basis_points": 10000},
    "confirm_within_s": 300,
    "url": "https://updates.example.com/sensor/images/" + "aa" * 32 + ".bin",
    "payloads": [
        {
            "kind": "full",
            "path": "payloads/" + "ee" * 32 + ".slc",
            "length": 30000,
            "sha256": "ee" * 32,
            "head_length": 280,
            "head_sha256": "ff" * 32,
        }
    ],
    "notes": "",
}
FACTS = {
    **WHOM,
    "digest": OTHER,
    "version": "1.4.2",
    "security_version": 3,
    "slot_bytes": 65536,
    "device_id": DEVICE,
    "failed": {},
    "group": None,
    "now": NOW,
}


def decide() -> Changes:
    """Return decide.json."""
    parts = [_plain(), _identity(), _failed(), _order(), _withdrawn(), _patience(), _steps()]
    parts += [_groups(), _ramps()]
    cases = [case for part in parts for case in part]
    return {"about": ABOUT, "manifest": MANIFEST, "facts": FACTS, "cases": cases}


def _case(
    name: str,
    action: str,
    reason: str,
    manifest: Changes | None = None,
    facts: Changes | None = None,
) -> Changes:
    changes = {"manifest": manifest or {}, "facts": facts or {}}
    return {"name": name, **changes, "action": action, "reason": reason}


def _share(basis_points: int) -> Changes:
    return {"rollout": {"salt": SALT, "basis_points": basis_points}}


def _plain() -> list[Changes]:
    unknown = {"version": ""}
    runs = {"digest": OFFERED}
    return [
        _case("a newer release", "install", "1.4.2 -> 1.4.3"),
        _case("a board of unknown version", "install", "unknown version -> 1.4.3", {}, unknown),
        _case("it runs already", "current", "runs 1.4.3 already", {}, runs),
        _case(
            "it runs already, whatever else is said",
            "current",
            "runs 1.4.3 already",
            {"paused": True, "security_version": 0, "min_version": "1.4.0"},
            {**runs, "version": "1.0.0", "failed": {OFFERED: 7}, "slot_bytes": 1},
        ),
        _case(
            "the running image under another version number",
            "current",
            "runs 1.5.0 already",
            {"version": "1.5.0"},
            runs,
        ),
        _case(
            "another image under the running version",
            "install",
            "1.4.3 -> 1.4.3",
            {},
            {"version": "1.4.3"},
        ),
    ]


def _identity() -> list[Changes]:
    return [
        _case(
            f"for another {name}, though it runs",
            "refuse",
            f"manifest is for {name} other, this is {ours}",
            {name: "other"},
            {"digest": OFFERED},
        )
        for name, ours in WHOM.items()
    ]


def _failed() -> list[Changes]:
    refused = ("refuse", "1.4.3 was rolled back here")
    again = ("install", "1.4.2 -> 1.4.3, which may be tried again")
    retry = {"retry_failed": True}
    return [
        _case("the image failed here", *refused, {}, {"failed": {OFFERED: 6}}),
        _case("it failed by an unknown release", *refused, {}, {"failed": {OFFERED: 0}}),
        _case("another image failed here", "install", "1.4.2 -> 1.4.3", {}, {"failed": {OTHER: 6}}),
        _case(
            "the image failed here under another version number",
            "refuse",
            "1.5.0 was rolled back here",
            {"version": "1.5.0", "release": 8},
            {"failed": {OFFERED: 7}},
        ),
        _case("a later release lifts it", *again, retry, {"failed": {OFFERED: 6}}),
        _case("any release lifts an unknown one", *again, retry, {"failed": {OFFERED: 0}}),
        _case("it failed by the release that lifts", *refused, retry, {"failed": {OFFERED: 7}}),
        _case("an older release does not lift", *refused, retry, {"failed": {OFFERED: 8}}),
        _case("nothing to lift", "install", "1.4.2 -> 1.4.3", retry),
        _case(
            "lifted, and still paused",
            "wait",
            "1.4.3 is paused",
            {**retry, "paused": True},
            {"failed": {OFFERED: 6}},
        ),
    ]


def _order() -> list[Changes]:
    older = "1.4.3 is older than 1.10.0, which runs"
    return [
        _case("an image that fills the slot", "install", "1.4.2 -> 1.4.3", {"size": 65536}),
        _case(
            "an image larger than the slot",
            "refuse",
            "image of 65537 bytes, slot of 65536",
            {"size": 65537},
        ),
        _case(
            "a lower security version",
            "refuse",
            "security version 2 is below 3",
            {"security_version": 2},
        ),
        _case("an older version, by numbers", "refuse", older, {}, {"version": "1.10.0"}),
        _case(
            "an older version, paused for nobody's sake",
            "refuse",
            older,
            {"paused": True},
            {"version": "1.10.0"},
        ),
    ]


def _withdrawn() -> list[Changes]:
    named = {"withdrawn": ["1.4.9", "1.5.0"]}
    runs = {"version": "1.5.0"}
    back = "1.5.0 -> 1.4.3, as 1.5.0 is withdrawn"
    return [
        _case("the running version is withdrawn", "install", back, named, runs),
        _case(
            "another version is withdrawn",
            "refuse",
            "1.4.3 is older than 1.5.1, which runs",
            named,
            {"version": "1.5.1"},
        ),
        _case(
            "withdrawn, but the board has confirmed a higher security version",
            "refuse",
            "1.5.0 is withdrawn, but 1.4.3 cannot replace it: security version 3 is below 4",
            named,
            {**runs, "security_version": 4},
        ),
        _case(
            "withdrawn, but what replaces it failed here",
            "refuse",
            "1.4.3 was rolled back here",
            named,
            {**runs, "failed": {OFFERED: 2}},
        ),
        _case(
            "withdrawn, and what replaces it is paused",
            "wait",
            "1.4.3 is paused",
            {**named, "paused": True},
            runs,
        ),
        _case(
            "withdrawn, and what replaces it is not for all yet",
            "wait",
            "1.4.3 has not reached this board yet",
            {**named, **_share(BUCKET)},
            runs,
        ),
        _case(
            "withdrawn, and replaced by a newer one",
            "install",
            "1.4.2 -> 1.4.3",
            {"withdrawn": ["1.4.2"]},
        ),
        _case(
            "withdrawn, and too old for the one that replaces it",
            "step",
            "needs 1.4.3 first",
            {"version": "1.6.0", "min_version": "1.4.3", "withdrawn": ["1.4.2"]},
        ),
        _case(
            "withdrawn, and not below the minimum of what replaces it",
            "install",
            back,
            {**named, "min_version": "1.4.2"},
            runs,
        ),
        _case(
            "an unknown version is none that is withdrawn",
            "install",
            "unknown version -> 1.4.3",
            named,
            {"version": ""},
        ),
    ]


def _patience() -> list[Changes]:
    return [
        _case("paused", "wait", "1.4.3 is paused", {"paused": True}),
        _case(
            "outside the rollout", "wait", "1.4.3 has not reached this board yet", _share(BUCKET)
        ),
        _case("inside the rollout", "install", "1.4.2 -> 1.4.3", _share(BUCKET + 1)),
        _case(
            "mandatory, and still outside the rollout",
            "wait",
            "1.4.3 has not reached this board yet",
            {"mandatory": True, **_share(0)},
        ),
    ]


def _steps() -> list[Changes]:
    needs = {"version": "1.5.0", "min_version": "1.4.3"}
    step = ("step", "needs 1.4.3 first")
    return [
        _case("below the minimum", *step, needs),
        _case("of unknown version, and there is a minimum", *step, needs, {"version": ""}),
        _case("the minimum itself", "install", "1.4.3 -> 1.5.0", needs, {"version": "1.4.3"}),
        _case(
            "below the minimum by numbers",
            "step",
            "needs 1.10.0 first",
            {"version": "1.11.0", "min_version": "1.10.0"},
            {"version": "1.9.0"},
        ),
        _case(
            "no step towards what is paused", "wait", "1.5.0 is paused", {**needs, "paused": True}
        ),
        _case(
            "no step towards what is not for this board yet",
            "wait",
            "1.5.0 has not reached this board yet",
            {**needs, **_share(BUCKET)},
        ),
        _case(
            "no step towards what failed here",
            "refuse",
            "1.5.0 was rolled back here",
            needs,
            {"failed": {OFFERED: 7}},
        ),
        _case(
            "no step towards what does not fit",
            "refuse",
            "image of 65537 bytes, slot of 65536",
            {**needs, "size": 65537},
        ),
        _case(
            "no step towards a lower security version",
            "refuse",
            "security version 2 is below 3",
            {**needs, "security_version": 2},
        ),
    ]


def _groups() -> list[Changes]:
    canaries = {"rollout": {"salt": SALT, "basis_points": 0, "groups": ["canary", "lab"]}}
    wait = ("wait", "1.4.3 has not reached this board yet")
    return [
        _case("of a group that comes first", "install", "1.4.2 -> 1.4.3", canaries, _of("lab")),
        _case("of another group", *wait, canaries, _of("field")),
        _case("of no group", *wait, canaries),
        _case("of a group, where none comes first", *wait, _share(0), _of("canary")),
        _case(
            "of a group that comes first, and paused",
            "wait",
            "1.4.3 is paused",
            {**canaries, "paused": True},
            _of("canary"),
        ),
        _case(
            "of a group that comes first, and the image failed here",
            "refuse",
            "1.4.3 was rolled back here",
            canaries,
            {**_of("canary"), "failed": {OFFERED: 6}},
        ),
        _case(
            "withdrawn, and of a group that comes first",
            "install",
            "1.5.0 -> 1.4.3, as 1.5.0 is withdrawn",
            {**canaries, "withdrawn": ["1.5.0"]},
            {**_of("canary"), "version": "1.5.0"},
        ),
        _case(
            "of a group that comes first, and below the minimum",
            "step",
            "needs 1.4.3 first",
            {**canaries, "version": "1.5.0", "min_version": "1.4.3"},
            _of("canary"),
        ),
    ]


def _of(group: str) -> Changes:
    return {"group": group}


def _ramps() -> list[Changes]:
    """A ramp whose share grows by one in a second: it reaches the board after so many seconds."""
    ramp = {"to": 10000, "start": NOW, "over_s": 10000}
    grows = {"rollout": {"salt": SALT, "basis_points": 0, "ramp": ramp}}
    paused = {**grows, "paused": True}
    wait = ("wait", "1.4.3 has not reached this board yet")
    reached = {"now": "2026-11-22T11:16:56Z"}  # BUCKET + 1 seconds later
    return [
        _case("a ramp that has just begun", *wait, grows),
        _case("a ramp that lies ahead", *wait, grows, {"now": "2026-01-01T00:00:00Z"}),
        _case("a second before the ramp reaches it", *wait, grows, {"now": "2026-11-22T11:16:55Z"}),
        _case("a ramp that has reached it", "install", "1.4.2 -> 1.4.3", grows, reached),
        _case(
            "a ramp that is long over",
            "install",
            "1.4.2 -> 1.4.3",
            grows,
            {"now": "2036-11-22T10:00:00Z"},
        ),
        _case("a ramp that has reached it, and paused", "wait", "1.4.3 is paused", paused, reached),
        _case(
            "a ramp that ends before it reaches it",
            *wait,
            {"rollout": {"salt": SALT, "basis_points": 0, "ramp": {**ramp, "to": BUCKET}}},
            {"now": "2036-11-22T10:00:00Z"},
        ),
    ]
