"""Runs of evaluations as one HTML file: figures, and every sample with its verdict.

    from ratchet.evaluation.records import read_evaluation
    from ratchet.report.evaluation import write_report

    write_report([read_evaluation(Path("runs/a")), read_evaluation(Path("runs/b"))], Path("report.html"))

`figures` makes the tables and plots, which are plain HTML; `packing` presses problems and
samples into blocks that the page's script unpacks when they are wanted, so that 50,000
samples open at once. What models wrote is never HTML: the script sets it as text.
"""

from ratchet.report.evaluation.page import report_html, write_report

__all__ = ["report_html", "write_report"]
