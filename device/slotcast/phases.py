"""Which modules each phase of a poll needs, and the others do not: for modules.unload.

Each is one string: a tuple takes heap where code runs from a ROMFS.
"""

# What verifies signatures, and nothing else needs; without sha512_viper, whose native code would
# stay behind for good.
VERIFYING = "ed25519 ed25519_base sha512 p256 p256_base rsa_pss spki"
# What finds out what a channel offers.
ASKING = "client trust metadata delegations canonical signatures iso_time"
# What holds that against what runs.
DECIDING = "offer decide manifest_fields versions files manners rollout elapsed"
# What remembers, and looks at what runs: at the beginning of a poll and at its end.
REMEMBERING = "record trial tries image boot versions files slots slot"
# What only reading ota.json needs.
CONFIGURING = "config_fields versions url http files iso_time"
# What reaches an edge.
CONNECTING = (
    "edges means url https http chunked channel connect wire kept_sets pinsets strict_json pins der"
)
# What brings an image.
INSTALLING = "slot payload inflate frames install bring"
# What only a delta needs; with delta_viper, whose native code would stay behind for good, or else
# with delta_plain.
OF_DELTAS = "delta relocation"
