-- purpose: which segment is set against which index or fund, and why they differ even if all data are right
-- grain: one row per segment and benchmark that it is set against
-- key: segment, benchmark
-- owner: benchmarks

select
    benchmarks.segment,
    benchmarks.benchmark,
    benchmarks.kind,
    benchmarks.return_basis,
    benchmarks.differences
from work.benchmarks as benchmarks
