"""Cutting COCO's compressed run-length encoding.

The runs of a mask, column by column, background first, are written as
numbers of 5 bits a byte; from the fourth on as the difference to the last but
one (https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c). No
number depends on the first, and none on the last.
"""

OFFSET, MORE, SIGN = 48, 0x20, 0x10


def _read(code: bytes) -> int:
    """Number of a code."""
    number = sum(
        ((byte - OFFSET) & 0x1F) << 5 * i for i, byte in enumerate(code)
    )
    negative = (code[-1] - OFFSET) & SIGN
    return number - (1 << 5 * len(code)) if negative else number


def _write(number: int) -> bytes:
    """Code of a number."""
    code = bytearray()
    while True:
        byte = number & 0x1F
        number >>= 5
        ends = number == (-1 if byte & SIGN else 0)
        code.append(byte + OFFSET if ends else (byte | MORE) + OFFSET)
        if ends:
            return bytes(code)


def _goes_on(byte: int) -> bool:
    return bool((byte - OFFSET) & MORE)


def cut_columns(rle: dict, first: int, last: int) -> dict:
    """Cut empty columns off the sides of a mask that is not empty.

    Args:
        rle (dict): ``size`` and compressed ``counts`` (bytes).
        first (int): First column that is kept; those before are empty.
        last (int): Column behind the last one; it and those behind are empty.

    Returns:
        dict: The mask of the columns from first to last.
    """
    height, width = rle['size']
    counts = rle['counts']
    if first > 0:
        end = 1
        while _goes_on(counts[end - 1]):
            end += 1
        counts = _write(_read(counts[:end]) - first * height) + counts[end:]
    if last < width:
        start = len(counts) - 1
        while _goes_on(counts[start - 1]):
            start -= 1
        rest = _read(counts[start:]) - (width - last) * height
        counts = counts[:start] + _write(rest)
    return dict(size=[height, last - first], counts=counts)
