"""Where the files lie that come with WildBot and are no Python: beside the packages in a checkout, inside in a wheel."""

from pathlib import Path
from typing import Final

FILES: Final = ("config", ".streamlit", "dashboard_app.py", "supervisord.conf", "requirements.lock")

_CHECKOUT = Path(__file__).resolve().parents[1]
SHIPPED: Final = _CHECKOUT if (_CHECKOUT / "config").is_dir() else _CHECKOUT / "wildbot" / "installed"
"""The folder that holds all of FILES."""
