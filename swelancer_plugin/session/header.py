"""What a run is, in words: for pytest's header, and as facts for the exports."""

from __future__ import annotations

from dataclasses import asdict

from swelancer_plugin import __version__
from swelancer_plugin.datasets.checkout import without_credentials
from swelancer_plugin.runs.cleanup import NAME_LABEL
from swelancer_plugin.session.run import Run
from swelancer_plugin.settings import OPTIONS, PRIVILEGED, Settings


def lines(run: Run) -> list[str]:
    """Return the header: each value that is not a default, and where it came from."""
    settings = run.settings
    given = [
        f"{option.flag} {_shown(_public(settings)[option.name])} ({run.sources[option.name]})"
        for option in OPTIONS
        if option.name in run.sources
    ]
    text = [f"swelancer: {', '.join(given) or 'all defaults'}"]
    if run.directory is not None:
        text.append(f"swelancer: run {run.directory.name}, in {run.reports}")
    if settings.model == PRIVILEGED:
        text.append("swelancer: gold sees the answers; what it earns proves the machinery alone")
    if settings.computer == "local":
        text.append("swelancer: UNSEALED: commands run on this host, nothing is isolated")
    if settings.without_repository:
        text.append("swelancer: manager tasks run without their repository")
    return text


def kept(run: Run) -> tuple[str, ...]:
    """Return where the computers of this run are, if they were to be kept."""
    if not run.settings.keep_computers or run.settings.computer != "docker":
        return ()
    chosen = f"docker ps -aq --filter label={NAME_LABEL}={run.home.name}"
    return (
        f"containers are kept: list them with `{chosen}`, look into one with "
        f"`docker exec -it ID sh`, remove them with `docker rm -f $({chosen})`",
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "" if value is True else str(value)


def _public(settings: Settings) -> dict[str, object]:
    """Return the settings by name, without the credentials that a URL may hold."""
    public = asdict(settings)
    public["min_payout"] = settings.min_payout and str(settings.min_payout)
    for name in ("repository", "base_url"):
        value = public[name]
        public[name] = without_credentials(value) if isinstance(value, str) else None
    return public


def facts(run: Run) -> dict[str, object]:
    """Return the run's facts as plain JSON values."""
    return {
        "run": run.home.name,
        "version": __version__,
        "settings": _public(run.settings),
        "sources": run.sources,
    }
