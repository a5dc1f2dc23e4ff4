"""What the cockpit shows, as pure functions from the status document to rows, markup and chart options."""
