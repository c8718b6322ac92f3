"""The report: one page on what was trained, whether it works, and what the data are like, to look at without a network.

`reading` collects what there is, `sections` say it, `page` binds them together. Everything is drawn here, as SVG and
WebP inside of the page; how large the page may become does not depend on the data (`bounds`).
"""
