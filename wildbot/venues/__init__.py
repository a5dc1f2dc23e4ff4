"""How venues speak: their messages to and from the model, without sockets or clocks."""
