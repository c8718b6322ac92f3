"""The programs: one module each, with argparse and no logic, whose `main(argv)` returns the exit status.

In a checkout, scripts of the same names in workflow_scripts/ start them, for rules and by hand. Where the package is
installed, `bridgedata NAME` or `python -m bridgelib NAME` does.
"""
