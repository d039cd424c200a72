"""The web app: articles enter, claims and reviewed labels leave, all on one's own machine."""
