"""What CloudWatch and Systems Manager say over time, by script: alarms, metrics and calendars."""
