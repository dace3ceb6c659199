"""Defects to seed into the templates of infra/, one at a time, each a small edit of one of them.

A person makes such mistakes when editing a template. The rule that a defect names has to catch it;
what only cfn-lint can see (a name that does not exist, say) names none.
"""

from .answers import ANSWERS
from .buckets import BUCKET, POLICY
from .edges import CACHING, EDGE
from .edits import Defect, sound_templates
from .given import GIVEN
from .guests import GUESTS
from .ignored import IGNORED
from .jobs import JOBS
from .kept_out import KEPT_OUT
from .misread import MISREAD
from .parts import PARTS
from .patterns import PATTERNS
from .reach import REACH
from .reports import LOGS, SPELLING
from .rights import KEYS, ROLES, TRUST
from .spared import SPARED
from .strangers import STRANGERS
from .unsent import UNSENT

__all__ = ["DEFECTS", "SPELLING", "Defect", "sound_templates"]

DEFECTS = (
    *(
        *BUCKET,
        *POLICY,
        *GUESTS,
        *EDGE,
        *CACHING,
        *ROLES,
        *REACH,
        *TRUST,
        *KEYS,
        *GIVEN,
        *STRANGERS,
    ),
    *(*LOGS, *PARTS),
    *(*SPARED, *ANSWERS, *PATTERNS, *JOBS),
    *(*UNSENT, *KEPT_OUT, *MISREAD, *IGNORED),
)
