"""The cockpit: one page to watch the desk and steer it, drawn by Streamlit from the status document."""
