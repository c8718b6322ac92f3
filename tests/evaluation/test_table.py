import pytest

from bridgelib.errors import DataError
from bridgelib.evaluation.results import task_result
from bridgelib.evaluation.table import as_text, success_summary
from tests.evaluation.test_results import episodes


def results(**tasks):
    return {"tasks": {task: task_result(episodes(outcomes)) for task, outcomes in tasks.items()}}


def rollouts(blind=False, **tasks):
    return {"policy": {"blind": blind}, **results(**tasks)}


REFERENCES = {"references": {"random": results(put="f" * 40), "expert": results(put="s" * 40)}}


def summary(**policies):
    return success_summary(REFERENCES, policies)


def test_rows_stand_in_order_references_blind_ones_policies():
    table = summary(bc_demo=rollouts(put="s" * 40), blind_demo=rollouts(blind=True, put="f" * 40))
    assert [(row["name"], row["kind"]) for row in table["tasks"]["put"]] == [
        ("expert", "reference"),
        ("random", "reference"),
        ("blind_demo", "blind"),
        ("bc_demo", "policy"),
    ]
    assert all("scenes" not in row for row in table["tasks"]["put"])


@pytest.mark.parametrize(
    ("policy", "blind", "looks"),
    [
        ("s" * 30 + "f" * 10, "f" * 40, True),
        ("s" * 2 + "f" * 38, "f" * 40, False),  # the intervals touch
        ("s" * 30 + "f" * 10, "s" * 28 + "f" * 12, False),  # better than random, not than the blind one
    ],
)
def test_a_policy_looks_where_its_whole_interval_lies_above(policy, blind, looks):
    table = summary(bc=rollouts(put=policy), blind=rollouts(blind=True, put=blind))
    assert table["policies"] == {"bc": {"put": looks}}
    assert ("bc does not beat" in as_text(table)) is not looks


def test_one_task_is_enough_to_have_learned_to_look():
    table = summary(bc=rollouts(put="s" * 40, push="f" * 40), blind=rollouts(blind=True, put="f" * 40, push="f" * 40))
    assert "bc has learned to look, but not for push." in as_text(table)


def test_a_task_that_nothing_else_was_rolled_out_in_is_not_judged():
    assert summary(bc=rollouts(other="s"))["policies"] == {"bc": {"other": None}}


def test_differences_without_doubt_are_said_the_others_only_kept():
    table = summary(one=rollouts(put="s" * 40), two=rollouts(put="s" * 39 + "f"), three=rollouts(put="f" * 40))
    pairs = {(pair["first"], pair["second"]): pair for pair in table["differences"]}
    assert len(pairs) == 3 and pairs["one", "three"]["difference"] == 1
    text = as_text(table)
    assert "put: one succeeds 100% more often than three" in text
    assert "than two" not in text


def test_other_words_are_rows_of_their_own():
    told = {**rollouts(put="s" * 10), "held_out_tasks": results(put="sf" * 5)["tasks"]}
    names = [row["name"] for row in summary(lc=told)["tasks"]["put"]]
    assert names == ["expert", "random", "lc", "lc, other words"]


def test_the_other_thing_has_a_column_where_it_was_done():
    text = as_text(summary(lc=rollouts(put="sssoo")))
    assert "did the other" in text and text.splitlines()[3].endswith(" 2")


def test_that_nobody_did_the_other_thing_is_said_where_it_could_be_done():
    either, plain = "either_put_red_cube_on_plate", "put_red_cube_on_plate"
    text = as_text(success_summary(REFERENCES, {"lc": rollouts(**{either: "ssf", plain: "ssf"})}))
    heads = [line for line in text.splitlines() if "successes" in line]
    assert [either in head for head in heads if "did the other" in head] == [True]


@pytest.mark.parametrize("wrong", [[], {"tasks": {}}, {"references": {}}])
def test_files_of_another_kind_are_refused_in_words(wrong):
    with pytest.raises(DataError, match="results of bc"):
        summary(bc=wrong)
    with pytest.raises(DataError, match="results of references" if "references" not in wrong else "results of bc"):
        success_summary(wrong, {"bc": wrong})


def test_a_policy_may_not_be_named_like_a_reference():
    with pytest.raises(DataError, match="the name of a reference"):
        summary(expert=rollouts(put="s"))
