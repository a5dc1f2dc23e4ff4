"""Every limit of the settings as (name, text), so that two starts can be compared."""

from wildbot.settings import Settings


def limit_texts(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the limits in force, in the order of the settings."""
    limits = {f"risk.{name}": value for name, value in settings.risk.model_dump(mode="json").items()}
    limits["capital.starting"] = str(settings.capital.starting)
    return tuple((name, str(value).lower()) for name, value in limits.items())
