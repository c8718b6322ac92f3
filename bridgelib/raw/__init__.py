"""Raw BridgeData trees: what lies in them, and how one trajectory is read."""
