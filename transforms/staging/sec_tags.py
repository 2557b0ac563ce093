"""Which XBRL tags are kept, by taxonomy: the one list that staging, bulk reading and the measures share."""

from typing import Final

COVER_SHARES: Final = "EntityCommonStockSharesOutstanding"
PUBLIC_FLOAT: Final = "EntityPublicFloat"
SPLIT_RATIO: Final = "StockholdersEquityNoteStockSplitConversionRatio1"

_SHARES = {
    "CommonStockSharesOutstanding",
    "CommonStockSharesIssued",
    "SharesOutstanding",
    "WeightedAverageNumberOfSharesOutstandingBasic",
    "WeightedAverageNumberOfDilutedSharesOutstanding",
    "WeightedAverageNumberOfShareOutstandingBasicAndDiluted",
    SPLIT_RATIO,
}
_REVENUE = {
    "Revenues",
    "RevenueFromContractWithCustomerExcludingAssessedTax",
    "RevenueFromContractWithCustomerIncludingAssessedTax",
    "SalesRevenueNet",
    "SalesRevenueGoodsNet",
    "SalesRevenueServicesNet",
    "RevenuesNetOfInterestExpense",
    "InterestAndDividendIncomeOperating",
    "InterestIncomeExpenseNet",
    "NoninterestIncome",
    "PremiumsEarnedNet",
}
_INCOME = {
    "OperatingIncomeLoss",
    "IncomeLossFromContinuingOperations",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxes",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesDomestic",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesForeign",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments",
    "InterestExpense",
    "InterestExpenseDebt",
    "InterestExpenseNonoperating",
    "IncomeTaxExpenseBenefit",
    "NetIncomeLoss",
    "NetIncomeLossAvailableToCommonStockholdersBasic",
    "ProfitLoss",
    "EarningsPerShareBasic",
    "EarningsPerShareDiluted",
    "EarningsPerShareBasicAndDiluted",
}
_BALANCE = {
    "Assets",
    "AssetsCurrent",
    "CashAndCashEquivalentsAtCarryingValue",
    "CashAndDueFromBanks",
    "CashCashEquivalentsAndShortTermInvestments",
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
    "ShortTermInvestments",
    "MarketableSecuritiesCurrent",
    "AvailableForSaleSecuritiesDebtSecuritiesCurrent",
    "Liabilities",
    "LiabilitiesCurrent",
    "LiabilitiesAndStockholdersEquity",
    "DebtCurrent",
    "ShortTermBorrowings",
    "CommercialPaper",
    "LongTermDebt",
    "LongTermDebtCurrent",
    "LongTermDebtNoncurrent",
    "LongTermDebtAndCapitalLeaseObligations",
    "LongTermDebtAndCapitalLeaseObligationsCurrent",
    "StockholdersEquity",
    "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    "MinorityInterest",
    "PreferredStockValue",
    "PreferredStockValueOutstanding",
    "RetainedEarningsAccumulatedDeficit",
}
_CASH_FLOW = {
    "NetCashProvidedByUsedInOperatingActivities",
    "PaymentsToAcquirePropertyPlantAndEquipment",
    "PaymentsToAcquireProductiveAssets",
}
_IFRS = {
    "Revenue",
    "RevenueFromContractsWithCustomers",
    "RevenueFromInterest",
    "InterestRevenueCalculatedUsingEffectiveInterestMethod",
    "InsuranceRevenue",
    "ProfitLossFromOperatingActivities",
    "ProfitLossBeforeTax",
    "IncomeTaxExpenseContinuingOperations",
    "FinanceCosts",
    "InterestExpense",
    "ProfitLoss",
    "ProfitLossAttributableToOwnersOfParent",
    "ProfitLossAttributableToOrdinaryEquityHoldersOfParentEntity",
    "BasicEarningsLossPerShare",
    "DilutedEarningsLossPerShare",
    "WeightedAverageShares",
    "AdjustedWeightedAverageShares",
    "NumberOfSharesOutstanding",
    "NumberOfSharesIssued",
    "Assets",
    "CurrentAssets",
    "CashAndCashEquivalents",
    "OtherCurrentFinancialAssets",
    "Liabilities",
    "CurrentLiabilities",
    "Borrowings",
    "CurrentBorrowingsAndCurrentPortionOfNoncurrentBorrowings",
    "ShorttermBorrowings",
    "LongtermBorrowings",
    "NoncurrentPortionOfNoncurrentBorrowings",
    "CurrentPortionOfLongtermBorrowings",
    "LeaseLiabilities",
    "Equity",
    "EquityAttributableToOwnersOfParent",
    "NoncontrollingInterests",
    "RetainedEarnings",
    "CashFlowsFromUsedInOperatingActivities",
    "PurchaseOfPropertyPlantAndEquipmentClassifiedAsInvestingActivities",
}

KEPT_TAGS: Final[dict[str, frozenset[str]]] = {
    "dei": frozenset({COVER_SHARES, PUBLIC_FLOAT}),
    "us-gaap": frozenset(_SHARES | _REVENUE | _INCOME | _BALANCE | _CASH_FLOW),
    "ifrs-full": frozenset(_IFRS),
}
"""Taxonomy to tags, for ordinary companies, banks and insurers. Several tags of one item are kept side by side: which
of them a company means is decided where they are used."""

KNOWN_AHEAD: Final = frozenset({SPLIT_RATIO})
"""Tags whose day may lie after the filing: a split is announced before it happens."""
