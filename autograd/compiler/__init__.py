"""From a recorded scalar graph to native code: trace -> tape -> passes -> back ends. README.md here says how to read it."""
