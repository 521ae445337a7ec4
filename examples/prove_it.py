"""Can the plan be proved, and does it get out of the door? Run: python examples/prove_it.py"""

from scenarios import deliver, experiment, load_scenario

shop = load_scenario(
    "library:small",
    {
        "base.synthetic": 200_000,
        "delivery.email": {"per_hour": 8_000, "on_time_hours": 6},
        "call_centre": {"seats": 6, "call_minutes": 5, "calls_per_contact": {"sms": 0.02}},
    },
)

proof = experiment(shop, metric="orders", customers=4_000, experiments=200)
print(proof)
print(proof.frame("durations").select("weeks", "share", "power", "provable"))

door = deliver(shop, weeks=2, customers=2_000)
print(door)
