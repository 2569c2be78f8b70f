"""Claims: the rules decide as declared, and the ledger loses no claim."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capelib import claims
from capelib.claims import ledger
from capelib.claims.display import RECORD_MIME, Verdict
from capelib.claims.rules import RULES, VERDICTS, Evidence, digits, passes, verdict
from capelib.errors import InputError
from capelib.estimate import Estimate

ALL = claims.claims()
NUMBERED = [claim for claim in ALL if claim.rule in ("printed", "printed_interval")]


def exact(claim):
    """Evidence that reproduces a claim perfectly, on both kinds of data."""
    perfect = Estimate(claim.value, claim.low, claim.high)
    around = Estimate(claim.value, claim.value - 1, claim.value + 1)
    return Evidence(perfect, around if claim.independent_rule == "covers" else perfect)


def point(value):
    return replace(
        next(claim for claim in ALL if claim.id == "coupling.r_pythia"),
        value=value, low=None, high=None, rule="printed", decimals=2, independent_rule="covers", needs="",
    )  # fmt: skip


def test_every_claim_has_a_rule_and_every_rule_a_claim():
    assert len(ALL) == len({claim.id for claim in ALL}) > 100
    assert {claim.rule for claim in ALL} <= set(RULES)
    assert all(claim.decimals is not None for claim in NUMBERED)


@pytest.mark.parametrize("claim", [c for c in ALL if c.rule != "convention"], ids=lambda c: c.id)
def test_the_papers_own_number_passes(claim):
    assert passes(claim, exact(claim).released)


@pytest.mark.parametrize(
    "claim",
    [c for c in NUMBERED if abs(c.value) * 0.05 > 0.5 * 10**-c.decimals],
    ids=lambda c: c.id,
)
@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_a_value_moved_by_five_percent_is_not_reproduced(claim, factor):
    fine = exact(claim)
    moved = Estimate(claim.value * factor, claim.low, claim.high)
    assert verdict(claim, replace(fine, released=moved)) != "reproduced"


def test_only_coarsely_printed_claims_escape_the_five_percent():
    coarse = {c.id for c in NUMBERED if abs(c.value) * 0.05 <= 0.5 * 10**-c.decimals}
    # a number printed with one significant digit cannot be told from its neighbours: their share stays small
    assert len(coarse) < 0.3 * len(NUMBERED)
    assert all(abs(c.value) < 10.5 * 10**-c.decimals for c in NUMBERED if c.id in coarse)


def test_each_verdict_can_come_out():
    claim = point(0.5)
    near, far = Estimate(0.504, 0.4, 0.6), Estimate(0.6, 0.55, 0.65)
    assert verdict(claim, Evidence(near, near)) == "reproduced"
    assert verdict(claim, Evidence(near, far)) == "only on released data"
    assert verdict(claim, Evidence(near)) == "only on released data"
    assert verdict(claim, Evidence(far, near)) == "not reproduced"
    assert verdict(claim, Evidence(far, near, {"another reading": near})) == "ill-defined"
    assert verdict(claim, Evidence(None, near, {"one": near, "two": far})) == "ill-defined"
    assert verdict(claim, Evidence(None, near, {"one": near, "two": Estimate(0.501)})) == "reproduced"
    assert verdict(claim, Evidence(None, near, {"one": far, "two": far})) == "not reproduced"
    assert verdict(replace(claim, needs="a larger machine"), Evidence()) == "not testable here"
    with pytest.raises(InputError, match="nothing computed"):
        verdict(claim, Evidence())


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_what_prints_the_same_passes(value, decimals):
    claim = replace(point(round(value, decimals)), decimals=decimals)
    assert passes(claim, Estimate(value))
    assert not passes(claim, Estimate(value + 1.01 * 10**-decimals))


@pytest.mark.parametrize(("rule", "below", "above"), [("at_least", False, True), ("at_most", True, False)])
def test_bounds(rule, below, above):
    claim = replace(point(0.5), rule=rule)
    assert passes(claim, Estimate(0.4)) is below
    assert passes(claim, Estimate(0.6)) is above
    assert passes(claim, Estimate(0.5))


def test_a_printed_interval_needs_its_ends():
    claim = replace(point(0.5), rule="printed_interval", low=0.4, high=0.6)
    assert passes(claim, Estimate(0.5, 0.4, 0.6))
    assert not passes(claim, Estimate(0.5, 0.4, 0.7))
    assert not passes(claim, Estimate(0.5))


def test_what_is_undefined_passes_nothing():
    assert not passes(point(0.5), Estimate(float("nan")))
    assert digits(float("nan"), 2) == "undefined"


def test_unknown_claim_names_the_nearest():
    with pytest.raises(InputError, match=r"closest: 'coupling\.r_pythia'"):
        claims.quote("coupling.r_pythi")


def notebook(path, *records):
    cells = [{"cell_type": "code", "outputs": [{"data": {RECORD_MIME: record}}]} for record in records]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def record(claim_id, released):
    claim = claims.claim(claim_id)
    evidence = Evidence(Estimate(released))
    return Verdict(claim, evidence, verdict(claim, evidence)).record()


def test_the_ledger_holds_every_claim_once(tmp_path):
    rows = ledger.assemble({"coupling": notebook(tmp_path / "coupling.ipynb", record("coupling.r_pythia", 0.0))})
    assert [row["id"] for row in rows] == [claim.id for claim in ALL]
    assert ledger.counts(rows) == {v: {"not reproduced": 1, "unchecked": len(ALL) - 1}.get(v, 0) for v in VERDICTS}
    assert sum(ledger.counts(rows, "coupling").values()) == sum(c.section == "coupling" for c in ALL)


def test_the_ledger_refuses_a_second_verdict_and_a_foreign_claim(tmp_path):
    twice = notebook(tmp_path / "twice.ipynb", *[record("coupling.r_pythia", 0.0)] * 2)
    with pytest.raises(InputError, match="twice"):
        ledger.assemble({"coupling": twice})
    with pytest.raises(InputError, match="claim_rules gives to coupling"):
        ledger.assemble({"scaling": twice})


def test_a_broken_pin_is_named(tmp_path):
    table = [replace(claims.claim("coupling.r_pythia"), pinned="reproduced")]
    rows = ledger.assemble({"coupling": notebook(tmp_path / "c.ipynb", record("coupling.r_pythia", 0.0))}, table)
    assert ledger.broken_pins(rows, table) == ["coupling.r_pythia: pinned as 'reproduced', got 'not reproduced'"]
    assert not ledger.broken_pins(rows, [replace(table[0], pinned="")])


def test_the_saved_ledger_is_plain_json(tmp_path):
    rows = ledger.assemble({"coupling": notebook(tmp_path / "c.ipynb", record("coupling.r_pythia", float("inf")))})
    path = ledger.save(rows, tmp_path / "ledger.json")
    json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda word: pytest.fail(word))
    assert len(ledger.load(path)) == len(ALL)


def test_a_verdict_shows_what_it_rests_on():
    claim = claims.claim("coupling.r_pythia")
    evidence = Evidence(Estimate(0.5), Estimate(0.4, 0.3, 0.5), {"another <way>": Estimate(claim.value)})
    html = Verdict(claim, evidence, verdict(claim, evidence), "because").html()
    assert claim.paper in html
    assert f"id='{claim.anchor}'" in html
    assert "another &lt;way&gt;" in html
    assert "because" in html
    assert "ill-defined" in html


def test_what_was_only_searched_decides_nothing():
    claim, hit = point(0.5), Estimate(0.5)
    assert verdict(claim, Evidence(Estimate(0.9), searched={"elsewhere": hit})) == "not reproduced"
    assert verdict(claim, Evidence(Estimate(0.9), alternatives={"elsewhere": hit})) == "ill-defined"
    html = Verdict(claim, Evidence(Estimate(0.9), searched={"elsewhere": hit}), "not reproduced").html()
    assert "does not admit" in html
    assert "elsewhere" in html


def test_a_rule_changed_later_tells_what_the_first_one_gives():
    changed = replace(point(0.5), independent_rule="sign", first_independent_rule="covers")
    evidence = Evidence(Estimate(0.5), Estimate(0.4, -0.1, 0.9))
    row = Verdict(changed, evidence, verdict(changed, evidence)).record()
    assert row["verdict"] == "only on released data"
    assert row["first_rule"].endswith("the verdict would be: reproduced.")
    assert Verdict(point(0.5), evidence, "reproduced").record()["first_rule"] == ""


def test_no_rule_was_changed_silently():
    assert {claim.id for claim in ALL if claim.first} >= {"ode.coef_tax", "ode.coef_bonus", "ode.jump", "nc.spread"}


def test_scores_stored_twice_are_not_shown_as_two_measurements():
    claim = point(0.5)
    twice = Verdict(claim, Evidence(Estimate(0.5123456), Estimate(0.5123456, 0.4, 0.6)), "reproduced")
    assert twice.record()["same_numbers"]
    assert "measured once" in twice.html()
    assert not Verdict(claim, Evidence(Estimate(0.512), Estimate(0.513)), "reproduced").record()["same_numbers"]


def test_a_near_miss_says_how_near():
    row = Verdict(point(-0.941), Evidence(Estimate(-0.9352)), "not reproduced").record()
    assert row["off_by"].startswith("The released data miss the printed number by 0.0058")
    assert Verdict(point(0.5), Evidence(Estimate(0.9)), "not reproduced").record()["off_by"] == ""


def test_without_an_independent_measurement_nothing_agrees():
    claim = replace(point(0.5), independent_rule="none")
    assert verdict(claim, Evidence(Estimate(0.5), Estimate(0.5, 0.4, 0.6))) == "only on released data"
