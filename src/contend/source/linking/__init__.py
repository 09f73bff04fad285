"""From summaries to the model: functions, accesses, callers and views of each app."""
