-- purpose: what each measure of the tables of measures is, its formula and its source
-- grain: one row per measure of a table of measures
-- key: mart, measure
-- owner: segments

select
    measures.mart,
    measures.measure,
    measures.formula,
    measures.unit,
    measures.source,
    measures.counted,
    measures.least
from work.measures as measures
