"""The sections of the page, most important first; each is a function of the facts."""
