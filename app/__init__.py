"""The only place that knows concrete vendors and the person at the keyboard."""
