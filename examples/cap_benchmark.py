"""Which cap? Benchmark it before launch, in a few lines. Run: python examples/cap_benchmark.py"""

from scenarios import compare, load_scenario, sweep

shop = load_scenario("library:small")
CAP = 'policy.caps."e-mail: 3 in 7 days".max_contacts'

# As many e-mails as each cap allows, on the same customers with the same luck.
benchmark = sweep(shop, {CAP: [1, 2, 3, 4, 5]}, customers=2_000)
print(benchmark.result["verdict"])
print(benchmark.frame("points").select(CAP, "value_mean", "list_lost_share_mean"))

# The plain alternatives beside it: fewer e-mails without any cap at work.
weekly = {"default": {"email": 1, "sms": 0.25}}
side_by_side = compare({"today": shop, "one e-mail a week": (shop, weekly)}, customers=2_000)
print(side_by_side)
