"""What a reader gets: cards and reports, made from a run's figures."""
