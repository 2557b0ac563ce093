"""What kind of security a line is, decided from its name and symbol, with the rule that decided."""

from dataclasses import dataclass

import polars as pl

EQUITY_TYPES = ("common", "depositary_share", "limited_partnership")
"""Types whose caps are a company's: shells, funds and claims on other securities are no operating companies."""
BARE_NAME = "bare_company_name"
AMERICAN_DEPOSITARY = r"(?i)american depo?sit[ao]ry|\bsponsored ad[rs]s?\b"


@dataclass(frozen=True)
class TypeRule:
    """One rule: the first one whose conditions all hold decides."""

    code: str
    security_type: str
    name: str = ""
    symbol: str = ""
    industry: str = ""
    unless_name: str = ""

    def matches(self) -> pl.Expr:
        """True where every stated pattern is found; a null name matches no name pattern."""
        parts = [
            pl.col(column).fill_null("").str.contains(pattern)
            for column, pattern in (("name", self.name), ("symbol", self.symbol), ("industry", self.industry))
            if pattern
        ]
        if self.unless_name:
            parts.append(~pl.col("name").fill_null("").str.contains(self.unless_name))
        return pl.all_horizontal(parts) if parts else pl.lit(value=True)


_REIT = r"(?i)\breit\b|real estate|realty|propert|mortgage|hospitality|hotel|lodging|apartment|residential|storage"
_FUND_HOUSE = (
    r"(?i)\b(blackrock|nuveen|eaton vance|invesco|pimco|gabelli|gamco|aberdeen|abrdn|calamos|cohen & steers|"
    r"first trust|virtus|western asset|wells fargo|dws|franklin|templeton|mfs|nexpoint|neuberger berman|"
    r"tortoise|kayne anderson|clearbridge|john hancock|flaherty|guggenheim|voya|delaware investments|"
    r"allspring|pioneer|putnam|rivernorth|doubleline|barings|ares dynamic|apollo (senior|tactical)|carlyle credit|"
    r"blackstone (long|senior|strategic)|credit suisse|liberty all|adams|royce|tekla|reaves|source capital|"
    r"special opportunities|general american investors|morgan stanley (china|emerging|india)|miller.howard)\b"
    r".*\b(trust|portfolio|securities)\b"
)
_EQUITY_UNITS = r"(?i)common units?|partner|\bL\.?P\.?\b|trust units|beneficial"
_PREFERRED = r"(?i)\bpreferred\b|\bpreference\b|\bpfd\b|\bcumulative\b|\bperpetual\b"
_NOTE = (
    r"(?i)\b(notes?|debentures?|bonds?)\b.*(due|\d{4}|%)|\b(notes?|debentures?)\b\s*$|"
    r"\bdue ([a-z]+ (\d{1,2} )?)?(19|20)\d\d|\betns\b|\bzones\b|mandatory exchangeable"
)
_SPAC = (
    r"(?i)\bacquisitions?\b|\bmerger (corp|sub)|\bblank check\b|\bspac\b|\bspecial situations corp|"
    r"\b(investment|capital) corp(oration)?\.? [IVX]+\b|\bcapital partners [IVX]+\b"
)
# The vendor's industry says `Blank Checks` months into the life of a company that merged with a shell, and for days of
# Entergy: it counts only under a name that a shell may have.
_MAY_BE_SHELL = (
    r"(?i)^$|growth|opportunit|capital|spac\b|unicorn|transition|\bmerger\b|\bholdings (corp|class)|"
    r"\b(investments?|treasury|development) corp|\binvestment co|partnering|\bpartners? (corp|[ivx]+\b)|"
    r"\b(ii|iii|iv|vi|vii|viii|ix|i[ab]?|v|x)\b|\d (corp|class)|\bcorp\. (class a|ordinary)|\bcorp class a|"
    r"\bcorporation class a ordinary|\bcorp\.?$|\bltd class a|\bac class a|\btech a\b|"
    r"\b(corp|corporation)\.? \d\b|\d corporation|"
    r"\bholdings (inc\.?|limited) class a ordinary shares"
)
_INCOME_TRUST = (
    r"(?i)\b(municipal|muni|income|opportunit\w+|dividend|equity|premium|credit|duration|strategic\w*|term)\b"
    r".*\btrust\b"
)
_DEPOSITARY = r"(?i)\badss?([^-\w]|$)|\badrs?\b|deposit[ao]ry (receipt|shares?)|\(each representing \d+ .*shares?\)"
_PARTNERSHIP = r"(?i)\bL\.?P\.?(\s|$)|\bpartners(hip)?\b.*\b(units?|lp)\b|limited partner|common units"
_COMMON = r"(?i)common|ordinary|capital stock|\bclass [a-e]\b|\bshares?\b|\bstock\b|voting"

