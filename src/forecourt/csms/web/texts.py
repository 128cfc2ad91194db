"""What texts in bodies and parameters may hold, as patterns that mean the same to Python and to whoever reads the OpenAPI.

`$` alone lets a line break at the end through in Python, though not elsewhere: patterns end with `END`.
"""

from __future__ import annotations

from typing import Final

END: Final = r"$(?!\n)"
LINE: Final = r"^[^\x00-\x1f\x7f]*" + END
"""One line."""
WORD: Final = r"^[^\s\x00-\x1f\x7f]*" + END
"""No spaces either."""
ANY: Final = r"^[^\x00]*" + END
"""Everything that can be stored."""
