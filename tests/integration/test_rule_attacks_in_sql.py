"""What a coach can do to rules past every page, as injected SQL would: nothing alone that takes two.

Every statement here runs as `climbiq_app` over a connection of its own.
"""

from __future__ import annotations

import psycopg
import pytest

DENIED = "42501"


class TestRules:
    INSERT = "INSERT INTO expert_rules (name, conditions, actions, rule_category) VALUES (%s, '{}', '[]', %s) RETURNING id"

    def test_a_new_rule_is_a_draft(self, world):
        rule = world.ask(world.carol, self.INSERT, ["draft", "performance"], role="coach")
        row = world.root.execute(
            "SELECT lifecycle, is_active, created_by FROM expert_rules WHERE id = %s", [rule]
        ).fetchone()
        assert row == ("draft", False, world.carol)

    def test_a_safety_rule_needs_a_second_coach(self, world):
        rule = world.ask(world.carol, self.INSERT, ["safety", "safety"], role="coach")
        activate = "UPDATE expert_rules SET lifecycle = 'active' WHERE id = %s"
        assert world.ask(world.carol, activate, [rule], role="coach") == "23514"
        assert world.ask(world.dave, activate, [rule], role="coach") == 1
        change = "UPDATE expert_rules SET actions = '[1]' WHERE id = %s"
        assert world.ask(world.dave, change, [rule], role="coach") == "23514"

    ACTIVATE = "UPDATE expert_rules SET lifecycle = 'active' WHERE id = %s"
    PAUSE = "UPDATE expert_rules SET lifecycle = 'paused' WHERE id = %s"

    def rule(self, world, name, category="safety", by=None):
        return world.ask(by or world.carol, self.INSERT, [name, category], role="coach")

    def ask(self, world, who, *statements, rule):
        return [world.ask(who, sql, [rule], role="coach") for sql in statements]

    @pytest.mark.parametrize("label", ["'performance'", "NULL"])
    def test_a_safety_rule_is_not_renamed_into_force(self, world, label):
        rule = self.rule(world, f"renamed {label}")
        relabel = f"UPDATE expert_rules SET rule_category = {label} WHERE id = %s"
        assert self.ask(world, world.carol, relabel, self.ACTIVATE, rule=rule) == [1, "23514"]
        both = f"UPDATE expert_rules SET rule_category = {label}, lifecycle = 'active' WHERE id = %s"
        assert self.ask(world, world.carol, both, rule=rule) == ["23514"]
        assert self.ask(world, world.dave, self.ACTIVATE, rule=rule) == [1]

    def test_nobody_alone_takes_the_label_off_a_rule_in_force(self, world):
        rule = self.rule(world, "disarmed", by=world.dave)
        assert self.ask(world, world.carol, self.ACTIVATE, rule=rule) == [1]
        disarm = "UPDATE expert_rules SET rule_category = NULL, actions = '[]' WHERE id = %s"
        moves = (disarm, self.PAUSE, disarm, self.ACTIVATE)
        assert self.ask(world, world.carol, *moves, rule=rule) == ["23514", 1, 1, "23514"]
        # By way of the drafts, in another order, and by relabelling once more: the same.
        draft = "UPDATE expert_rules SET lifecycle = 'draft' WHERE id = %s"
        edge = "UPDATE expert_rules SET rule_category = 'edge_case' WHERE id = %s"
        assert self.ask(world, world.carol, draft, edge, self.ACTIVATE, rule=rule) == [1, 1, "23514"]
        # With a second coach it is in force without the label, and still nobody changes it alone.
        assert self.ask(world, world.dave, self.ACTIVATE, rule=rule) == [1]
        change = "UPDATE expert_rules SET actions = '[2]' WHERE id = %s"
        moves = (change, self.PAUSE, change, self.ACTIVATE)
        assert self.ask(world, world.carol, *moves, rule=rule) == ["23514", 1, 1, "23514"]

    def test_a_colleague_who_ranks_a_rule_relieves_nobody(self, world):
        rule = self.rule(world, "ranked")
        rank = "UPDATE expert_rules SET priority = 7 WHERE id = %s"
        assert self.ask(world, world.dave, rank, rule=rule) == [1]
        assert self.ask(world, world.carol, self.ACTIVATE, rule=rule) == ["23514"]
        assert self.ask(world, world.dave, self.ACTIVATE, rule=rule) == [1]

    def test_a_colleague_who_writes_as_well_relieves_nobody(self, world):
        rule = self.rule(world, "written by two")
        change = "UPDATE expert_rules SET actions = '[3]' WHERE id = %s"
        assert self.ask(world, world.dave, change, rule=rule) == [1]
        assert self.ask(world, world.carol, self.ACTIVATE, rule=rule) == ["23514"]
        assert self.ask(world, world.dave, self.ACTIVATE, rule=rule) == ["23514"]

    def test_what_another_coach_activated_may_be_activated_again(self, world):
        rule = self.rule(world, "paused for a day")
        assert self.ask(world, world.dave, self.ACTIVATE, rule=rule) == [1]
        assert self.ask(world, world.carol, self.PAUSE, self.ACTIVATE, self.PAUSE, rule=rule) == [1, 1, 1]
        # What Carol activated by herself relieves her of nothing that she writes afterwards.
        change = "UPDATE expert_rules SET conditions = '{\"a\": 1}' WHERE id = %s"
        assert self.ask(world, world.carol, change, self.ACTIVATE, rule=rule) == [1, "23514"]

    def test_what_one_activated_alone_does_not_count_once_it_is_a_safety_rule(self, world):
        rule = self.rule(world, "grown serious", category="performance")
        label = "UPDATE expert_rules SET rule_category = 'safety' WHERE id = %s"
        moves = (self.ACTIVATE, label, self.PAUSE, label, self.ACTIVATE)
        assert self.ask(world, world.carol, *moves, rule=rule) == [1, "23514", 1, 1, "23514"]

    def test_a_rule_keeps_its_key_and_with_it_its_log(self, world):
        rule = self.rule(world, "new key")
        move = "UPDATE expert_rules SET id = gen_random_uuid() WHERE id = %s"
        world.ask(world.carol, move, [rule], role="coach")
        assert self.ask(world, world.carol, self.ACTIVATE, rule=rule) == ["23514"]

    def test_nobody_signs_another_as_author(self, world):
        rule = world.ask(
            world.carol,
            "INSERT INTO expert_rules (name, conditions, actions, created_by) VALUES ('f', '{}', '[]', %s) RETURNING id",
            [world.dave],
            role="coach",
        )
        author = world.root.execute("SELECT created_by FROM expert_rules WHERE id = %s", [rule]).fetchone()
        assert author == (world.carol,)

    def test_every_change_is_logged_and_the_log_stays(self, world):
        rule = world.ask(world.carol, self.INSERT, ["logged", "performance"], role="coach")
        world.ask(
            world.carol, "UPDATE expert_rules SET lifecycle = 'active' WHERE id = %s", [rule], role="coach"
        )
        world.ask(world.dave, "UPDATE expert_rules SET priority = 70 WHERE id = %s", [rule], role="coach")
        assert world.ask(world.dave, "DELETE FROM expert_rules WHERE id = %s", [rule], role="coach") == 0
        log = world.root.execute(
            "SELECT action, changed_by FROM rule_audit_log WHERE rule_id = %s ORDER BY created_at", [rule]
        ).fetchall()
        assert log == [
            ("created", world.carol),
            ("activated", world.carol),
            ("modified", world.dave),
            ("deactivated", world.dave),
        ]
        retired = world.root.execute("SELECT lifecycle FROM expert_rules WHERE id = %s", [rule]).fetchone()
        assert retired == ("retired",)
        for sql in (
            "UPDATE rule_audit_log SET reason = 'x'",
            "DELETE FROM rule_audit_log",
            "TRUNCATE rule_audit_log",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                world.root.execute(sql)

    def test_any_change_raises_the_version(self, world):
        version = "SELECT version FROM data_versions WHERE name = 'rules'"
        before = world.root.execute(version).fetchone()[0]
        world.ask(world.carol, self.INSERT, ["counted", "performance"], role="coach")
        assert world.root.execute(version).fetchone()[0] > before
