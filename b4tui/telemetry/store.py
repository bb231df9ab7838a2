"""Where models lie on this machine, so that the operator sees how much room is left for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# Where Ollama's packages keep models when it runs as a service of its own user.
_SERVICE = ("/usr/share/ollama/.ollama/models", "/var/lib/ollama/.ollama/models", "/var/lib/ollama/models")


def model_store(configured: str, environ: Mapping[str, str], home: Path) -> Path:
    """The folder of the models: `[telemetry] model_store`, else OLLAMA_MODELS, else one of Ollama's that is there.

    Where none is there it is the one that Ollama would make for this user.
    """
    for given in (configured, environ.get("OLLAMA_MODELS", "")):
        if given.strip():
            return _from_home(given.strip(), home)
    own = home / ".ollama" / "models"
    return next((path for path in (own, *map(Path, _SERVICE)) if _is_folder(path)), own)


def nearest(path: Path) -> Path:
    """The folder itself, or the nearest one above it that exists: they will be on one file system."""
    return next((folder for folder in (path, *path.parents) if _is_folder(folder)), Path(path.anchor))


def _from_home(text: str, home: Path) -> Path:
    return home / text[2:] if text.startswith("~/") else Path(text).absolute()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # another user's folder
        return False