# Order matters: a warrant on common stock names the common stock, a preferred may be held as depositary shares.
RULES: tuple[TypeRule, ...] = (
    TypeRule("name_when_issued", "when_issued", name=r"(?i)when[- ]issued|ex-distribution"),
    TypeRule("name_warrant", "warrant", name=r"(?i)\bwarrants?\b"),
    TypeRule("symbol_nyse_preferred", "preferred", symbol=r"\^"),
    TypeRule("name_american_depositary", "depositary_share", name=AMERICAN_DEPOSITARY),
    TypeRule("name_right", "right", name=r"(?i)\brights?\b", unless_name=r"(?i)\bclass\b|common stock"),
    TypeRule("name_unit", "unit", name=r"(?i)\bsub-?units?\b|\bunits?\b", unless_name=_EQUITY_UNITS),
    TypeRule("name_preferred", "preferred", name=_PREFERRED, unless_name=r"(?i)ordinary shares"),
    TypeRule("name_fraction_of_preferred", "preferred", name=r"(?i)deposit[ao]ry shares?.*(1/\d|th interest)"),
    TypeRule("name_note", "note", name=_NOTE),
    TypeRule("name_trust_certificate", "note", name=r"(?i)\bstrats\b|\bpplus\b|\bsaturns\b|capital trust|\bctf\b"),
    TypeRule("name_agency_bond", "note", name=r"(?i)tennessee valley authority"),
    TypeRule("name_coupon", "note", name=r"\d(\.\d+)?\s?%"),
    TypeRule("name_spac", "spac", name=_SPAC),
    TypeRule("industry_blank_check", "spac", industry=r"(?i)blank check", name=_MAY_BE_SHELL),
    TypeRule("name_fund", "fund", name=r"(?i)\bfunds?\b|\bclosed[- ]end\b|\betf\b|\betn\b"),
    TypeRule("name_income_trust", "fund", name=_INCOME_TRUST, unless_name=_REIT),
    TypeRule("name_fund_house_trust", "fund", name=_FUND_HOUSE, unless_name=_REIT),
    TypeRule("industry_trust", "fund", industry=r"(?i)^trusts except educational", unless_name=_REIT),
    TypeRule(
        "symbol_fifth_letter_depositary",
        "preferred",
        symbol=r"^[A-Z]{4}[IMNOP]$",
        name=r"(?i)deposit[ao]ry shares?",
    ),
    TypeRule("name_depositary_share", "depositary_share", name=_DEPOSITARY),
    TypeRule("name_partnership", "limited_partnership", name=_PARTNERSHIP),
    TypeRule("name_common", "common", name=_COMMON),
    # A bare company name says nothing: the fifth letter of a Nasdaq symbol does.
    TypeRule("symbol_fifth_letter_warrant", "warrant", symbol=r"^[A-Z]{4}[WZ]$"),
    TypeRule("symbol_fifth_letter_unit", "unit", symbol=r"^[A-Z]{4}U$"),
    TypeRule("symbol_fifth_letter_right", "right", symbol=r"^[A-Z]{4}R$"),
    TypeRule("symbol_fifth_letter_preferred", "preferred", symbol=r"^[A-Z]{4}[MNOP]$"),
    TypeRule(BARE_NAME, "common"),
)


def classify(lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``security_type`` and ``type_rule`` to rows with symbol, name and industry."""
    keys = ["symbol", "name", "industry"]
    distinct = lines.select(keys).unique()
    decided = pl.coalesce(*(pl.when(rule.matches()).then(pl.lit(rule.code)) for rule in RULES))
    types = {rule.code: rule.security_type for rule in RULES}
    labelled = distinct.with_columns(type_rule=decided).with_columns(
        security_type=pl.col("type_rule").replace_strict(types, return_dtype=pl.String),
        name_root=name_root(pl.col("name")),
    )
    return lines.join(labelled, on=keys, how="left", nulls_equal=True, maintain_order="left")


_SECURITY_WORDS = (
    r"(?i)\s+(class [a-e]\b|cl\.? [a-e]\b|series [a-e]\b|common\b|ordinary\b|american deposit|capital stock|"
    r"subordinate|deposit[ao]ry\b|ads\b|adss\b|adr\b|voting\b|non-voting\b|non voting\b|new common\b|registered\b|"
    r"shares?\b|limited partner|units?\b|stock\b|each rep|par value\b|warrants?\b|rights?\b|preferred\b|"
    r"\d+(\.\d+)?\s?%|\().*$"
)


def name_root(name: pl.Expr) -> pl.Expr:
    """The company's part of a security's name, letters and digits only: lines of one company share it."""
    bare = name.str.replace_all(r"\s+", " ").str.strip_chars().str.replace(_SECURITY_WORDS, "")
    return bare.str.to_lowercase().str.replace_all(r"\bthe\b|[^a-z0-9]", "")
