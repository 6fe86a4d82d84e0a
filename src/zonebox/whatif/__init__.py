"""What if: change a control or move a design, and see envelope, findings and totals answer at once.

`changes` are values, `trial` applies them to a scene, `history` remembers them, `export` writes them down as a rule
pack and a scene. The envelope is built and checked by the same code as in a run, over the touched parcels alone.
"""

from zonebox.whatif.changes import Change, Limit, Move, Setback
from zonebox.whatif.history import WhatIf
from zonebox.whatif.moving import moved
from zonebox.whatif.trial import Totals, Trial

__all__ = ["Change", "Limit", "Move", "Setback", "Totals", "Trial", "WhatIf", "moved"]
