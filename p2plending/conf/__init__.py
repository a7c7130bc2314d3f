"""Parts of the settings that are long or need care, as functions of what `settings.py` reads from the environment."""
