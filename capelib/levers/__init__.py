"""The design levers: generations, curated data, architecture and width, as released and as measured (Sec. 5, 7.3)."""
