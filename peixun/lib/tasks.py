"""What stands in the table of tasks of django-tasks' database backend."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_tasks.base import Task, TaskResultStatus
from django_tasks_db.models import DBTaskResult


def tasks_for(task: Task[Any, Any], key: str) -> QuerySet[Any]:
    """Those that call `task` with `key` as the first argument."""
    found: QuerySet[Any] = DBTaskResult.objects.filter(task_path=task.module_path, args_kwargs__args__0=key)
    return found


def waits(task: Task[Any, Any], key: str) -> bool:
    """Whether such a task waits for a worker."""
    return bool(tasks_for(task, key).filter(status=TaskResultStatus.READY).exists())


def close_killed(task: Task[Any, Any], key: str) -> int:
    """Ends tasks that stand as running though their worker was killed, so that they are cleared away in time.

    The library itself never does. The number of them.
    """
    running = tasks_for(task, key).filter(status=TaskResultStatus.RUNNING)
    closed: int = running.update(
        status=TaskResultStatus.FAILED,
        finished_at=timezone.now(),
        traceback="The worker was killed; the work was taken up again.",
    )
    return closed
