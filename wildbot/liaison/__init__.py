"""Between the desk's words and a venue's wire: the only room that knows both."""
