"""The European Central Bank's zip of euro reference rates, as it is served: newest day first, a comma at every end."""

import io
import zipfile
from collections.abc import Mapping
from datetime import date

MEMBER = "eurofxref-hist.csv"


def rates_zip(rows: Mapping[date, Mapping[str, str]], member: str = MEMBER) -> bytes:
    """A zip of days to currencies to rates as text; a currency that a day lacks is N/A."""
    currencies = list(dict.fromkeys(currency for rates in rows.values() for currency in rates))
    lines = [f"Date,{','.join(currencies)},"]
    for day in sorted(rows, reverse=True):
        lines.append(f"{day},{','.join(rows[day].get(currency, 'N/A') for currency in currencies)},")
    return zipped("\n".join(lines) + "\n", member)


def zipped(text: str, member: str = MEMBER) -> bytes:
    """The text as the one member of a zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member), text)
    return stream.getvalue()
