"""The store: schema, load, demonstration, publish and snapshot."""
