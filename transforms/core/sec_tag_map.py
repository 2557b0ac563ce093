"""Which XBRL tags give which line of a statement: every choice is a row of data, with its reason."""

from dataclasses import dataclass

import polars as pl

from transforms.core.fundamentals import FLOW_CONCEPTS, STOCK_CONCEPTS


@dataclass(frozen=True)
class Reading:
    """One way to read a concept from the tags of one filing, for one period.

    Value: the sum of `tags` less `minus`, all of which must be there, plus those of `also` and less those
    of `less` as far as they are there. `filer` says whose statements use it: any, bank, insurer, ifrs.
    """

    concept: str
    tags: tuple[str, ...]
    why: str
    minus: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    filer: str = "any"
    is_part: bool = False
    """Only a part of the concept: it stands in, and never replaces what a better reading has said."""

    @property
    def used(self) -> tuple[str, ...]:
        """All tags that it reads."""
        return (*self.tags, *self.minus, *self.also, *self.less)

    def value(self) -> pl.Expr:
        """The reading over a frame with one column per tag."""
        parts = [pl.col(tag) for tag in self.tags]
        parts += [pl.col(tag).neg() for tag in self.minus]
        parts += [pl.col(tag).fill_null(0) for tag in self.also]
        parts += [pl.col(tag).fill_null(0).neg() for tag in self.less]
        return pl.sum_horizontal(parts, ignore_nulls=False)


IFRS = "ifrs-full:"
"""Prefix of tags of the IFRS taxonomy; tags without a prefix are us-gaap."""
_PRETAX = "IncomeLossFromContinuingOperationsBeforeIncomeTaxes"
_EQUITY = "StockholdersEquity"
_EQUITY_ALL = "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"
_MINORITY = "MinorityInterest"
_BOTH_SIDES = "LiabilitiesAndStockholdersEquity"
_CASH = "CashAndCashEquivalentsAtCarryingValue"
_LEASED = "LongTermDebtAndCapitalLeaseObligations"
_NEXT_YEAR = "LongTermDebtCurrent"
_OLD = "industry's total before 2018"

