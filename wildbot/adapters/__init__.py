"""The only door to the world: sockets, files, processes, logs. Adapters carry; they decide nothing."""
