"""Uploaded files in memory only: a temporary file would hold the ID numbers of a ledger in the open."""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MIB = 1024 * 1024


class InMemoryUpload(FileUploadHandler):
    """Keeps a file up to one byte over the limit; what comes after is dropped.

    So a file that is too large is seen to be too large, and never fills the memory.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = settings.PEIXUN_UPLOAD_MAX_MIB * MIB + 1 - self.file.tell()
        self.file.write(raw_data[: max(room, 0)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.file.tell()
        self.file.seek(0)
        return InMemoryUploadedFile(
            file=self.file,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
