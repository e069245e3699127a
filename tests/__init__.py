"""The tests of Ladder. Assertions in the modules that they share say what differs, too."""

import pytest

pytest.register_assert_rewrite("tests.adoption", "tests.edits", "tests.support")
