"""Another world behind the same seam, and over HTTP: the throttled API. Imports nothing from throttle/."""
