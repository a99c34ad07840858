"""Files that are tracked by several machines: Celery tasks, with Redis as their broker. Needs the extra ``jobs``."""
