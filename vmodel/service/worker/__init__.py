"""Workers: the loop that makes pictures, its queue and its periodic tasks."""
