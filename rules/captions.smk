"""How results are marked for Snakemake's own report, `snakemake --report FILE`; captions are in rules/captions/."""


def in_report(path, caption, category, **more):
    """An output that `snakemake --report` shows, with the caption of that name."""
    labels = {"result": caption} | {
        name: f"{{{name}}}" for name in re.findall(r"{(\w+)}", str(path))
    }
    chosen = {"category": category, "labels": labels} | more
    return report(path, caption=f"captions/{caption}.rst", **chosen)
