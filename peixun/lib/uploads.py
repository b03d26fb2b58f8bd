"""Uploaded files in memory only: a temporary file would hold the ID numbers of a ledger in the open."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MIB = 1024 * 1024


class TooLarge(InMemoryUploadedFile):
    """A file over the limit. It knows its size, and cannot be read: nobody stores half a file unawares."""

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        raise RequestDataTooBig

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        raise RequestDataTooBig


class InMemoryUpload(FileUploadHandler):
    """Keeps a file of at most the larger of the two limits; of a larger one only the size.

    Which limit holds for a file, its form says.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = BytesIO()
        self.too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        most = max(settings.PEIXUN_UPLOAD_MAX_MIB, settings.PEIXUN_LEDGER_MAX_MIB)
        if start + len(raw_data) > most * MIB:
            self.too_large = True
            self.file = BytesIO()
        if not self.too_large:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.file.seek(0)
        kind = TooLarge if self.too_large else InMemoryUploadedFile
        return kind(
            file=self.file,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
