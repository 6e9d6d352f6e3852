"""What the README's figures are measured with: ``python -m benchmarks`` prints a Markdown table."""
