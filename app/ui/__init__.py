"""The web page for people who sell clothes: Gradio behind our own login, English and Chinese."""
