"""The cockpit's entry: `streamlit run dashboard_app.py`. It drains the status socket, draws, and commands through the
control socket; all of it lives in `wildbot/dashboard/`.
"""

from wildbot.dashboard.app import run

run()
