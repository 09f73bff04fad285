"""The audit as a Markdown document that a team keeps."""

from contend.reports.markdown.report import render_markdown

__all__ = ["render_markdown"]
