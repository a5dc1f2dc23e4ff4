"""The fault drill: real processes, injected faults, and an independent checker at the end; see docs/drill.md."""