READINGS: tuple[Reading, ...] = (
    Reading("revenue", ("RevenuesNetOfInterestExpense",), "the total of banks and brokers", filer="bank"),
    Reading(
        "revenue",
        ("InterestIncomeExpenseNet", "NoninterestIncome"),
        "a bank without a tagged total; before Revenues, which some banks use for gross interest or for fees alone",
        filer="bank",
    ),
    Reading("revenue", ("Revenues",), "the total, where contracts with customers are a part of it; insurers' total"),
    Reading("revenue", ("RevenueFromContractWithCustomerExcludingAssessedTax",), "the usual total since 2018"),
    Reading("revenue", ("RevenueFromContractWithCustomerIncludingAssessedTax",), "the same before taxes collected"),
    Reading("revenue", ("SalesRevenueNet",), "the usual total before 2018"),
    Reading(
        "revenue",
        ("PremiumsEarnedNet", "NetInvestmentIncome"),
        "an insurer without a tagged total: premiums, investment income, realised gains and fees",
        also=("RealizedInvestmentGainsLosses", "InsuranceCommissionsAndFees", "OtherIncome"),
        filer="insurer",
    ),
    Reading("revenue", ("SalesRevenueGoodsNet", "SalesRevenueServicesNet"), "goods and services without a total"),
    Reading("revenue", ("SalesRevenueGoodsNet",), "a seller of goods alone", is_part=True),
    Reading("revenue", ("SalesRevenueServicesNet",), "a seller of services alone", is_part=True),
    Reading("revenue", ("RegulatedAndUnregulatedOperatingRevenue",), "utilities"),
    Reading("revenue", ("UtilityRevenue",), f"utilities: the {_OLD}"),
    Reading("revenue", ("ElectricUtilityRevenue",), f"electric utilities: the {_OLD}", is_part=True),
    Reading("revenue", ("HealthCareOrganizationRevenue",), f"hospitals: the {_OLD}"),
    Reading("revenue", ("HealthCareOrganizationPatientServiceRevenue",), "hospitals: from patients", is_part=True),
    Reading("revenue", ("RealEstateRevenueNet",), f"real estate: the {_OLD}"),
    Reading("revenue", ("OilAndGasRevenue",), f"oil and gas: the {_OLD}"),
    Reading("revenue", ("RevenueOilAndGasServices",), f"oil services: the {_OLD}"),
    Reading("revenue", ("RefiningAndMarketingRevenue",), f"refiners: the {_OLD}"),
    Reading("revenue", ("RevenueMineralSales",), f"mines: the {_OLD}"),
    Reading("revenue", ("CoalProductsAndServicesRevenue",), f"coal: the {_OLD}"),
    Reading("revenue", ("RevenuesExcludingInterestAndDividends",), "asset managers: fees"),
    Reading("revenue", ("InterestIncomeExpenseNet",), "lenders without fees", filer="bank", is_part=True),
    Reading("revenue", (f"{IFRS}Revenue",), "the total", filer="ifrs"),
    Reading("revenue", (f"{IFRS}RevenueFromContractsWithCustomers",), "where no other revenue is tagged", filer="ifrs"),
    Reading("operating_income", ("OperatingIncomeLoss",), "as filed; banks and insurers have none"),
    Reading("operating_income", (f"{IFRS}ProfitLossFromOperatingActivities",), "as filed", filer="ifrs"),
    Reading(
        "pretax_income",
        (f"{_PRETAX}ExtraordinaryItemsNoncontrollingInterest",),
        "after income of affiliates: the last line before tax",
    ),
    Reading(
        "pretax_income",
        (f"{_PRETAX}MinorityInterestAndIncomeLossFromEquityMethodInvestments",),
        "before income of affiliates, where that is no line of its own",
    ),
    Reading(
        "pretax_income", (f"{_PRETAX}Domestic", f"{_PRETAX}Foreign"), "the note on taxes, where the line has no tag"
    ),
    Reading("pretax_income", (f"{IFRS}ProfitLossBeforeTax",), "as filed", filer="ifrs"),
    Reading(
        "interest_expense_net", ("InterestIncomeExpenseNonoperatingNet",), "as filed: positive is income, as SimFin's"
    ),
    Reading(
        "interest_expense_net", ("InterestIncomeExpenseNet",), "as filed; of a bank it is the margin", filer="bank"
    ),
    Reading(
        "interest_expense_net",
        ("InvestmentIncomeInterest",),
        "income less expense",
        minus=("InterestExpense",),
    ),
    Reading(
        "interest_expense_net",
        ("InvestmentIncomeInterest",),
        "the same since 2023",
        minus=("InterestExpenseNonoperating",),
    ),
    Reading(
        "net_income_common", ("NetIncomeLossAvailableToCommonStockholdersBasic",), "after preferred dividends, as filed"
    ),
    Reading(
        "net_income_common",
        ("NetIncomeLoss",),
        "of the parent; preferred dividends come off where they are on the statement",
        less=("PreferredStockDividendsIncomeStatementImpact",),
    ),
    Reading(
        "net_income_common",
        ("ProfitLoss",),
        "of the whole group: what belongs to others comes off",
        less=("NetIncomeLossAttributableToNoncontrollingInterest", "PreferredStockDividendsIncomeStatementImpact"),
    ),
    Reading(
        "net_income_common",
        (f"{IFRS}ProfitLossAttributableToOrdinaryEquityHoldersOfParentEntity",),
        "after preferred dividends, as filed",
        filer="ifrs",
    ),
    Reading("net_income_common", (f"{IFRS}ProfitLossAttributableToOwnersOfParent",), "of the parent", filer="ifrs"),
    Reading(
        "net_income_common",
        (f"{IFRS}ProfitLoss",),
        "of the whole group: what belongs to others comes off",
        less=(f"{IFRS}ProfitLossAttributableToNoncontrollingInterests",),
        filer="ifrs",
    ),
    Reading(
        "operating_cash_flow",
        ("NetCashProvidedByUsedInOperatingActivities",),
        "as filed: of the year to date, so that quarters are differences",
    ),
    Reading("capital_expenditure", ("PaymentsToAcquirePropertyPlantAndEquipment",), "paid for plant, as filed"),
    Reading(
        "capital_expenditure",
        ("PaymentsToAcquireProductiveAssets",),
        "the same with what else is productive, where plant has no line",
    ),
    Reading("shares_basic", ("WeightedAverageNumberOfSharesOutstandingBasic",), "average of the period, as filed"),
    Reading("shares_basic", ("WeightedAverageNumberOfShareOutstandingBasicAndDiluted",), "losses: both are one number"),
    Reading("shares_basic", (f"{IFRS}WeightedAverageShares",), "average of the period, as filed", filer="ifrs"),
    Reading("shares_diluted", ("WeightedAverageNumberOfDilutedSharesOutstanding",), "average of the period, as filed"),
    Reading(
        "shares_diluted", ("WeightedAverageNumberOfShareOutstandingBasicAndDiluted",), "losses: both are one number"
    ),
    Reading(
        "shares_diluted", (f"{IFRS}AdjustedWeightedAverageShares",), "average of the period, as filed", filer="ifrs"
    ),
    Reading("cash_and_short_term_investments", ("CashCashEquivalentsAndShortTermInvestments",), "the sum as filed"),
    Reading("cash_and_short_term_investments", (_CASH, "ShortTermInvestments"), "cash and the line that follows it"),
    Reading("cash_and_short_term_investments", (_CASH, "MarketableSecuritiesCurrent"), "the same under another name"),
    Reading("cash_and_short_term_investments", (_CASH, "AvailableForSaleSecuritiesCurrent"), "the same before 2018"),
    Reading(
        "cash_and_short_term_investments",
        (_CASH, "DebtSecuritiesCurrent"),
        "the same since 2018",
        also=("EquitySecuritiesFvNi",),
    ),
    Reading("cash_and_short_term_investments", (_CASH,), "cash alone", is_part=True),
    Reading("cash_and_short_term_investments", ("CashAndDueFromBanks",), "cash of a bank", filer="bank"),
    Reading("cash_and_short_term_investments", (f"{IFRS}CashAndCashEquivalents",), "cash alone", filer="ifrs"),
    Reading("current_assets", ("AssetsCurrent",), "as filed; banks and insurers have none"),
    Reading("current_assets", (f"{IFRS}CurrentAssets",), "as filed", filer="ifrs"),
    Reading("total_assets", ("Assets",), "as filed"),
    Reading("total_assets", (_BOTH_SIDES,), "the other side of the sheet"),
    Reading("total_assets", (f"{IFRS}Assets",), "as filed", filer="ifrs"),
    Reading("short_term_debt", ("DebtCurrent",), "the total of the current debt"),
    Reading(
        "short_term_debt",
        (_NEXT_YEAR,),
        "what is due within a year, and paper",
        also=("CommercialPaper", "ShortTermBorrowings"),
    ),
    Reading(
        "short_term_debt",
        (f"{_LEASED}Current",),
        "the same with leases",
        also=("CommercialPaper", "ShortTermBorrowings"),
    ),
    Reading("short_term_debt", ("ShortTermBorrowings",), "borrowings alone; banks", is_part=True),
    Reading("short_term_debt", ("CommercialPaper",), "paper alone", is_part=True),
    Reading(
        "short_term_debt",
        (f"{IFRS}CurrentBorrowingsAndCurrentPortionOfNoncurrentBorrowings",),
        "the total",
        filer="ifrs",
    ),
    Reading("current_liabilities", ("LiabilitiesCurrent",), "as filed; banks and insurers have none"),
    Reading("current_liabilities", (f"{IFRS}CurrentLiabilities",), "as filed", filer="ifrs"),
    Reading("long_term_debt", ("LongTermDebtNoncurrent",), "what is due after a year"),
    Reading("long_term_debt", (_LEASED,), "the same with leases: by definition without the current part"),
    Reading(
        "long_term_debt", ("LongTermDebt",), "the whole debt less what is due within a year; banks", less=(_NEXT_YEAR,)
    ),
    Reading("long_term_debt", (f"{IFRS}LongtermBorrowings",), "what is due after a year", filer="ifrs"),
    Reading("total_liabilities", ("Liabilities",), "as filed"),
    Reading(
        "total_liabilities",
        (_BOTH_SIDES,),
        "no total tagged: the other side of the sheet less all equity",
        minus=(_EQUITY_ALL,),
        less=("TemporaryEquityCarryingAmountIncludingPortionAttributableToNoncontrollingInterests",),
    ),
    Reading(
        "total_liabilities",
        (_BOTH_SIDES,),
        "the same, where nothing belongs to others or it stands apart",
        minus=(_EQUITY,),
        less=(_MINORITY,),
    ),
    Reading("total_liabilities", (f"{IFRS}Liabilities",), "as filed", filer="ifrs"),
    Reading("retained_earnings", ("RetainedEarningsAccumulatedDeficit",), "as filed"),
    Reading("retained_earnings", (f"{IFRS}RetainedEarnings",), "as filed", filer="ifrs"),
    Reading("total_equity", (_EQUITY,), "of the parent, with its preferred shares"),
    Reading("total_equity", (_EQUITY_ALL,), "of the whole group: what belongs to others comes off", less=(_MINORITY,)),
    Reading("total_equity", ("PartnersCapital",), "partnerships"),
    Reading("total_equity", ("MembersEquity",), "limited liability companies"),
    Reading("total_equity", (f"{IFRS}EquityAttributableToOwnersOfParent",), "of the parent", filer="ifrs"),
    Reading(
        "total_equity",
        (f"{IFRS}Equity",),
        "of the whole group: what belongs to others comes off",
        less=(f"{IFRS}NoncontrollingInterests",),
        filer="ifrs",
    ),
)

PER_SHARE_TAGS: dict[str, tuple[tuple[str, int], ...]] = {
    "EarningsPerShareBasic": (("eps_basic", 0),),
    "EarningsPerShareDiluted": (("eps_diluted", 0),),
    "EarningsPerShareBasicAndDiluted": (("eps_basic", 1), ("eps_diluted", 1)),
    f"{IFRS}BasicEarningsLossPerShare": (("eps_basic", 0),),
    f"{IFRS}DilutedEarningsLossPerShare": (("eps_diluted", 0),),
}
"""Tag to the figures per share that it gives, and its rank for each: one number for both stands in where a filing has
no tag for one of them (losses are not diluted)."""

FLOW_READINGS, STOCK_READINGS = (
    {concept: tuple(reading for reading in READINGS if reading.concept == concept) for concept in concepts}
    for concepts in (FLOW_CONCEPTS, STOCK_CONCEPTS)
)
"""The readings of each concept, best first."""


def tags_of(readings: dict[str, tuple[Reading, ...]]) -> tuple[str, ...]:
    """Every tag that some reading uses, sorted."""
    return tuple(sorted({tag for several in readings.values() for reading in several for tag in reading.used}))
