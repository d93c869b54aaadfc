"""Web page for people who sell clothes: Gradio behind our own login, in English and Chinese."""
