"""Any model on any benchmark: samples drawn, judged while the next are drawn, and counted."""
