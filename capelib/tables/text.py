"""From a file to text: refuse what cannot be a CSV before looking at its cells."""

from pathlib import Path

from capelib.tables.problems import Problem, TableError

LARGEST_MB = 20  # a panel of ten thousand models takes about one
UTF8_BOM = b"\xef\xbb\xbf"
AS_UTF8 = "save it again as CSV UTF-8"
KINDS = {  # how a file begins that is no UTF-8 text
    b"PK\x03\x04": "a spreadsheet or zip archive",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"\x1f\x8b": "a gzip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
}


def read_text(path: str | Path) -> str:
    """The text of a CSV file of at most 20 MB in UTF-8.

    A byte-order mark in front, which spreadsheets write, is accepted and left out. Raises TableError for a file that
    is missing, a folder, too large, empty, or not UTF-8; size is looked at before anything is read.
    """
    name, path = str(path), Path(path)
    size = _size(name, path)
    if size > LARGEST_MB * 1_000_000:
        raise _refused(name, "the file is too large", f"at most {LARGEST_MB} MB", f"{size / 1e6:.1f} MB")
    raw = path.read_bytes()
    for start, kind in KINDS.items():
        if raw.startswith(start):
            raise _refused(name, f"this is {kind}", "a CSV file in UTF-8", _hex(raw[:4]), AS_UTF8)
    raw = raw.removeprefix(UTF8_BOM)
    if not raw.strip():
        raise _refused(name, "the file is empty", "a header and at least one row", f"{size} bytes")
    if b"\x00" in raw:
        line, got = _line(raw, raw.index(b"\x00")), "a zero byte"
        raise _refused(name, "not text: binary, or UTF-16", "a CSV file in UTF-8", got, AS_UTF8, line)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        got = f"byte {_hex(raw[error.start : error.start + 1])} at position {error.start}"
        raise _refused(name, "not UTF-8", "text in UTF-8", got, AS_UTF8, _line(raw, error.start)) from None


def _size(name: str, path: Path) -> int:
    try:
        if path.is_dir():
            raise _refused(name, "this is a folder", "a CSV file", "a folder")
        if not path.is_file():
            got = "something else" if path.exists() else "no such file"
            raise _refused(name, "there is no file to read", "the path of a CSV file", got)
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise _refused(name, "the file cannot be opened", "a readable CSV file", error.strerror or "an error") from None


def _refused(name: str, what: str, allowed: str, got: str, hint: str = "", row: int | None = None) -> TableError:
    return TableError(name, [Problem(name, row, None, what, allowed, got, hint)])


def _line(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position) + 1


def _hex(raw: bytes) -> str:
    return " ".join(f"0x{byte:02x}" for byte in raw)
