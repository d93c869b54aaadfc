"""The page's own routes beside Gradio's."""
