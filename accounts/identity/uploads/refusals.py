"""Why a file can't be taken. Each says what the file is or has, and what to send instead."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from p2plending.lib.errors import Refused


class UploadRefused(Refused):
    """The file can't be taken; nothing was stored."""

    code = "upload_refused"


class FileEmpty(UploadRefused):
    code = "file_empty"
    default_message = _("The file is empty. Choose another one.")


class FileTooLarge(UploadRefused):
    code = "file_too_large"
    default_message = _("The file is larger than 20 MB. Choose a smaller one.")


class FileTypeNotAccepted(UploadRefused):
    code = "file_type_not_accepted"
    default_message = _("We can't tell what this file is. Choose a JPEG, PNG or HEIC picture, or a PDF.")


class PictureTooLarge(UploadRefused):
    code = "picture_too_large"
    default_message = _("The picture is too large to open: at most 150 million dots, 75 million in colour.")


class FileUnreadable(UploadRefused):
    code = "file_unreadable"
    default_message = _("We can't open this file. Take the picture again or choose another file.")


class PdfNotPlain(UploadRefused):
    code = "pdf_not_plain"
    default_message = _("The PDF has active parts. Print it to a new PDF and send that.")


class PdfTooLarge(UploadRefused):
    code = "pdf_too_large"
    default_message = _("The PDF has too many pages or parts. Send the pages that matter as a new PDF.")
